// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSurroundings
import SchedulingCore
import Synchronization

/// The service manager of a simulated host: holds timers, forgets them at a boot, and starts the program when one fires.
final class SimulatedWaker: Waker {
    /// Guarded by `state`.
    private struct State {
        var timers: [String: (instant: WallTime, alarm: any Alarm)] = [:]
        var generation = 1
        var count = 0
        var isEnabled = false
        var refusal: String?
    }
    private let state = Mutex(State())
    private let time: ManualTime
    private let onFire: @Sendable (String) -> Void
    private let isAlive: @Sendable (String) -> Bool

    init(
        time: ManualTime, onFire: @escaping @Sendable (String) -> Void, isAlive: @escaping @Sendable (String) -> Bool
    ) {
        self.time = time
        self.onFire = onFire
        self.isAlive = isAlive
    }

    /// The instants at which the program is started, in order.
    var armed: [WallTime] { state.withLock { $0.timers.values.map(\.instant).sorted() } }
    var isEnabled: Bool { state.withLock(\.isEnabled) }

    func refuse(_ reason: String?) { state.withLock { $0.refusal = reason } }

    func restart() {
        state.withLock { state in
            for timer in state.timers.values { timer.alarm.set(wall: nil, awake: nil) }
            state.timers = [:]
            state.generation += 1
        }
    }

    func backend() -> Backend { Backend(kind: .simulated, reason: "a simulated host") }
    func generation() -> String { state.withLock { "\($0.generation)" } }
    func prepare() throws(SchedulingFailure) { state.withLock { $0.isEnabled = true } }

    func arm(at instant: WallTime, now: Moment) throws(SchedulingFailure) -> ArmedWakeup {
        let (name, refusal) = state.withLock { state in
            state.count += 1
            return ("timer-\(state.count)", state.refusal)
        }
        if let refusal {
            throw SchedulingFailure(
                .busFailed, doing: "arm a wake-up of", subject: "the simulated host", cause: refusal,
                remedy: "Let the simulated manager work again.")
        }
        let alarm = time.makeAlarm { [weak self] in self?.fire(name) }
        state.withLock { $0.timers[name] = (instant, alarm) }
        alarm.set(wall: instant, awake: nil)
        return ArmedWakeup(name: name, instant: instant, generation: generation())
    }

    private func fire(_ name: String) {
        // A launch that dies before it arms anew is followed by another, a quarter of an hour later.
        let again = time.now().wall.advanced(by: .seconds(900))
        let isThere = state.withLock { state in
            guard let (instant, alarm) = state.timers[name] else { return false }
            // One that comes before its instant, because the clock was set, keeps that too.
            let next = instant > time.now().wall ? min(instant, again) : again
            state.timers[name] = (next, alarm)
            alarm.set(wall: next, awake: nil)
            return true
        }
        if isThere { onFire(name) }
    }

    /// The clock or the zone was set: systemd starts what waits for a timer then (systemd.timer(5), `OnClockChange=`,
    /// `OnTimezoneChange=`).
    func clockWasSet() {
        for name in state.withLock({ $0.timers.keys.sorted() }) where !isAlive(name) { fire(name) }
    }

    func disarm(_ name: String) {
        state.withLock { $0.timers.removeValue(forKey: name) }?.alarm.set(wall: nil, awake: nil)
    }

    func disarmAll(except kept: String?) {
        let gone = state.withLock { state in
            if kept == nil { state.isEnabled = false }
            let gone = state.timers.filter { $0.key != kept }
            state.timers = state.timers.filter { $0.key == kept }
            return gone
        }
        for timer in gone.values { timer.alarm.set(wall: nil, awake: nil) }
    }

    func isLaunching(_ name: String) -> Bool { isAlive(name) }
    func isArmed(_ name: String) -> Bool { state.withLock { $0.timers[name] != nil } }
}
