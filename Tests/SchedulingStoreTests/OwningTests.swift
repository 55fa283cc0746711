// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSQLite
import BackgroundSurroundings
import SchedulingCore
import SchedulingStore
import Testing

@Suite("Owning and recovery")
struct OwningTests {
    let state = try! TemporaryState()

    /// Somebody claims the request "a" and dies: the store object goes, and its lock with it.
    private func die(
        boot: String = "b1", attempts: Int = 0, cut: ExpirationReason? = nil, stop: ExpirationReason? = nil
    ) throws {
        let owner = try state.owner(boot: boot, pid: 7)
        try owner.submit(request("a"))
        for _ in 0..<attempts { try owner.end(try #require(try owner.claimDue().first), .failed, again: 0) }
        let claimed = try #require(try owner.claimDue().first)
        if let cut { try owner.markCut([claimed.id], reason: cut) }
        if let stop { #expect(try owner.requestStop(identifier: "a", reason: stop) == 1) }
    }

    private func recover(
        boot: String = "b1", now: Int64 = 50, retry: (Occurrence) -> RecoveryVerdict = { _ in .again(at: t(80)) }
    ) throws -> (SchedulingStore, [HistoryEntry]) {
        let store = try state.store(boot: boot, pid: 8)
        let recovery = try store.becomeOwner(resident: false, now: t(now), retry: retry)
        return (store, recovery.recovered)
    }

    @Test("what an owner lets go of is recovered by the next one, and it may become an owner again")
    func forsaken() throws {
        let store = try state.owner()
        try store.submit(request("a"))
        #expect(try store.claimDue().count == 1)
        store.forsake()
        let other = try state.store(pid: 2)
        let recovery = try other.becomeOwner(resident: false, now: t(5)) { _ in .again(at: t(5)) }
        #expect(recovery.recovered.map(\.outcome) == [.abandoned])
        _ = try store.becomeOwner(resident: false, now: t(5)) { _ in .giveUp }
        #expect(try store.claimDue(now: 5).count == 1)
    }

    @Test("an owner that lives is left alone")
    func alive() throws {
        let living = try state.owner()
        try living.submit(request("a"))
        let claimed = try living.claimDue()
        let (other, recovered) = try recover()
        #expect(recovered.isEmpty)
        #expect(try other.claim(claimed.map(\.id), now: t(1)).isEmpty)
        try living.end(claimed[0])
        #expect(try other.outcomes() == [.succeeded])
    }

    @Test("a run whose process died burns an attempt, and retry decides when it is due again")
    func abandoned() throws {
        try die()
        var asked: Occurrence?
        let (store, recovered) = try recover { occurrence in
            asked = occurrence
            return .again(at: t(80))
        }
        #expect(asked?.attempts == 1)
        #expect(recovered.map(\.outcome) == [.abandoned])
        #expect(recovered.first?.attempt == 1)
        #expect(recovered.first?.processIdentifier == 7)
        #expect(try store.history(identifier: nil, limit: 9) == recovered)
        let live = try #require(try store.occurrences(identifier: "a").first)
        #expect(live.owner == nil)
        #expect(live.occurrence.attempts == 1)
        #expect(live.occurrence.eligible == t(80))
        #expect(try store.pending().isEmpty, "it was started")
    }

    @Test("when retry gives up, history has both rows and nothing is left")
    func gaveUp() throws {
        try die(attempts: 2)
        let (store, recovered) = try recover { $0.attempts < 3 ? .again(at: t(0)) : .giveUp }
        #expect(recovered.map(\.outcome) == [.abandoned, .gaveUp])
        #expect(recovered.map(\.attempt) == [3, 3])
        #expect(try store.occurrences(identifier: nil).isEmpty)
        #expect(try state.connection().integer("SELECT count(*) FROM requests") == 0)
    }

    @Test(
        "a run that we cut before its process died burns nothing, and is due at once",
        arguments: ExpirationReason.allCases.filter(\.isInterruption))
    func interrupted(reason: ExpirationReason) throws {
        try die(cut: reason)
        let (store, recovered) = try recover { _ in
            Issue.record("nothing to decide")
            return .giveUp
        }
        #expect(recovered.map(\.outcome) == [.interrupted])
        #expect(recovered.first?.reason == reason)
        #expect(try store.due(now: t(50), includingWaiting: false, limit: 9).map(\.attempts) == [0])
    }

    @Test("a run that used up its time before its process died expired, and burns an attempt")
    func overBudget() throws {
        try die(cut: .budget)
        let (store, recovered) = try recover()
        #expect(recovered.map(\.outcome) == [.expired])
        #expect(recovered.first?.reason == .budget)
        #expect(try store.occurrences(identifier: "a").map(\.occurrence.attempts) == [1])
    }

    @Test("a run that ended with the host burns nothing, and history says that the host went down")
    func hostDown() throws {
        try die(boot: "b1", attempts: 1)
        let (store, recovered) = try recover(boot: "b2") { _ in .giveUp }
        #expect(recovered.map(\.outcome) == [.interrupted])
        #expect(recovered.first?.reason == nil)
        #expect(recovered.first?.detail == "the host went down")
        #expect(try store.due(now: t(50), includingWaiting: false, limit: 9).map(\.attempts) == [1])
    }

    @Test("a cancelled run whose process died is done", arguments: ["b1", "b2"])
    func cancelled(boot: String) throws {
        try die(stop: .cancelled)
        let (store, recovered) = try recover(boot: boot)
        #expect(recovered.map(\.outcome) == [.cancelled])
        #expect(try store.occurrences(identifier: nil).isEmpty)
    }

    @Test("what was recovered is never eligible before its instant, although the clock was set back")
    func clockBack() throws {
        try die(cut: .systemSleep)
        let (store, _) = try recover(now: -500)
        #expect(try store.outlook().earliest == t(0))
        #expect(try store.due(now: t(-500), includingWaiting: true, limit: 9).isEmpty)
    }

    @Test("a dead owner is recovered once")
    func once() throws {
        try die()
        let (first, recovered) = try recover()
        #expect(recovered.count == 1)
        let (second, again) = try recover()
        #expect(again.isEmpty)
        #expect(try second.outcomes() == [.abandoned])
        withExtendedLifetime(first) {}
    }

    @Test("the second call of one store changes only what it is given")
    func idempotent() throws {
        let store = try state.store()
        let first = try store.becomeOwner(resident: false, now: t(0)) { _ in .giveUp }
        #expect(try !store.hasLiveResident())
        let second = try store.becomeOwner(resident: true, now: t(1)) { _ in .giveUp }
        #expect(second.owner == first.owner)
        #expect(try store.hasLiveResident())
        #expect(try state.connection().integer("SELECT count(*) FROM owners") == 1)
    }

    @Test("an owner recovers what another held that died since, and neither its own runs nor those of the living")
    func recoversLater() throws {
        let own = try state.owner(pid: 1)
        let living = try state.owner(pid: 2)
        let dying = try state.owner(pid: 3)
        for (identifier, store) in [("own", own), ("living", living), ("dying", dying)] {
            try store.submit(request(identifier))
            #expect(try store.claimDue().count == 1)
        }
        #expect(try own.recoverDead(now: t(1)) { _ in .again(at: t(1)) }.isEmpty)
        dying.close()
        let recovered = try own.recoverDead(now: t(1)) { _ in .again(at: t(1)) }
        #expect(recovered.map(\.identifier) == ["dying"])
        #expect(recovered.map(\.outcome) == [.abandoned])
        #expect(try own.claimDue(now: 1).map(\.identifier) == ["dying"])
        #expect(try own.outlook().claimed == 3)
    }

    @Test("two owners have two numbers, and numbers are not used again")
    func numbers() throws {
        let first = try state.store().becomeOwner(resident: false, now: t(0)) { _ in .giveUp }
        let second = try state.store().becomeOwner(resident: false, now: t(0)) { _ in .giveUp }
        #expect(second.owner > first.owner)
        #expect(try state.connection().integer("SELECT count(*) FROM owners") == 1, "the first is gone")
    }

    @Test("an owner whose commit failed is none, and its lock is let go")
    func failedCommit() throws {
        let store = try state.store()
        let other = try state.connection()
        try other.execute(
            "CREATE TRIGGER refuse AFTER INSERT ON owners BEGIN SELECT raise(ABORT, 'refused'); END")
        #expect(throws: SchedulingFailure.self) {
            try store.becomeOwner(resident: false, now: t(0)) { _ in .giveUp }
        }
        try other.execute("DROP TRIGGER refuse")
        let misuse = #expect(throws: SchedulingFailure.self) { try store.claim([1], now: t(0)) }
        #expect(misuse?.code == .misuse)
        // Its number was given back with the transaction, so the next owner takes the same byte.
        let next = try state.store()
        _ = try next.becomeOwner(resident: false, now: t(0)) { _ in .giveUp }
    }

    @Test("a resident is seen by others while it lives and stays")
    func resident() throws {
        let asker = try state.store()
        #expect(try !asker.hasLiveResident())
        var resident: SchedulingStore? = try state.owner(resident: true)
        #expect(try asker.hasLiveResident())
        #expect(try #require(resident).hasLiveResident())
        try resident?.resignResident()
        #expect(try !asker.hasLiveResident())
        resident = try state.owner(resident: true)
        #expect(try asker.hasLiveResident())
        resident = nil
        #expect(try !asker.hasLiveResident())
    }

    @Test("a launch marker that its process left unhandled is reported once; a handled one, or a live one, is not")
    func launchMarkers() throws {
        let directory = state.directory
        try directory.open()
        var left = LaunchMarker(directory: directory, instance: "i1")
        let handled = LaunchMarker(directory: directory, instance: "i2")
        let live = try #require(LaunchMarker(directory: directory, instance: "i3"))
        handled?.handled()
        #expect(LaunchMarker.unhandled(in: directory, now: t(1)).isEmpty, "\(String(describing: left))")
        left = nil
        let entries = LaunchMarker.unhandled(in: directory, now: t(2))
        #expect(entries.map(\.outcome) == [.launchUnhandled])
        #expect(entries.first?.detail.contains("i1") == true)
        #expect(LaunchMarker.unhandled(in: directory, now: t(3)).isEmpty)
        #expect(LaunchMarker(directory: directory, instance: "../escape") == nil)
        withExtendedLifetime(live) {}
    }

    @Test("a continued task is seen by others while its process lives, and is history when that has died")
    func continued() throws {
        func progress(_ completed: Int64) -> ContinuedProgress {
            ContinuedProgress(
                identifier: "export", title: "Exporting", subtitle: "", completedUnitCount: completed,
                totalUnitCount: 10, processIdentifier: 7)
        }
        let asker = try state.store()
        var owner: SchedulingStore? = try state.store(pid: 7)
        _ = try owner?.becomeOwner(resident: false, now: t(0)) { _ in .giveUp }
        let row = try #require(try owner?.continuedStarted(progress(1), now: t(1)))
        try owner?.continuedProgressed(row, progress(5))
        #expect(try asker.continuedTasks() == [progress(5)])
        #expect(try asker.stopContinued(identifier: "export", reason: .cancelled) == 1)
        #expect(try owner?.continuedStopRequests().map(\.reason) == [.cancelled])
        owner = nil
        #expect(try asker.continuedTasks().isEmpty)
        let recovery = try asker.becomeOwner(resident: false, now: t(9)) { _ in .giveUp }
        #expect(recovery.recovered.map(\.outcome) == [.abandoned])
        #expect(recovery.recovered.first?.processIdentifier == 7)
    }

    @Test("who runs an occurrence, and whether it lives, is told to everybody")
    func runners() throws {
        var runner: SchedulingStore? = try state.owner(pid: 77)
        try #require(runner).submit(request("a"))
        _ = try #require(runner).claimDue(now: 4)
        let asker = try state.store()
        let running = try #require(try asker.occurrences(identifier: "a").first)
        #expect(running.owner?.pid == 77)
        #expect(running.owner?.alive == true)
        #expect(running.startedAt == t(4))
        #expect(try #require(runner).occurrences(identifier: "a").first?.owner?.alive == true)
        runner = nil
        #expect(try asker.occurrences(identifier: nil).first?.owner?.alive == false)
    }
}
