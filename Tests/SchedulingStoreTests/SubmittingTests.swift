// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSQLite
import BackgroundSurroundings
import Glibc
import SchedulingCore
import SchedulingStore
import Testing

@Suite("Submitting")
struct SubmittingTests {
    let state = try! TemporaryState()

    @Test("a request is pending with all that was asked for, and another connection sees it")
    func pending() throws {
        let requests = [
            NewRequest(identifier: "a", kind: .processing, instant: t(5), requirements: [.network, .externalPower]),
            NewRequest(identifier: "b", kind: .refresh, instant: t(3), hasEarliest: false),
        ]
        let result = try state.store().submit(requests, limits: .apple, now: t(1), relying: .none)
        #expect(result == .submitted)
        let other = try state.store()
        #expect(
            try other.pending() == [
                PendingRequest(
                    identifier: "a", kind: .processing, instant: t(5), hasEarliest: true,
                    requirements: [.network, .externalPower]),
                PendingRequest(identifier: "b", kind: .refresh, instant: t(3), hasEarliest: false, requirements: []),
            ])
        let first = try #require(try other.occurrences(identifier: "a").first)
        #expect(first.occurrence.submitted == t(1))
        #expect(first.occurrence.eligible == t(5))
        #expect(first.owner == nil)
    }

    @Test("a pending request of the same identifier is replaced, and history says so")
    func replaced() throws {
        let store = try state.store(pid: 42)
        try store.submit(request("a", at: 5))
        try store.submit(request("a", at: 9, .processing), now: 2)
        #expect(try store.pending().map(\.instant) == [t(9)])
        #expect(try store.pending().map(\.kind) == [.processing])
        let entry = try #require(try store.history(identifier: "a", limit: 9).first)
        #expect(
            entry
                == HistoryEntry(
                    identifier: "a", outcome: .replaced, processIdentifier: 42, scheduled: t(5), ended: t(2)))
        #expect(try state.connection().integer("SELECT count(*) FROM requests") == 1)
    }

    @Test("of two requests for one identifier in one call the later one stays")
    func replacedWithinOneCall() throws {
        let store = try state.store()
        try store.submit(request("a", at: 5), request("b"), request("a", at: 6))
        #expect(Set(try store.pending().map(\.instant)) == [t(0), t(6)])
        #expect(try store.outcomes() == [.replaced])
    }

    @Test("a running occurrence stays as it is beside a new request of its identifier")
    func besideRunning() throws {
        let store = try state.owner()
        try store.submit(request("a"))
        let running = try #require(try store.claimDue().first)
        try store.submit(request("a"), now: 1)
        #expect(try store.occurrences(identifier: "a").count == 2)
        #expect(try store.outcomes() == [])
        try store.end(running)
        #expect(try store.outcomes() == [.succeeded])
        #expect(try store.pending().count == 1)
    }

    @Test("an occurrence that ran and is to be tried again is not replaced")
    func besideOnceStarted() throws {
        let store = try state.owner()
        try store.submit(request("a"))
        try store.end(try #require(try store.claimDue().first), .failed, again: 60)
        try store.submit(request("a", at: 5), now: 1)
        #expect(try store.occurrences(identifier: "a").map(\.occurrence.eligible) == [t(5), t(60)])
        #expect(try store.pending().map(\.instant) == [t(5)])
    }

    @Test(
        "the limits count what was never started, after replacing; beyond them nothing is inserted",
        arguments: [
            (RequestLimits.apple, [request("r2")], false), (.apple, [request("r")], true),
            (.apple, [request("p2", .processing)], true), (.apple, [request("r", .processing)], true),
            (RequestLimits(total: 2), [request("x", .processing)], false),
            (RequestLimits(processing: 1), [request("h", .health)], false),
            (RequestLimits(processing: 2), [request("h", .health)], true),
            (RequestLimits(processing: 2), [request("h", .health), request("p2", .processing)], false),
            (RequestLimits(total: 3), [request("x")], true),
            (RequestLimits(processing: 1), [request("r2")], true), (.unlimited, [request("r2"), request("r3")], true),
        ])
    func limits(limits: RequestLimits, more: [NewRequest], accepted: Bool) throws {
        let store = try state.store()
        try store.submit(request("r"), request("p", .processing))
        let before = try store.pending()
        if accepted {
            _ = try store.submit(more, limits: limits, now: t(1), relying: .none)
            #expect(try store.pending() != before || more.map(\.identifier) == ["r"])
        } else {
            let failure = #expect(throws: SchedulingFailure.self) {
                try store.submit(more, limits: limits, now: t(1), relying: .none)
            }
            #expect(failure?.code == .tooManyPending)
            #expect(try store.pending() == before)
            #expect(try store.outcomes() == [])
        }
    }

    @Test("what runs or ran does not count against the limits")
    func limitsWithoutStarted() throws {
        let store = try state.owner()
        try store.submit(request("r"))
        _ = try store.claimDue()
        _ = try store.submit([request("r")], limits: .apple, now: t(1), relying: .none)
        #expect(try store.pending().count == 1)
    }

    @Test("ten thousand requests are one transaction: all of them, numbered apart, in one log commit")
    func many() throws {
        let store = try state.store()
        let requests = (0..<10_000).map { request("task.\($0)", at: Int64($0)) }
        let version = try state.connection()
        _ = try version.dataVersion()
        _ = try store.submit(requests, limits: .unlimited, now: t(0), relying: .none)
        #expect(try store.pending().count == 10_000)
        #expect(try store.outlook() == Outlook(earliest: t(0), claimed: 0))
        #expect(
            try store.due(now: t(9999), includingWaiting: true, limit: 3).map(\.identifier) == [
                "task.0", "task.1", "task.2",
            ])
    }

    @Test("numbers are not used again after what had them is gone")
    func numbers() throws {
        let store = try state.owner()
        try store.submit(request("a"))
        let first = try #require(try store.claimDue().first)
        try store.end(first)
        try store.submit(request("a"))
        #expect(try #require(try store.claimDue().first).id > first.id)
    }

    // MARK: The wake-up

    @Test("an armed wake-up is recorded in the submission's own commit")
    func armed() throws {
        let armed = ArmedWakeup(name: "w1", instant: t(5), generation: "g", slack: .seconds(2))
        let store = try state.store()
        #expect(try store.wakeup() == nil)
        _ = try store.submit([request("a", at: 5)], limits: .apple, now: t(0), relying: .armed(armed))
        #expect(try state.store().wakeup() == armed)
        #expect(throws: SchedulingFailure.self) {
            try store.submit(
                [request("b", at: 1)], limits: .apple, now: t(0),
                relying: .armed(ArmedWakeup(name: "w2", instant: t(1), generation: "g")))
        }
        #expect(try store.wakeup() == armed, "a submission that is refused records no wake-up")
    }

    @Test(
        "a recorded wake-up is relied on only if it is this manager's, lies ahead, and is early enough",
        arguments: [
            ("g", 10, SubmitResult.submitted), ("g", 12, .submitted), ("g", 8, .submitted), ("g", 7, .notCovered),
            ("other", 12, .notCovered),
        ])
    func recorded(generation: String, at seconds: Int64, expected: SubmitResult) throws {
        let store = try state.store()
        let armed = ArmedWakeup(name: "w", instant: t(10), generation: "g", slack: .seconds(2))
        #expect(try store.recordWakeup(armed) { _ in true })
        let result = try store.submit(
            [request("later", at: 99, .processing), request("a", at: seconds)], limits: .apple, now: t(0),
            relying: .recorded(generation: generation))
        #expect(result == expected)
        #expect(try store.pending().count == (expected == .submitted ? 2 : 0))
    }

    @Test(
        "a schedule that stays as it is, of which a run goes on or is tried again, relies on this manager's wake-up alone"
    )
    func staysWhileBegun() throws {
        let store = try state.owner()
        var after = request("a")
        after.terms.schedule = .after(.seconds(300))
        after.hasEarliest = false
        func submit(_ generation: String) throws -> SubmitResult {
            try store.submit([after], limits: .unlimited, now: t(0), relying: .recorded(generation: generation))
        }
        try store.submit(after)
        let run = try #require(try store.claimDue().first)
        #expect(try store.recordWakeup(ArmedWakeup(name: "w", instant: t(60), generation: "g")) { _ in true })
        #expect(try submit("g") == .submitted)
        #expect(try submit("after a restart") == .notCovered)
        try store.end(run, .failed, again: 30)
        #expect(try submit("after a restart") == .notCovered)
        #expect(try submit("g") == .notCovered, "it is tried again before that")
        #expect(try store.occurrences(identifier: "a").count == 1)
    }

    @Test("a wake-up that another process moved away meanwhile covers nothing: the submission is not written")
    func notCoveredRace() throws {
        let (ours, theirs) = (try state.store(), try state.store())
        let early = ArmedWakeup(name: "w1", instant: t(10), generation: "g")
        #expect(try ours.recordWakeup(early) { _ in true })
        let seen = try #require(try ours.wakeup())
        #expect(seen.covers(t(10), now: t(0), generation: "g", isLaunching: false))
        let late = ArmedWakeup(name: "w2", instant: t(500), generation: "g")
        #expect(try theirs.recordWakeup(late) { _ in true })
        let result = try ours.submit(
            [request("a", at: 10)], limits: .apple, now: t(0), relying: .recorded(generation: "g"))
        #expect(result == .notCovered)
        #expect(try ours.pending().isEmpty)
        #expect(try ours.wakeup() == late)
    }

    @Test("a wake-up is recorded only if the outlook is still the one it was armed for")
    func outlookChecked() throws {
        let store = try state.owner()
        try store.submit(request("a", at: 5), request("b", at: 0))
        _ = try store.claimDue()
        var seen: Outlook?
        let armed = ArmedWakeup(name: "w", instant: t(5), generation: "g")
        let refused = try store.recordWakeup(armed) {
            seen = $0
            return false
        }
        #expect(!refused)
        #expect(seen == Outlook(earliest: t(5), claimed: 1))
        #expect(try store.wakeup() == nil)
        #expect(try store.recordWakeup(armed) { $0 == seen })
        #expect(try store.wakeup() == armed)
        #expect(try store.recordWakeup(nil) { _ in true })
        #expect(try store.wakeup() == nil)
    }

    @Test("what waits for a running occurrence of its identifier is not in the outlook until that ends")
    func outlookBehindRunning() throws {
        let store = try state.owner()
        try store.submit(request("a"))
        let running = try #require(try store.claimDue().first)
        try store.submit(request("a"), now: 1)
        #expect(try store.outlook() == Outlook(earliest: nil, claimed: 1))
        #expect(try store.due(now: t(9), includingWaiting: true, limit: 9).isEmpty)
        try store.end(running)
        #expect(try store.outlook() == Outlook(earliest: t(0), claimed: 0))
    }

    @Test("after a submission that nothing could be armed for, a later wake-up covers nobody; an earlier one does")
    func unarmed() throws {
        let store = try state.store()
        func submit(_ identifier: String, at seconds: Int64) throws -> SubmitResult {
            try store.submit(
                [request(identifier, at: seconds)], limits: .unlimited, now: t(0), relying: .recorded(generation: "g"))
        }
        let armed = ArmedWakeup(name: "w", instant: t(50), generation: "g")
        #expect(try store.recordWakeup(armed) { _ in true })
        try store.submit(request("later", at: 70))
        #expect(try submit("a", at: 60) == .submitted)
        try store.submit(request("sooner", at: 40))
        #expect(try submit("b", at: 60) == .notCovered)
        #expect(try store.wakeup()?.name == "w", "it is known by name, so that it can be stopped")
        // One that was stopped between arming and committing covers only what it knew of.
        let late = ArmedWakeup(name: "late", instant: t(60), generation: "g")
        _ = try store.submit(
            [request("c", at: 60)], limits: .unlimited, now: t(0), relying: .armed(late))
        #expect(try submit("d", at: 65) == .notCovered)
        let early = ArmedWakeup(name: "early", instant: t(40), generation: "g")
        _ = try store.submit([request("c", at: 60)], limits: .unlimited, now: t(0), relying: .armed(early))
        #expect(try submit("d", at: 65) == .submitted)
    }

    @Test("the arming lock is held by one at a time, and let go when its body throws")
    func armingLock() throws {
        let (first, second) = (try state.store(), try state.store())
        let path = state.directory.path + "/arming.lock"
        try first.withArmingLock { () throws(SchedulingFailure) in
            #expect(isLocked(path))
        }
        #expect(!isLocked(path))
        #expect(throws: SchedulingFailure.self) {
            try second.withArmingLock { () throws(SchedulingFailure) in
                throw SchedulingFailure(.noWakeup, doing: "", subject: "", cause: "", remedy: "")
            }
        }
        #expect(!isLocked(path))
    }
}

/// Whether byte 0 of this file is locked by an opening other than the one made here.
private func isLocked(_ path: String) -> Bool {
    let descriptor = open(path, O_RDWR | O_CLOEXEC)
    defer { close(descriptor) }
    // F_OFD_GETLK of fcntl_locking(2), which Swift's Glibc does not show.
    var lock = flock(l_type: Int16(F_WRLCK), l_whence: 0, l_start: 0, l_len: 1, l_pid: 0)
    #expect(fcntl(descriptor, 36, &lock) == 0)
    return lock.l_type != Int16(F_UNLCK)
}
