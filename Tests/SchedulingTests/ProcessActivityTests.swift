// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Scheduling
import Synchronization
import Testing

@Suite("Activities of a process, and the locks they hold")
struct ProcessActivityTests {
    /// A logind that grants what it is told to.
    final class Logind: InhibitorPort {
        struct State {
            var held: [String] = []
            var grants = true
            var isThere = true
            var standing: [HostEvent] = []
            var listener: (@Sendable (HostEvent) -> Void)?
        }
        let state = Mutex(State())

        var held: [String] { state.withLock { $0.held.sorted() } }

        func announce(_ event: HostEvent) { state.withLock(\.listener)?(event) }

        func listen(_ onEvent: @escaping @Sendable (HostEvent) -> Void) -> [HostEvent] {
            state.withLock { state in
                state.listener = onEvent
                return state.standing
            }
        }

        func inhibit(_ kinds: [Inhibition], why: String) -> InhibitorAnswer {
            state.withLock { state in
                guard state.isThere else { return InhibitorAnswer(refusals: ["nobody is there"]) }
                guard state.grants else { return InhibitorAnswer(refusals: ["not you"], wasDenied: true) }
                return InhibitorAnswer(
                    held: kinds.map { kind in
                        let name = "\(kind.rawValue) \(why)"
                        state.held.append(name)
                        return Lock { [self] in self.state.withLock { $0.held.removeAll { $0 == name } } }
                    })
            }
        }

        final class Lock: HeldInhibitor {
            let onRelease: @Sendable () -> Void
            init(_ onRelease: @escaping @Sendable () -> Void) { self.onRelease = onRelease }
            func release() { onRelease() }
        }
    }

    let logind = Logind()
    let diary = Diary()
    let activities: ProcessActivities

    init() {
        activities = ProcessActivities(host: ActivityHost(logind)) { [diary] in diary.note($0) }
    }

    /// Performs an expiring activity whose work waits for `release`, and returns what it calls the block with.
    func perform() -> (calls: AsyncStream<Bool>, release: DispatchSemaphore) {
        let (calls, told) = AsyncStream<Bool>.makeStream()
        let release = DispatchSemaphore(value: 0)
        activities.performExpiring(reason: "saving") { expired in
            told.yield(expired)
            if !expired { release.wait() }
            told.yield(expired)
        }
        return (calls, release)
    }

    @Test("options hold what they name, with Apple's bits")
    func options() {
        typealias Options = ProcessInfo.ActivityOptions
        #expect(Options.userInitiated.inhibitions == [.sleep, .shutdown, .idle])
        #expect(Options.userInteractive.inhibitions == [.sleep, .shutdown, .idle])
        #expect(Options.userInitiatedAllowingIdleSystemSleep.inhibitions == [.shutdown])
        #expect(Options.idleSystemSleepDisabled.inhibitions == [.sleep, .idle])
        #expect(Options.suddenTerminationDisabled.inhibitions == [.shutdown])
        #expect(Options.idleDisplaySleepDisabled.inhibitions == [.idle])
        let others: [Options] = [
            [], .background, .automaticTerminationDisabled, .latencyCritical, .animationTrackingEnabled,
            .trackingEnabled,
        ]
        for option in others { #expect(option.inhibitions.isEmpty) }
        #expect(Options.userInitiated.contains([.suddenTerminationDisabled, .automaticTerminationDisabled]))
        #expect(Options.userInteractive.rawValue == 0xFF_00FF_FFFF)
    }

    @Test("an activity holds its locks until it is ended, twice is once, and each has its own")
    func beginAndEnd() {
        let one = activities.begin([.sleep, .idle], reason: "one")
        let other = activities.begin([.sleep], reason: "other")
        #expect(logind.held == ["idle one", "sleep one", "sleep other"])
        one.end()
        one.end()
        #expect(logind.held == ["sleep other"])
        other.end()
        #expect(logind.held.isEmpty)
    }

    @Test("an activity that is let go lets its locks go")
    func letGo() {
        _ = activities.begin([.sleep], reason: "forgotten")
        #expect(logind.held.isEmpty)
    }

    @Test("what is refused is said once, and the activity goes on; without a reason it still has one")
    func refused() {
        withExtendedLifetime(activities.begin([.sleep], reason: "")) { #expect(logind.held.count == 1) }
        logind.state.withLock { $0.grants = false }
        activities.begin([.sleep], reason: "a").end()
        activities.begin([.sleep], reason: "b").end()
        #expect(diary.all == ["The host does not wait for activities: not you"])
    }

    @Test("the calls of ProcessInfo work on any host; a foreign object and a second end are without effect")
    func processInfo() {
        let info = ProcessInfo.processInfo
        let activity = info.beginActivity(reason: "nothing to hold")
        info.endActivity(activity)
        info.endActivity(activity)
        info.endActivity(NSObject())
        var ran = false
        info.performActivity(options: .background, reason: "nothing to hold") { ran = true }
        #expect(ran)
    }

    @Test("expiring work is called with false, and holds both locks until it is done")
    func expiring() async {
        let (calls, release) = perform()
        var iterator = calls.makeAsyncIterator()
        #expect(await iterator.next() == false)
        #expect(logind.held == ["shutdown saving", "sleep saving"])
        release.signal()
        #expect(await iterator.next() == false)
    }

    @Test(
        "the host's announcement calls it with true while the work goes on; a second one does not",
        arguments: [HostEvent.willSleep(grace: .seconds(5)), .willShutDown(grace: .seconds(5)), .stopRequested])
    func expired(event: HostEvent) async {
        let (calls, release) = perform()
        var iterator = calls.makeAsyncIterator()
        #expect(await iterator.next() == false)
        logind.announce(.didWake)
        logind.announce(event)
        logind.announce(event)
        #expect(await iterator.next() == true)
        #expect(await iterator.next() == true)
        #expect(logind.held == ["shutdown saving", "sleep saving"])
        release.signal()
        #expect(await iterator.next() == false)
    }

    @Test("it is called with true only when the host goes already, and with false again after it woke")
    func announcedBefore() async {
        logind.state.withLock { $0.standing = [.willSleep(grace: .seconds(5))] }
        let (calls, _) = perform()
        var iterator = calls.makeAsyncIterator()
        #expect(await iterator.next() == true)
        #expect(await iterator.next() == true)
        logind.announce(.didWake)
        let (after, release) = perform()
        release.signal()
        var later = after.makeAsyncIterator()
        #expect(await later.next() == false)
    }

    @Test("it is called with true only when the locks are refused")
    func denied() async {
        logind.state.withLock { $0.grants = false }
        let (calls, _) = perform()
        var iterator = calls.makeAsyncIterator()
        #expect(await iterator.next() == true)
    }

    @Test("where nobody grants locks, the work is done without")
    func nobody() async {
        logind.state.withLock { $0.isThere = false }
        let (calls, release) = perform()
        release.signal()
        var iterator = calls.makeAsyncIterator()
        #expect(await iterator.next() == false)
    }
}
