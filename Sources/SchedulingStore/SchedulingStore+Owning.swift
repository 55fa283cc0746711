// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSQLite
import BackgroundStore
import BackgroundSurroundings
import SchedulingCore

extension SchedulingStore {
    /// Makes this store object an owner, who can claim, and recovers what dead owners held, in one commit.
    ///
    /// Who owns is proved by a lock on the byte of the owner's number in `owners.lock`, taken before the row can be seen
    /// and let go when the store object or the process ends: recovery needs no clock. A run that we cut, or that ended
    /// with the host, is due again at once and burns no attempt; any other dead run burns one, and `retry` decides.
    /// The second call changes only what it is given.
    package func becomeOwner(
        resident: Bool, now: WallTime, retry: (Occurrence) -> RecoveryVerdict
    ) throws(SchedulingFailure) -> Recovery {
        let recovery = try write("take over from dead owners") { state in
            let recovered = try recover(state, now: now, retry: retry)
            if let owner = state.owner {
                try setResident(resident, owner: owner)
                return Recovery(owner: owner, recovered: recovered)
            }
            let owner = try makeOwner(resident: resident, now: now)
            state.owner = owner
            return Recovery(owner: owner, recovered: recovered)
        }
        if !recovery.recovered.isEmpty { ring() }
        return recovery
    }

    /// The same for one who claims nothing, and does not act for others; nothing if this store is an owner.
    package func becomeOwnerIfNeeded(
        now: WallTime, retry: (Occurrence) -> RecoveryVerdict
    ) throws(SchedulingFailure) {
        let isOwner = try read("ask who owns") { $0.owner != nil }
        if !isOwner { _ = try becomeOwner(resident: false, now: now, retry: retry) }
    }

    private func makeOwner(resident: Bool, now: WallTime) throws -> Int64 {
        let statement = try database.statement(
            "INSERT INTO owners (pid, boot, resident, since) VALUES (?1, ?2, ?3, ?4)")
        try statement.bind(Int64(pid), at: 1)
        try statement.bind(boot, at: 2)
        try statement.bind(resident ? 1 : 0, at: 3)
        try statement.bind(now, at: 4)
        try statement.run()
        let owner = database.lastInsertedRow
        guard owners.tryLock(owner) else {
            throw SchedulingFailure(
                .storeBusy, doing: "become an owner in", subject: owners.path,
                cause: "another process holds the lock of owner \(owner)",
                remedy: "Was the database restored from an older copy? End the app's other processes, then try again.")
        }
        return owner
    }

    private func setResident(_ resident: Bool, owner: Int64) throws {
        let statement = try database.statement("UPDATE owners SET resident = ?2 WHERE id = ?1 AND resident <> ?2")
        try statement.bind(owner, at: 1)
        try statement.bind(resident ? 1 : 0, at: 2)
        try statement.run()
    }

    // MARK: Recovery

    private struct HeldByDead {
        var occurrence: Occurrence
        var started: WallTime?
        var cut: ExpirationReason?
        var stop: ExpirationReason?
        var pid: Int32
        var boot: String?
    }

    /// Recovers what was held by owners that died since this one began, in one commit; without any, it only reads.
    package func recoverDead(
        now: WallTime, retry: (Occurrence) -> RecoveryVerdict
    ) throws(SchedulingFailure) -> [HistoryEntry] {
        let isNeeded = try read("look for dead owners") { state in
            try database.statement("SELECT owner FROM occurrences INDEXED BY occurrences_claimed WHERE state = 1")
                .rows { $0.integer(0) }.contains { !isAlive($0, state) }
        }
        guard isNeeded else { return [] }
        return try write("take over from dead owners", rings: true) { state in
            try recover(state, now: now, retry: retry)
        }
    }

    /// Ends the runs and the continued tasks of all owners whose lock is gone, and forgets those owners.
    private func recover(
        _ state: State, now: WallTime, retry: (Occurrence) -> RecoveryVerdict
    ) throws -> [HistoryEntry] {
        let known = try database.statement("SELECT id FROM owners").rows { $0.integer(0) }
        let dead = known.filter { !isAlive($0, state) }
        guard !dead.isEmpty else { return [] }
        var entries: [HistoryEntry] = []
        for owner in dead {
            for held in try held(by: owner) { try recover(held, now: now, retry: retry, into: &entries) }
            try endContinued(of: owner, now: now, into: &entries)
            let statement = try database.statement("DELETE FROM owners WHERE id = ?1")
            try statement.bind(owner, at: 1)
            try statement.run()
        }
        for entry in entries { try record(entry) }
        return entries
    }

