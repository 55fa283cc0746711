// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

#if os(Linux)
import BackgroundSurroundings
import CBackgroundLinux
import Dispatch
import Glibc
import Synchronization

/// One alarm: a timer of the kernel on the wall clock, one on the awake clock, and a thread of its own that waits for them
/// and calls the action.
///
/// A Dispatch timer wakes Dispatch's own thread, and that one another: twice what a sleeping processor takes to begin.
/// Nothing wakes the thread but its timers, which follow steps of the wall clock (timerfd_create(2),
/// "TFD_TIMER_ABSTIME"), and work of the program that blocks Dispatch's threads does not delay it.
final class KernelAlarm: Alarm {
    private let timers: AlarmTimers

    /// Nil when the process has no descriptors left.
    init?(_ action: @escaping @Sendable () -> Void) {
        guard let timers = AlarmTimers(action) else { return nil }
        self.timers = timers
    }

    deinit { timers.end() }

    func set(wall: WallTime?, awake: Int64?) { timers.set(wall: wall, awake: awake) }

    var hasOwnThread: Bool { true }
    func prepareThread() { timers.prepareThread() }
    func replaceThread() { timers.replaceThread() }

    /// A kernel that wakes a thread on the processor of its waker leaves it waiting until that one sleeps, though another
    /// processor is idle.
    func goOff(at now: Moment) {
        set(wall: nil, awake: now.awake)
        sched_yield()
    }

    func whenNear(_ action: @escaping @Sendable () -> Void) { timers.whenNear(action) }
}

/// What an alarm and its thread share; it lives as long as the longer of the two.
private final class AlarmTimers: Sendable {
    /// Guarded by `state`: what was set and did not go off yet, and the instants that the timers are set to (0: none). The
    /// timers are only told to look.
    private struct State {
        var deadlines = AlarmDeadlines()
        var wall: Int64 = 0
        var awake: Int64 = 0
        /// The number of the thread that waits now; 0: none yet. Another one ends when its action returns.
        var thread = 0
        var isEnded = false
        /// What is called a moment before a wall deadline.
        var near: (@Sendable () -> Void)?
    }
    private let state = Mutex(State())
    private let wallTimer: CInt
    private let awakeTimer: CInt
    /// Wakes the thread for its end.
    private let ending: CInt
    private let action: @Sendable () -> Void

    init?(_ action: @escaping @Sendable () -> Void) {
        self.action = action
        wallTimer = cbackground_open_timer(CLOCK_REALTIME)
        awakeTimer = cbackground_open_timer(CLOCK_MONOTONIC)
        ending = cbackground_open_counter()
        if wallTimer < 0 || awakeTimer < 0 || ending < 0 { return nil }
    }

    deinit {
        for descriptor in [wallTimer, awakeTimer, ending] where descriptor >= 0 { close(descriptor) }
    }

    func set(wall: WallTime?, awake: Int64?) {
        state.withLock { state in
            state.deadlines.set(wall: wall, awake: awake)
            schedule(&state)
        }
        if wall != nil || awake != nil { prepareThread() }
    }

    func prepareThread() {
        let needsThread = state.withLock { state in
            defer { state.thread = max(state.thread, 1) }
            return state.thread == 0
        }
        if needsThread { startThread() }
    }

    func whenNear(_ action: @escaping @Sendable () -> Void) { state.withLock { $0.near = action } }

    func replaceThread() {
        state.withLock { $0.thread += 1 }
        startThread()
    }

    func end() {
        state.withLock { $0.isEnded = true }
        _ = cbackground_count(ending)
    }

    /// Sets the timers that are set to something else. With the mutex held.
    private func schedule(_ state: inout State) {
        // Never 0 for a deadline: that would unset the timer.
        let wall =
            (state.near == nil
                ? state.deadlines.wall.map { AlarmDeadlines.timerInstant($0.microseconds) }
                : state.deadlines.wallTimer(leadingAt: .reading())) ?? 0
        let awake = state.deadlines.awake.map { AlarmDeadlines.timerInstant($0) } ?? 0
        if wall != state.wall { _ = cbackground_set_timer(wallTimer, wall) }
        if awake != state.awake { _ = cbackground_set_timer(awakeTimer, awake) }
        state.wall = wall
        state.awake = awake
    }

    // MARK: The thread

    private func startThread() {
        let itself = Unmanaged.passRetained(self)
        var thread = pthread_t()
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        pthread_attr_setdetachstate(&attributes, CInt(PTHREAD_CREATE_DETACHED))
        // The program's signals belong to the program's threads; a thread begins with its maker's mask.
        var all = sigset_t()
        var before = sigset_t()
        sigfillset(&all)
        pthread_sigmask(SIG_SETMASK, &all, &before)
        let result = pthread_create(
            &thread, &attributes,
            { context in
                guard let context else { return nil }
                Unmanaged<AlarmTimers>.fromOpaque(context).takeRetainedValue().wait()
                return nil
            }, itself.toOpaque())
        pthread_sigmask(SIG_SETMASK, &before, nil)
        pthread_attr_destroy(&attributes)
        guard result != 0 else { return }
        itself.release()
        // No thread to be had now. Dispatch tries until there is one.
        DispatchQueue(label: "background.alarm").async { self.wait() }
    }

    /// Until the end of the alarm.
    private func wait() {
        var watched = [wallTimer, awakeTimer, ending].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        let mine = state.withLock(\.thread)
        while true {
            _ = poll(&watched, nfds_t(watched.count), -1)
            let calls = state.withLock { $0.isEnded || $0.thread != mine ? nil : look(&$0) }
            guard let calls else { return }
            calls.call?()
            if state.withLock({ $0.thread != mine }) { return }
        }
    }

    /// A timer fired. It is believed only as far as the clocks agree: it may have been set for an earlier deadline, for
    /// an instant nearer than the true one (`AlarmDeadlines.furthest`), or the clock may have been stepped back since.
    private func look(_ state: inout State) -> Look {
        let isWall = cbackground_take_count(wallTimer) > 0
        if isWall { state.wall = 0 }
        if cbackground_take_count(awakeTimer) > 0 { state.awake = 0 }
        let now = Moment.reading()
        // One that goes off is set anew soon; a timer that is left over until then finds nothing to believe.
        if state.deadlines.take(at: now) { return Look(call: action) }
        schedule(&state)
        return Look(call: isWall && state.deadlines.isNear(at: now) ? state.near : nil)
    }

    /// What a look finds to be called.
    private struct Look {
        var call: (@Sendable () -> Void)?
    }
}
#endif
