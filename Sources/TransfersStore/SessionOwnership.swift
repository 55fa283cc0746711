// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundStore
import BackgroundSurroundings
import SchedulingCore
import Synchronization
import TransfersCore

/// Proof that this process, and no other, moves the transfers of a session: a lock that ends with `release()`, with the
/// last reference, or with the process, however it dies.
package final class SessionOwnership: Sendable {
    package let session: String
    private struct Held: ~Copyable { var file: LockFile? }
    private let held: Mutex<Held>

    init(_ session: String, _ file: consuming LockFile) {
        self.session = session
        held = Mutex(Held(file: consume file))
    }

    /// Lets others have the session; what ran is theirs to take over.
    package func release() { held.withLock { $0.file = nil } }
}

/// A wait for a session that another process owns; it ends with `cancel()`, or when the session was had.
package struct OwnershipWait: Sendable {
    fileprivate let waiter: LockWaiter

    package func cancel() { waiter.cancel() }
}

/// The file that is locked for a session.
package enum SessionLock {
    /// A name that any session's identifier has for itself: letters, digits, dots and hyphens stand as they are, other bytes
    /// as `_` and two digits of hexadecimal; what is too long for a name ends in a hash.
    package static func name(of session: String) -> String {
        let digits = Array("0123456789abcdef".utf8)
        let safe = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-.".utf8)
        var name: [UInt8] = []
        for byte in session.utf8 {
            name += safe.contains(byte) ? [byte] : [UInt8(ascii: "_"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
        }
        if name.count > 200 {
            let hashes = [SeededHash.hash(session), SeededHash.hash(session, seed: UInt64(session.utf8.count))]
            name = Array(name.prefix(160)) + "_".utf8 + hashes.map { String($0, radix: 36) }.joined(separator: "-").utf8
        }
        // A dot in front would hide it, and two alone would be another folder.
        return "s-" + String(decoding: name, as: UTF8.self)
    }

    /// The session's name as it stands in the identifier of its task: itself, or that of its lock where no task's identifier
    /// can hold it.
    package static func nameInTask(of session: String, _ identifier: (String) -> String) -> String {
        do throws(SchedulingFailure) {
            try TaskIdentifier.validate(identifier(session))
            return session
        } catch {
            return name(of: session)
        }
    }
}

extension TransfersStore {
    private func lockPath(_ session: String) throws(TransferFailure) -> String {
        if let failure = Self.judge(session, of: "a session") { throw failure }
        return Self.folder(in: directory) + "/sessions/" + SessionLock.name(of: session)
    }

    /// Makes this process the one that moves the session's transfers; nil if another has it.
    ///
    /// - Throws: `badIdentifier`; `storage`: the lock file cannot be made.
    package func own(_ session: String) throws(TransferFailure) -> SessionOwnership? {
        let path = try lockPath(session)
        do throws(SchedulingFailure) {
            let file = try LockFile(path)
            return file.tryLock(0) ? SessionOwnership(session, file) : nil
        } catch {
            throw TransferFailure(error)
        }
    }

    /// Calls `body` once the session is this process', at once or when its owner lets it go or dies; on a thread of its own.
    package func whenFree(
        _ session: String, _ body: @escaping @Sendable (SessionOwnership) -> Void
    ) throws(TransferFailure) -> OwnershipWait {
        let path = try lockPath(session)
        do throws(SchedulingFailure) {
            return OwnershipWait(
                waiter: try LockWaiter(path: path, byte: 0) { file in body(SessionOwnership(session, file)) })
        } catch {
            throw TransferFailure(error)
        }
    }

    /// The process that owns the session, as it said itself; nil if none does. One's own ownership counts too.
    package func owner(of session: String) throws(TransferFailure) -> Int32? {
        guard let file = LockFile(existing: try lockPath(session)), file.isLockedElsewhere(0) else { return nil }
        return try read("look for the owner of a session in") { rows in
            let statement = try rows.database.statement("SELECT pid FROM sessions WHERE name = ?1")
            try statement.bind(session, at: 1)
            return try statement.rows { Int32(truncatingIfNeeded: $0.integer(0)) }.first ?? 0
        }
    }

    /// Begins an ownership: what the former owner ran was interrupted, and may run again at once, without an attempt burnt;
    /// durable when it returns. To be called once, before anything of the session is moved.
    ///
    /// - Parameter clock: wall time less boot time; where the owner before had another one on this boot, the clock was set
    ///   while nobody moved the session, and is followed now (`clockMoved`).
    /// - Returns: those that were interrupted.
    @discardableResult
    package func takeOver(
        _ ownership: SessionOwnership, now: WallTime, clock: Int64? = nil
    ) throws(TransferFailure) -> [Int64] {
        try moving.withLock { moving throws(TransferFailure) in
            let interrupted = try write("take over a session in") { rows in
                if let clock { try rows.followClock(of: ownership.session, boot: boot, to: clock, now: now) }
                let owner = try rows.database.statement("INSERT OR REPLACE INTO sessions VALUES (?1, ?2, ?3, ?4, ?5)")
                try owner.bind(ownership.session, at: 1)
                try owner.bind(Int64(pid), at: 2)
                try owner.bind(boot, at: 3)
                try owner.bind(now, at: 4)
                try owner.bind(clock, at: 5)
                try owner.run()
                let search = try rows.database.statement(
                    "SELECT id FROM transfers INDEXED BY transfers_state WHERE session = ?1 AND state = 1 ORDER BY id")
                try search.bind(ownership.session, at: 1)
                let running = try search.rows { $0.integer(0) }
                let statement = try rows.database.statement(
                    "UPDATE transfers SET state = 0, due = ?2, reason = 'turn' WHERE session = ?1 AND state = 1")
                try statement.bind(ownership.session, at: 1)
                try statement.bind(now, at: 2)
                try statement.run()
                return running
            }
            for id in interrupted { moving.forget(id) }
            return interrupted
        }
    }
}
