// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import SchedulingRuntime

/// What one handler is going to do.
struct HandlerPlan: Sendable, CustomStringConvertible {
    /// Nil: it never completes by itself.
    var duration: Int64?
    var end = HandlerRun.End.success
    var hearsExpiration = true
    /// How long it takes to complete when it is told to stop; nil: it goes on.
    var reaction: Int64? = 0
    var endWhenTold = HandlerRun.End.failure
    var submitsAtOnce = false
    var submitsAtTheEnd = false
    var cancelsItself = false

    init(_ random: inout SeededRandom, isCalm: Bool) {
        if isCalm {
            duration = Int64(random.below(3)) * 1_000_000
            return
        }
        switch random.below(12) {
        case 0: duration = nil
        case 1: duration = Int64(random.below(1200)) * 1_000_000
        case 2, 3, 4: duration = 0
        default: duration = 1 + Int64(random.below(20_000_000))
        }
        if random.chance(250) {
            end = random.chance(300) ? .retry(Int64(random.below(600)) * 1_000_000) : .failure
        }
        hearsExpiration = !random.chance(150)
        reaction = [0, 0, 0, 1_000_000, 3_000_000, 30_000_000, nil][random.below(7)]
        if random.chance(200) { endWhenTold = .success } else if random.chance(100) { endWhenTold = .retry(45_000_000) }
        submitsAtOnce = random.chance(150)
        submitsAtTheEnd = random.chance(200)
        cancelsItself = random.chance(20)
    }

    var description: String {
        "for \(duration.map(String.init) ?? "ever"), \(end)"
            + (hearsExpiration ? ", stops after \(reaction.map(String.init) ?? "never")" : ", is deaf")
    }
}

/// The continuation of one async handler; it is resumed once.
final class ContinuationBox: @unchecked Sendable {
    // Reason: as `World`.
    private var continuation: CheckedContinuation<Void, any Error>?
    private var result: HandlerRun.End?

    func set(_ new: CheckedContinuation<Void, any Error>) {
        if let result { resume(new, result) } else { continuation = new }
    }

    func finish(_ end: HandlerRun.End) {
        guard result == nil else { return }
        result = end
        if let waiting = continuation.take() { resume(waiting, end) }
    }

    private func resume(_ continuation: CheckedContinuation<Void, any Error>, _ end: HandlerRun.End) {
        switch end {
        case .success: continuation.resume()
        case .failure: continuation.resume(throwing: CancellationError())
        case .retry(let delay): continuation.resume(throwing: TaskRetry(after: .microseconds(delay)))
        }
    }
}
