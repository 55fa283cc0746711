// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSurroundings
import Dispatch
import Synchronization

/// Clocks that a test moves: all together, or the wall clock alone, as somebody does who sets it. Counts how often it is set
/// what is to be woken.
final class SteppedClocks: TimeSource {
    private struct State {
        var now = Moment(wall: WallTime(microseconds: 1_800_000_000_000_000), boot: 5_000_000, awake: 5_000_000)
        var next = 0
        var alarms: [Int: (wall: WallTime?, awake: Int64?, action: @Sendable () -> Void)] = [:]
        var watchers: [Int: @Sendable () -> Void] = [:]
        var settings = 0
    }
    private let state = Mutex(State())

    func now() -> Moment { state.withLock(\.now) }

    /// How often an alarm was set since the last look.
    var settings: Int {
        state.withLock { state in
            defer { state.settings = 0 }; return state.settings
        }
    }

    func makeAlarm(_ action: @escaping @Sendable () -> Void) -> any Alarm {
        let id = state.withLock { state in
            state.next += 1
            state.alarms[state.next] = (nil, nil, action)
            return state.next
        }
        return SteppedAlarm(id: id, clocks: self)
    }

    func watchSettings(_ onSet: @escaping @Sendable () -> Void) -> (any Sendable & AnyObject)? {
        let id = state.withLock { state in
            state.next += 1
            state.watchers[state.next] = onSet
            return state.next
        }
        return Token { [weak self] in _ = self?.state.withLock { $0.watchers.removeValue(forKey: id) } }
    }

    /// Time passes.
    func advance(by duration: Duration) {
        move { now in
            now.wall = now.wall.advanced(by: duration)
            now.boot += duration.clampedMicroseconds
            now.awake += duration.clampedMicroseconds
        }
    }

    /// Somebody sets the wall clock. What is due by it goes off first, as a real alarm may, and then its watchers hear of it.
    func set(to wall: WallTime) {
        move { $0.wall = wall }
        let watchers = state.withLock { state in state.watchers.sorted { $0.key < $1.key }.map(\.value) }
        for watcher in watchers { watcher() }
    }

    private func move(_ change: (inout Moment) -> Void) {
        let due = state.withLock { state in
            change(&state.now)
            var due: [@Sendable () -> Void] = []
            for (id, alarm) in state.alarms.sorted(by: { $0.key < $1.key })
            where alarm.wall.map({ $0 <= state.now.wall }) == true || alarm.awake.map({ $0 <= state.now.awake }) == true
            {
                state.alarms[id] = (nil, nil, alarm.action)
                due.append(alarm.action)
            }
            return due
        }
        for action in due { action() }
    }

    private final class Token: Sendable {
        private let onEnd: @Sendable () -> Void
        init(onEnd: @escaping @Sendable () -> Void) { self.onEnd = onEnd }
        deinit { onEnd() }
    }

    private struct SteppedAlarm: Alarm {
        let id: Int
        let clocks: SteppedClocks

        func set(wall: WallTime?, awake: Int64?) {
            let due: (@Sendable () -> Void)? = clocks.state.withLock { state in
                guard let alarm = state.alarms[id] else { return nil }
                if wall != nil || awake != nil { state.settings += 1 }
                let isDue = wall.map { $0 <= state.now.wall } == true || awake.map { $0 <= state.now.awake } == true
                state.alarms[id] = isDue ? (nil, nil, alarm.action) : (wall, awake, alarm.action)
                return isDue ? alarm.action : nil
            }
            // Not on the thread of who sets it, which may hold a lock.
            if let due { DispatchQueue.global().async(execute: due) }
        }
    }
}