    private func held(by owner: Int64) throws -> [HeldByDead] {
        let statement = try database.statement(
            """
            SELECT \(Occurrence.columns), o.started, o.cut, o.stop, w.pid, w.boot \
            FROM occurrences o INDEXED BY occurrences_claimed CROSS JOIN requests r ON r.id = o.request \
            CROSS JOIN owners w ON w.id = o.owner WHERE o.state = 1 AND o.owner = ?1 ORDER BY o.id
            """)
        try statement.bind(owner, at: 1)
        let next = Occurrence.columnCount
        return try statement.rows {
            HeldByDead(
                occurrence: Occurrence(row: $0), started: $0.optionalTime(next), cut: $0.reason(next + 1),
                stop: $0.reason(next + 2), pid: Int32(truncatingIfNeeded: $0.integer(next + 3)),
                boot: $0.text(next + 4))
        }
    }

    private func recover(
        _ held: HeldByDead, now: WallTime, retry: (Occurrence) -> RecoveryVerdict, into entries: inout [HistoryEntry]
    ) throws {
        var occurrence = held.occurrence
        func entry(_ outcome: Outcome, _ reason: ExpirationReason?, _ detail: String) -> HistoryEntry {
            HistoryEntry(
                identifier: occurrence.identifier, outcome: outcome, reason: reason,
                attempt: held.occurrence.attempts + 1, detail: detail, processIdentifier: held.pid,
                scheduled: occurrence.instant, started: held.started, ended: now)
        }
        if held.stop == .cancelled || held.cut == .cancelled {
            entries.append(entry(.cancelled, .cancelled, "its process died before it had stopped"))
            return try conclude(occurrence, .cancelled, now: now)
        }
        if let cut = held.cut, cut.isInterruption {
            entries.append(entry(.interrupted, cut, "its process died before it had stopped"))
            return try release(occurrence: occurrence.id, eligible: now, attempts: occurrence.attempts, now: now)
        }
        if held.boot != boot {
            entries.append(entry(.interrupted, nil, "the host went down"))
            return try release(occurrence: occurrence.id, eligible: now, attempts: occurrence.attempts, now: now)
        }
        // A cut for a used-up budget is the task's own doing: it burns the attempt, as the run's own end would have.
        entries.append(
            entry(held.cut == nil ? .abandoned : .expired, held.cut, "process \(held.pid) died while it ran"))
        occurrence.attempts += 1
        switch retry(occurrence) {
        case .again(let instant):
            try release(
                occurrence: occurrence.id, eligible: instant, attempts: occurrence.attempts, now: now)
        case .giveUp:
            entries.append(entry(.gaveUp, nil, "after \(occurrence.attempts) attempts"))
            try conclude(occurrence, .failed, now: now)
        }
    }

    // MARK: Residents

    /// Whether an owner that lives, of this process or another, stays to run what is due.
    package func hasLiveResident() throws(SchedulingFailure) -> Bool {
        try read("look for a resident program") { state in
            let residents = try database.statement("SELECT id FROM owners WHERE resident = 1").rows { $0.integer(0) }
            return residents.contains { isAlive($0, state) }
        }
    }

    /// The processes that own now, whether they stay or not.
    package func liveOwners() throws(SchedulingFailure) -> [Int32] {
        try read("look for live owners") { state in
            try database.statement("SELECT id, pid FROM owners ORDER BY id").rows { ($0.integer(0), $0.integer(1)) }
                .filter { isAlive($0.0, state) }.map { Int32(truncatingIfNeeded: $0.1) }
        }
    }

    /// This owner stays no longer.
    package func resignResident() throws(SchedulingFailure) {
        try write("resign as the resident program", rings: true) { state in
            if let owner = state.owner { try setResident(false, owner: owner) }
        }
    }

    func isAlive(_ owner: Int64, _ state: State) -> Bool { owner == state.owner || owners.isLockedElsewhere(owner) }

    static func owner(_ state: State, _ doing: String) throws -> Int64 {
        guard let owner = state.owner else {
            throw SchedulingFailure(
                .misuse, doing: doing, subject: "the store", cause: "this store object is no owner",
                remedy: "Call becomeOwner first.")
        }
        return owner
    }
}
