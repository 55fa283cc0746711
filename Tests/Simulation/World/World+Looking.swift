// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundStore
import BackgroundSurroundings
import CBackgroundFaultVFS
import Foundation

/// What is in the store is shown to the ledger.
extension World {
    /// Shows the ledger what is in the store now; `pid`: whose commit it is, 0: nobody can say. `isAfterBoot`: only what was
    /// on the disk is left.
    func look(by pid: Int32, isAfterBoot: Bool = false) {
        guard violation == nil, downtime == nil else { return }
        storeAppeared()
        guard hasStore else { return }
        commits += 1
        counts.commits += 1
        let previous = present
        faultvfs_enter(disk, 0)
        defer { faultvfs_enter(disk, previous) }
        do {
            let seen = try reader.read(after: ledger.lastHistory)
            let actor = Ledger.Actor(
                pid: pid == 0 ? nil : pid, wall: clocks.wall, local: zone,
                isLate: hasToLook, isHolding: isHolding,
                hasHandler: { pid, name in self.process(pid).map { !$0.unhandled.contains(name) } ?? true })
            if trace != nil, seen.occurrences != ledger.rows {
                note("store: " + seen.occurrences.map { ledger.describe($0) }.joined(separator: "; "))
            }
            try compare(seen, by: actor, isAfterBoot)
            // What a dead process left in the log is overwritten by the next commit.
            if pid != 0 { ledger.intents.removeAll { $0.process != pid && isDead($0.process) } }
            checkWakeup(isBetweenSteps: false)
            hasToLook = false
        } catch let found as Violation {
            broke(found.promise, found.what)
        } catch let failure as StoreReader.Failure where failure.isTransient && present != 0 {
            // Somebody reads the log anew, and was interrupted in it.
            hasToLook = true
        } catch {
            broke("a", "\(error)")
        }
    }

    /// One that lives and let go of its runs is as good as dead to them: its byte is not locked any more.
    private func isHolding(_ row: OccurrenceRow) -> Bool {
        guard let pid = row.pid, !isDead(pid), let owner = row.owner else { return false }
        return LockFile(existing: path + "/owners.lock")?.isLockedElsewhere(owner) ?? false
    }

    private func compare(_ seen: StoreReader.Snapshot, by actor: Ledger.Actor, _ isAfterBoot: Bool) throws {
        guard actor.pid == nil else {
            try ledger.see(seen, by: actor)
            if syncs > syncsBeforeUnsure { unsure = nil }
            return
        }
        let before = ledger
        defer { if isAfterBoot { unsure = nil } }
        do {
            try ledger.see(seen, by: actor)
            if before.rows != ledger.rows, unsure == nil { (unsure, syncsBeforeUnsure) = (before, syncs) }
        } catch {
            guard var earlier = unsure, isAfterBoot else { throw error }
            earlier.deaths = ledger.deaths
            ledger = earlier
            try ledger.see(seen, by: actor)
        }
    }

    /// Somebody rings the doorbell; who hears it does so when a thread has time.
    func ring() {
        guard !losesRings else { return }
        for process in living {
            for weak in process.bells {
                guard let bell = weak.bell, let onRing = bell.onRing, !bell.isRinging else { continue }
                bell.isRinging = true
                queue.append(
                    Item(
                        process: process.pid,
                        what: .call("ring") {
                            bell.isRinging = false
                            onRing()
                        }))
            }
        }
    }

    /// The store has its name: it is complete, and whoever gave it the name has made that durable.
    func storeAppeared() {
        guard !hasStore, access(reader.path, F_OK) == 0 else { return }
        hasStore = true
        if let disk { faultvfs_sync_names(disk) }
    }
}
