// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSurroundings
import Dispatch
import Synchronization

/// The machine's clocks, and alarms on them.
package struct SystemClocks: TimeSource {
    private let usesDispatch: Bool

    /// `usesDispatch`: alarms as in a process that gets no timers of the kernel.
    package init(usesDispatch: Bool = false) { self.usesDispatch = usesDispatch }

    package func now() -> Moment { .reading() }

    package func makeAlarm(_ action: @escaping @Sendable () -> Void) -> any Alarm {
        (usesDispatch ? nil : KernelAlarm(action)) ?? DispatchAlarm(action)
    }
}

/// One alarm: a Dispatch timer on the wall clock and one on the awake clock, both on a queue of its own. Where the kernel
/// gives no timers of one's own (`KernelAlarm`).
///
/// On Linux, Dispatch keeps wall timers on an absolute CLOCK_REALTIME timerfd, so they follow steps of the clock
/// (timerfd_create(2), "TFD_TIMER_ABSTIME"), and an idle process blocks in `epoll_wait` without a timeout.
///
/// State: `deadlines`, guarded by its mutex, is what was set and did not go off yet; the timers are only told to look.
/// The action runs outside the mutex, so it may set the alarm again; an action that has begun when `set` is called
/// still ends, so the receiver must be able to bear one alarm that it no longer wants.
final class DispatchAlarm: Alarm {
    private let deadlines = Mutex(AlarmDeadlines())
    // Dispatch objects may be used from every thread (dispatch_object(3)); the overlay's protocols only do not say so.
    private nonisolated(unsafe) let wallTimer: any DispatchSourceTimer
    private nonisolated(unsafe) let awakeTimer: any DispatchSourceTimer

    init(_ action: @escaping @Sendable () -> Void) {
        // A serial queue without a target is served by the overcommitting pool: work of the program that blocks every
        // other pool thread does not delay the alarm.
        let queue = DispatchQueue(label: "background.alarm")
        wallTimer = DispatchSource.makeTimerSource(flags: .strict, queue: queue)
        awakeTimer = DispatchSource.makeTimerSource(flags: .strict, queue: queue)
        for timer in [wallTimer, awakeTimer] {
            timer.setEventHandler { [weak self] in self?.look(then: action) }
            timer.schedule(deadline: .distantFuture)
            timer.activate()
        }
    }

    deinit {
        wallTimer.cancel()
        awakeTimer.cancel()
    }

    func set(wall: WallTime?, awake: Int64?) {
        deadlines.withLock { deadlines in
            deadlines.set(wall: wall, awake: awake)
            schedule(deadlines)
        }
    }

    /// A timer fired. It is believed only as far as the clocks agree: it may have been set for an earlier deadline, for
    /// an instant nearer than the true one (`AlarmDeadlines.furthest`), or the clock may have been stepped back since.
    private func look(then action: @Sendable () -> Void) {
        let goesOff = deadlines.withLock { deadlines in
            let goesOff = deadlines.take(at: .reading())
            // One that goes off is set anew soon; a timer that is left over until then finds nothing to believe.
            if !goesOff { schedule(deadlines) }
            return goesOff
        }
        if goesOff { action() }
    }

    /// Called with the mutex held, so that the timers show the last setting.
    private func schedule(_ deadlines: borrowing AlarmDeadlines) {
        // No instant that Dispatch cannot hold is ever handed to it: see `timerInstant`.
        if let wall = deadlines.wall {
            let instant = DispatchWallTime(microseconds: AlarmDeadlines.timerInstant(wall.microseconds))
            wallTimer.schedule(wallDeadline: instant, leeway: .nanoseconds(0))
        } else {
            wallTimer.schedule(deadline: .distantFuture)
        }
        if let awake = deadlines.awake {
            let nanoseconds = UInt64(AlarmDeadlines.timerInstant(awake)) * 1_000
            awakeTimer.schedule(deadline: DispatchTime(uptimeNanoseconds: nanoseconds), leeway: .nanoseconds(0))
        } else {
            awakeTimer.schedule(deadline: .distantFuture)
        }
    }
}
