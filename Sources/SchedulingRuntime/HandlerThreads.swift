// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Dispatch
import Foundation
import Synchronization

/// The threads on which a runner's handlers of no queue and no actor are called, beside each other.
///
/// One thread calls one after the other while they are quick. A second one, the relief, looks whether it gets on, and takes
/// its place where a handler keeps it: then what waits is called within half a millisecond. To wake a thread for each costs
/// more than to call one that does little, and threads that meet at every lock are slower than one of them. Each thread
/// serves a serial queue of its own, for the reason that `HandlerPlace` gives.
final class HandlerThreads: Sendable {
    typealias Body = @Sendable () -> Void

    /// Guarded by `state`.
    private struct State {
        var waiting: ArraySlice<Body> = []
        /// What was left for whoever finds that nothing waits.
        var leftover: Body?
        /// How many threads call handlers, or were woken for it, and how many handlers they began.
        var callers = 0
        var begun = 0
        /// The relief is on duty, or was woken for it.
        var hasRelief = false
        /// Queues that no thread serves now.
        var idle: [DispatchQueue] = []

        var hasWork: Bool { !waiting.isEmpty || leftover != nil }

        /// Whether the relief is to be woken now.
        mutating func needsRelief() -> Bool {
            guard hasWork, !hasRelief else { return false }
            hasRelief = true
            return true
        }
    }
    private let state = Mutex(State())
    private let key = DispatchSpecificKey<Bool>()

    /// Calls `body` soon.
    func start(_ body: @escaping Body) {
        let (isFirst, needsRelief) = state.withLock { state in
            state.waiting.append(body)
            guard state.callers > 0 else {
                state.callers = 1
                return (true, false)
            }
            return (false, state.needsRelief())
        }
        if isFirst { wake { $0.call() } }
        if needsRelief { wake { $0.relieve() } }
    }

    /// Leaves `body` for when no handler waits: once, however often it is left. False where none waits, or the caller is
    /// on no thread of these: then it is to be done at once. However long handlers take, a thread comes to it.
    func leave(_ body: @escaping Body) -> Bool {
        guard DispatchQueue.getSpecific(key: key) ?? false else { return false }
        return state.withLock { state in
            // Who does it at once does it for those who left it, too.
            state.leftover = state.waiting.isEmpty ? nil : body
            return state.leftover != nil
        }
    }

    private func wake(_ work: @escaping @Sendable (HandlerThreads) -> Void) {
        let queue = state.withLock { $0.idle.popLast() } ?? makeQueue()
        queue.async {
            work(self)
            self.state.withLock { $0.idle.append(queue) }
        }
    }

    private func makeQueue() -> DispatchQueue {
        let queue = DispatchQueue(label: "background.task")
        queue.setSpecific(key: key, value: true)
        return queue
    }

    // MARK: On a thread

    /// Calls what waits until nothing does.
    private func call() {
        while true {
            let (body, needsRelief) = state.withLock { state -> (Body?, Bool) in
                guard let body = state.waiting.popFirst() ?? state.leftover.take() else {
                    state.callers -= 1
                    return (nil, false)
                }
                state.begun += 1
                return (body, state.needsRelief())
            }
            if needsRelief { wake { $0.relieve() } }
            guard let body else { return }
            body()
        }
    }

    /// Looks whether the others get on; calls what waits itself if they do not. Off duty after a while without work.
    private func relieve() {
        var seen = state.withLock(\.begun)
        var isCaller = false
        var quiet = 0
        while !isCaller, quiet < 10 {
            usleep(200)
            isCaller = state.withLock { state in
                quiet = state.hasWork ? 0 : quiet + 1
                let isHeldUp = state.hasWork && state.begun == seen
                seen = state.begun
                if isHeldUp { state.callers += 1 }
                if isHeldUp || quiet == 10 { state.hasRelief = false }
                return isHeldUp
            }
        }
        if isCaller { call() }
    }
}
