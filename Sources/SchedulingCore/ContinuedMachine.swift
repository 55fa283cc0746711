// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSurroundings

/// Decides what becomes of continued tasks: work that a user's action started in this process, and that ends with it.
///
/// They run at once or queue. One that makes no progress is expired: soon when others wait, later when nobody does.
package struct ContinuedMachine: Sendable {
    package struct Request: Hashable, Sendable {
        /// Never the same twice in a process.
        package var number: Int64
        package var identifier: String
        /// Whether it waits for its turn; else it runs at once or is refused.
        package var queues: Bool

        package init(number: Int64, identifier: String, queues: Bool) {
            self.number = number
            self.identifier = identifier
            self.queues = queues
        }
    }

    package enum Input: Sendable {
        case submitted(Request)
        /// The handler reported progress.
        case progressed(Int64)
        case completed(Int64, failure: String?)
        case stopAsked(identifier: String?, ExpirationReason)
        /// The process is about to end.
        case stopping(ExpirationReason)
        case timeReached
    }

    package enum Effect: Hashable, Sendable {
        case start(Request)
        case refuse(Request)
        case expire(Int64, ExpirationReason)
        case end(Request, Outcome, ExpirationReason?, detail: String)
        /// On the awake clock, in microseconds.
        case setAlarm(Int64?)
    }

    /// How many run at once.
    package static let limit = 3
    /// A run without progress is expired after this long, or, when others wait for its place, after `patienceInQueue`.
    package static let patience: Duration = .seconds(300)
    package static let patienceInQueue: Duration = .seconds(60)

    struct Run: Sendable {
        enum Phase: Sendable {
            case running(lastProgress: Int64)
            case expiring(ExpirationReason, graceEnd: Int64)
        }
        var request: Request
        var phase: Phase
    }

    var runs: [Int64: Run] = [:]
    var queue: [Request] = []
    var isStopping = false
    let grace: Duration

    package init(grace: Duration) { self.grace = grace }

    package var queued: [String] { queue.map(\.identifier) }
    package var isIdle: Bool { runs.isEmpty && queue.isEmpty }

    package mutating func handle(_ input: Input, at now: Moment) -> [Effect] {
        var effects: [Effect]
        switch input {
        case .submitted(let request): effects = submitted(request)
        case .progressed(let number):
            if case .running = runs[number]?.phase { runs[number]?.phase = .running(lastProgress: now.awake) }
            effects = []
        case .completed(let number, let failure): effects = completed(number, failure)
        case .stopAsked(let identifier, let reason): effects = stop(identifier, reason, now)
        case .stopping(let reason):
            isStopping = true
            effects = stop(nil, reason, now)
        case .timeReached: effects = timeReached(now)
        }
        effects += startQueued(now)
        effects.append(.setAlarm(alarm()))
        return effects
    }

    private func canStart(_ request: Request) -> Bool {
        runs.count < ContinuedMachine.limit && !runs.values.contains { $0.request.identifier == request.identifier }
    }

    private mutating func submitted(_ request: Request) -> [Effect] {
        guard !isStopping, request.queues || canStart(request) else { return [.refuse(request)] }
        var effects: [Effect] = []
        if let index = queue.firstIndex(where: { $0.identifier == request.identifier }) {
            effects.append(.end(queue.remove(at: index), .replaced, nil, detail: ""))
        }
        queue.append(request)
        return effects
    }

    private mutating func startQueued(_ now: Moment) -> [Effect] {
        var effects: [Effect] = []
        while !isStopping, let index = queue.firstIndex(where: canStart) {
            let request = queue.remove(at: index)
            runs[request.number] = Run(request: request, phase: .running(lastProgress: now.awake))
            effects.append(.start(request))
        }
        return effects
    }

    private mutating func completed(_ number: Int64, _ failure: String?) -> [Effect] {
        guard let run = runs.removeValue(forKey: number) else { return [] }
        guard let failure else { return [.end(run.request, .succeeded, nil, detail: "")] }
        switch run.phase {
        case .running: return [.end(run.request, .failed, nil, detail: failure)]
        case .expiring(let reason, _): return [.end(run.request, outcome(reason), reason, detail: failure)]
        }
    }

    /// There is no other launch in which it could go on, so that a cut is its end.
    private func outcome(_ reason: ExpirationReason) -> Outcome { reason == .cancelled ? .cancelled : .expired }

    private mutating func stop(_ identifier: String?, _ reason: ExpirationReason, _ now: Moment) -> [Effect] {
        let gone = queue.filter { identifier == nil || $0.identifier == identifier }
        queue.removeAll { identifier == nil || $0.identifier == identifier }
        let told = runs.filter { identifier == nil || $0.value.request.identifier == identifier }.keys.sorted()
        return gone.map { .end($0, outcome(reason), reason, detail: "before it started") }
            + told.flatMap { expire($0, reason, now) }
    }

    private mutating func expire(_ number: Int64, _ reason: ExpirationReason, _ now: Moment) -> [Effect] {
        guard case .running = runs[number]?.phase else { return [] }
        runs[number]?.phase = .expiring(reason, graceEnd: now.awake + grace.clampedMicroseconds)
        return [.expire(number, reason)]
    }

    private var allowance: Duration {
        queue.isEmpty ? ContinuedMachine.patience : ContinuedMachine.patienceInQueue
    }

    private mutating func timeReached(_ now: Moment) -> [Effect] {
        var effects: [Effect] = []
        for (number, run) in runs.sorted(by: { $0.key < $1.key }) {
            guard case .expiring(let reason, let graceEnd) = run.phase, graceEnd <= now.awake else { continue }
            runs[number] = nil
            effects.append(
                .end(run.request, outcome(reason), reason, detail: "did not complete in the time it had to stop"))
        }
        // The one that has stood still the longest goes first, and while others wait only as many as they need.
        var needed = queue.isEmpty ? Int.max : queue.count
        for (number, last) in lastProgress.sorted(by: { ($0.1, $0.0) < ($1.1, $1.0) }) {
            guard needed > 0, last + allowance.clampedMicroseconds <= now.awake else { break }
            effects += expire(number, .stalled, now)
            needed -= 1
        }
        return effects
    }

    private var lastProgress: [(Int64, Int64)] {
        runs.compactMap { number, run in
            if case .running(let last) = run.phase { (number, last) } else { nil }
        }
    }

    private func alarm() -> Int64? {
        runs.values.map { run in
            switch run.phase {
            case .running(let last): last + allowance.clampedMicroseconds
            case .expiring(_, let graceEnd): graceEnd
            }
        }.min()
    }
}
