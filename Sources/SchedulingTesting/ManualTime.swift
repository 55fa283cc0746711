// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSurroundings
import Foundation
import SchedulingRuntime
import Synchronization

/// Three clocks that move only when a test says so.
///
/// A `TestScheduler` moves them; handlers under test sleep with `sleep(for:)` instead of the real clocks.
public final class ManualTime: Sendable {
    /// Guarded by `state`: the readings, and who waits for which.
    private struct State {
        var now: Moment
        var nextID = 0
        var alarms: [Int: ManualAlarm.Setting] = [:]
        var sleepers: [Int: Sleeper] = [:]
        var settingWatchers: [Int: @Sendable () -> Void] = [:]
    }

    private struct Sleeper {
        var deadline: Int64
        var executor: CountingExecutor?
        var continuation: CheckedContinuation<Void, any Error>
    }

    private let state: Mutex<State>

    /// Clocks that read the given date, on a host that booted an hour earlier.
    public init(date: Date = Date(timeIntervalSince1970: 1_767_225_600)) {
        let hour: Int64 = 3_600_000_000
        state = Mutex(State(now: Moment(wall: WallTime(date) ?? .epoch, boot: hour, awake: hour)))
    }

    /// What the wall clock reads.
    public var date: Date { Date(now().wall) }

    // MARK: Sleeping

    /// Waits until the awake clock has moved by `duration`. Throws `CancellationError` when the task is cancelled.
    public func sleep(for duration: Duration) async throws {
        let executor = CountingExecutor.ofThisThread
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                let isCancelled = state.withLock { state in
                    guard !Task.isCancelled else { return true }
                    state.sleepers[id] = Sleeper(
                        deadline: state.now.awake &+ duration.clampedMicroseconds, executor: executor,
                        continuation: continuation)
                    return false
                }
                if isCancelled { continuation.resume(throwing: CancellationError()) }
            }
        } onCancel: {
            let sleeper = state.withLock { $0.sleepers.removeValue(forKey: id) }
            sleeper?.continuation.resume(throwing: CancellationError())
        }
    }

    /// Whether a sleeper that was registered on this executor is waiting.
    func hasSleeper(on executor: CountingExecutor) -> Bool {
        state.withLock { $0.sleepers.values.contains { $0.executor === executor } }
    }

    /// How many sleepers wait, on whatever executor.
    public var sleeperCount: Int { state.withLock(\.sleepers.count) }

    // MARK: Moving

    /// Moves all clocks to the next instant at which somebody waits, but not beyond `limit` on the boot clock; returns what
    /// is to be called there, or nil if nobody waits until then (the clocks are at the limit).
    func step(until limit: Int64) -> (@Sendable () -> Void)? {
        state.withLock { state in
            // In order of time, then of setting: the same test takes the same way each time.
            var best: (delta: Int64, id: Int, isAlarm: Bool)?
            func offer(_ delta: Int64, _ id: Int, _ isAlarm: Bool) {
                let delta = max(0, delta)
                if let found = best, (found.delta, found.id) <= (delta, id) { return }
                best = (delta, id, isAlarm)
            }
            for alarm in state.alarms.values {
                if let wall = alarm.wall {
                    offer(state.now.wall.distance(to: wall).clampedMicroseconds, alarm.order, true)
                }
                if let awake = alarm.awake { offer(awake - state.now.awake, alarm.order, true) }
            }
            for (id, sleeper) in state.sleepers { offer(sleeper.deadline - state.now.awake, id, false) }
            guard let best, best.delta <= limit - state.now.boot else {
                state.now.move(by: limit - state.now.boot)
                return nil
            }
            state.now.move(by: best.delta)
            if best.isAlarm {
                guard let id = state.alarms.first(where: { $0.value.order == best.id })?.key,
                    let setting = state.alarms.removeValue(forKey: id)
                else { return {} }
                return setting.action
            }
            guard let sleeper = state.sleepers.removeValue(forKey: best.id) else { return {} }
            return { sleeper.continuation.resume() }
        }
    }

    /// Moves the wall clock alone: somebody set it. Whoever watches hears of it.
    func stepWallClock(by duration: Duration) {
        let watchers = state.withLock { state in
            state.now.wall = state.now.wall.advanced(by: duration)
            return state.settingWatchers
        }
        for (_, watcher) in watchers.sorted(by: { $0.key < $1.key }) { watcher() }
    }

    /// Moves the wall and the boot clock, not the awake one: the host slept.
    func sleepHost(for duration: Duration) {
        state.withLock { state in
            state.now.wall = state.now.wall.advanced(by: duration)
            state.now.boot += duration.clampedMicroseconds
        }
    }

    /// The clocks after a boot; whoever waited is gone.
    func reboot(downFor duration: Duration) {
        let sleepers = state.withLock { state in
            state.now = Moment(wall: state.now.wall.advanced(by: duration), boot: 1_000_000, awake: 1_000_000)
            state.alarms = [:]
            state.settingWatchers = [:]
            defer { state.sleepers = [:] }
            return state.sleepers
        }
        for sleeper in sleepers.values { sleeper.continuation.resume(throwing: CancellationError()) }
    }

    fileprivate func set(_ id: Int, _ setting: ManualAlarm.Setting?) {
        state.withLock { state in
            guard var setting else { return state.alarms[id] = nil }
            state.nextID += 1
            setting.order = state.nextID
            state.alarms[id] = setting
        }
    }
}

extension Moment {
    fileprivate mutating func move(by microseconds: Int64) {
        wall = wall.advanced(by: .microseconds(microseconds))
        boot += microseconds
        awake += microseconds
    }
}

extension ManualTime: TimeSource {
    package func now() -> Moment { state.withLock(\.now) }

    package func makeAlarm(_ action: @escaping @Sendable () -> Void) -> any Alarm {
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        return ManualAlarm(id: id, time: self, action: action)
    }

    package func watchSettings(_ onSet: @escaping @Sendable () -> Void) -> (any Sendable & AnyObject)? {
        let id = state.withLock { state in
            state.nextID += 1
            state.settingWatchers[state.nextID] = onSet
            return state.nextID
        }
        return Token { [weak self] in _ = self?.state.withLock { $0.settingWatchers.removeValue(forKey: id) } }
    }

    private final class Token: Sendable {
        private let onEnd: @Sendable () -> Void
        init(onEnd: @escaping @Sendable () -> Void) { self.onEnd = onEnd }
        deinit { onEnd() }
    }
}

/// An alarm on `ManualTime`.
struct ManualAlarm: Alarm {
    struct Setting {
        var wall: WallTime?
        var awake: Int64?
        var action: @Sendable () -> Void
        var order = 0
    }

    let id: Int
    let time: ManualTime
    let action: @Sendable () -> Void

    func set(wall: WallTime?, awake: Int64?) {
        guard wall != nil || awake != nil else { return time.set(id, nil) }
        time.set(id, Setting(wall: wall, awake: awake, action: action))
    }
}
