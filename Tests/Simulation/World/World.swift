// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSurroundings
import CBackgroundFaultVFS
import CBackgroundSQLite
import Foundation
import SchedulingCore
import SchedulingRuntime
import SchedulingStore

/// A simulated host with the program on it: the real scheduler, runtime and store, on clocks, a disk and a service manager
/// that do what a seed says, beside a ledger of what was promised.
///
/// One thread, no real time: the same seed takes the same way.
package final class World: @unchecked Sendable {
    // Reason: it and everything in it live on the thread that runs it.

    package let seed: UInt64
    package let character: Character
    let path: String
    /// Nil: the default VFS, on a real disk.
    let disk: OpaquePointer?
    let reader: StoreReader
    var ledger = Ledger()
    /// Of the present move.
    var random: SeededRandom

    var clocks = Clocks()
    var services = ServiceModel()
    var processes: [SimulatedProcess] = []
    var executors: [SimulatedExecutor] = []
    var queue: [Item] = []
    var boot = 1
    var nextPID: Int32 = 100
    /// Who acts now; 0: the world.
    var present: Int32 = 0

    // The host.
    enum HostState { case up, goingToSleep, goingDown }
    var hostState = HostState.up
    var announced: [HostEvent] = []
    var power: PowerSource? = .external
    var network: NetworkState? = .online
    /// The host's time zone, and how often it was set.
    var zone = 0
    var zoneChanges = 0
    var zoneIdentity: String { "\(zone) after \(zoneChanges) changes" }
    /// How long the host is down after a power cut that is not worked off yet.
    var downtime: Int64?

    // What goes wrong.
    var busFailures = 0
    var isDiskFull = false
    var failsNextCall: (after: Int, code: Int32)?
    var failsNextSync: Int?
    /// Who syncs next dies in it, and the sync after that fails: the disk may have nothing of what the dead one left.
    var losesNextSync = false
    var busyCalls = 0
    var bomb: (after: Int, isPowerCut: Bool, countsCalls: Bool)?
    var isDeaf = false
    var losesRings = false
    /// Faults are over and handlers behave: everything has to come to an end.
    var isCalm = false
    /// The number of the next submission, and what each identifier's latest schedule was.
    var nextWish = 1
    var schedules: [String: Wish] = [:]
    /// Whether the store was there once.
    var hasStore = false
    /// The manager was kept from arming, or forgot what it had armed: the next one who acts has to see to it.
    var isExcused = false
    /// How often the manager, or the way to it, said no.
    var managerRefusals = 0
    /// Something was made due by the debugger's command: if it cannot start now it runs, but late.
    var mayBeLate = false
    /// Who was refused the last time that it armed, and when on the awake clock: it tries again with its heartbeat.
    var unarmed: [Int32: Int64] = [:]

    package private(set) var steps = 0
    package var violation: Violation?
    var trace: [String]?
    /// The ledger from before a commit of the dead came to light: it was not synced, and the next power cut may take it.
    var unsure: Ledger?
    /// How many syncs there were, and how many when that came to light: a commit that was undone syncs nothing.
    var syncs = 0
    var syncsBeforeUnsure = 0
    /// The store could not be read in the middle of a step.
    var hasToLook = false
    var calls = 0
    var commits = 0
    package var counts = Counts()

    /// What happened in all, to see that a world is worth something.
    package struct Counts: Sendable, CustomStringConvertible {
        package var moves = 0, commits = 0, handlers = 0, launches = 0, kills = 0, powerCuts = 0, submits = 0
        package var interjections = 0, claims = 0, bytesLost = 0, excused = 0

        package init() {}

        package var description: String {
            "\(submits) submissions, \(claims) claims, \(handlers) handlers, \(launches) launches, \(commits) commits, "
                + "\(kills) deaths, \(powerCuts) power cuts (\(bytesLost) bytes lost), \(interjections) interjections, "
                + "\(excused) steps without a usable manager"
        }

        package mutating func add(_ other: Counts) {
            moves += other.moves
            commits += other.commits
            handlers += other.handlers
            launches += other.launches
            kills += other.kills
            powerCuts += other.powerCuts
            submits += other.submits
            interjections += other.interjections
            claims += other.claims
            bytesLost += other.bytesLost
            excused += other.excused
        }
    }

    /// Nil `path`: in memory.
    package init(seed: UInt64, realDisk: String? = nil, traces: Bool = false) throws {
        self.seed = seed
        character = Character(seed: seed)
        random = SeededRandom(seed: seed)
        trace = traces ? [] : nil
        let isWritable = FileManager.default.isWritableFile(atPath: "/dev/shm")
        let parent = realDisk ?? (isWritable ? "/dev/shm" : NSTemporaryDirectory())
        path = parent + "/background-world-\(ProcessInfo.processInfo.processIdentifier)-\(seed)"
        try? FileManager.default.removeItem(atPath: path)
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        guard faultvfs_register() == SQLITE_OK else { throw Violation(promise: "+", what: "no VFS") }
        disk = realDisk == nil ? faultvfs_disk_new(seed) : nil
        reader = StoreReader(path: path + "/scheduling.sqlite", vfs: disk == nil ? nil : FAULTVFS_NAME)
        if let disk {
            faultvfs_disk_observe(
                disk,
                { context, process, call in
                    guard let context else { return SQLITE_OK }
                    return Unmanaged<World>.fromOpaque(context).takeUnretainedValue().called(process, call)
                },
                { context, process in
                    guard let context else { return }
                    Unmanaged<World>.fromOpaque(context).takeUnretainedValue().look(by: process)
                }, Unmanaged.passUnretained(self).toOpaque())
        }
        let storeFaults: Set<Move.Kind> = [.ioError, .syncError, .syncLoss, .diskFull, .busy]
        ledger.isStoreSound = character.weights.allSatisfy { $0.weight == 0 || !storeFaults.contains($0.kind) }
        Self.present = self
        if character.hasStore || disk == nil {
            faultvfs_enter(disk, 1)
            _ = try openStore(pid: 1)
            faultvfs_enter(disk, 0)
            storeAppeared()
        } else {
            // What makes it may be cut.
            bomb = (random.below(160), random.chance(700), true)
        }
    }

    /// Ends it. Whatever still has the database open then is a leak, and is told.
    package func close() {
        for process in living { exit(process.pid, failed: false) }
        queue = []
        clocks.removeAll()
        reader.close()
        if let disk {
            let left = faultvfs_open_files(disk)
            counts.bytesLost = Int(faultvfs_lost(disk))
            if left > 0 { broke("+", "\(left) files are open after every process has ended") }
            if left == 0 { faultvfs_disk_free(disk) }
        }
        try? FileManager.default.removeItem(atPath: path)
    }

    /// The world that this program runs now: what has no other way to it asks here.
    nonisolated(unsafe) static weak var present: World?

    func note(_ line: @autoclosure () -> String) {
        guard trace != nil else { return }
        let seconds = Double(clocks.wall) / 1_000_000
        trace?.append("\(seconds) [\(present)] \(line())")
    }

    func broke(_ promise: String, _ what: String) {
        if violation == nil { violation = Violation(promise: promise, what: what) }
        note("VIOLATION (\(promise)) \(what)")
    }

    // MARK: Processes

    func process(_ pid: Int32) -> SimulatedProcess? { processes.first { $0.pid == pid } }
    func isDead(_ pid: Int32) -> Bool { process(pid)?.isDead ?? true }
    var living: [SimulatedProcess] { processes.filter { !$0.isDead } }

    /// Runs something in a process; what died meanwhile is cleared away when its stack is unwound.
    func within(_ process: SimulatedProcess, _ body: () -> Void) {
        guard !process.isDead else { return }
        let previous = present
        present = process.pid
        faultvfs_enter(disk, process.pid)
        process.depth += 1
        body()
        process.depth -= 1
        present = previous
        faultvfs_enter(disk, previous)
        clearDead()
    }

    func clearDead() {
        while let process = processes.first(where: { $0.isDead && $0.depth == 0 }) {
            if let disk { faultvfs_reap(disk) }
            processes.removeAll { $0 === process }
            let previous = present
            present = process.pid
            faultvfs_enter(disk, process.pid)
            process.scheduler.die()
            for run in process.runs { run.complete(.failure) }
            let own = executors.filter { $0.pid == process.pid }
            for executor in own { executor.drain() }
            executors.removeAll { $0.pid == process.pid }
            queue.removeAll { $0.process == process.pid }
            clocks.removeAll(of: process.pid)
            present = previous
            faultvfs_enter(disk, previous)
            // Who is in the middle of a commit shows it when it is done.
            let mayBeAmid = character.callInterjections > 0 || character.pauseInterjections > 0
            let isAmid = mayBeAmid && living.contains { $0.depth > 0 }
            if isAmid { hasToLook = true } else if downtime == nil { look(by: 0) }
        }
    }

    /// kill -9, or the end of a process by itself.
    func kill(_ pid: Int32, why: String) {
        guard let process = process(pid), !process.isDead else { return }
        note("process \(pid) is gone: \(why)")
        counts.kills += 1
        process.isDead = true
        ledger.deaths[pid] = .killed
        if let disk { faultvfs_kill(disk, pid) } else { process.scheduler.die() }
        if case .launch(let name) = process.role { serviceEnded(name, pid: pid, failed: true) }
        clearDead()
    }

    func exit(_ pid: Int32, failed: Bool) {
        guard let process = process(pid), !process.isDead else { return }
        note("process \(pid) exits\(failed ? " with an error" : "")")
        process.isDead = true
        ledger.deaths[pid] = .killed
        if let disk { faultvfs_kill(disk, pid) } else { process.scheduler.die() }
        if case .launch(let name) = process.role { serviceEnded(name, pid: pid, failed: failed) }
        clearDead()
    }

    // MARK: Effect boundaries

    /// Between two effects of a process: here it may die, and others may act.
    func boundary(_ pid: Int32, _ what: String) {
        guard !isDead(pid) else { return }
        note("· \(what)")
        calls += 1
        // Between two effects nobody is in the middle of a commit: what the dead left is shown before others act.
        if hasToLook { look(by: 0) }
        if explodes(isCall: false) { return detonate(pid, "at \(what)") }
        if random.chance(character.interjections), mayInterject(besides: pid) { interject(besides: pid) }
    }

    /// Whether somebody else acts at this call; a lock that is given back ends a look, or a transaction.
    private func interjects(at call: faultvfs_call) -> Bool {
        if character.pauseInterjections > 0, call == FAULTVFS_SHM_UNLOCK, random.chance(character.pauseInterjections) {
            return true
        }
        return character.callInterjections > 0 && random.below(10_000) < character.callInterjections
    }

    private func mayInterject(besides pid: Int32) -> Bool {
        !isCalm && processes.allSatisfy { $0.pid == pid || $0.depth == 0 }
    }

    private func explodes(isCall: Bool) -> Bool {
        guard let set = bomb, set.countsCalls || !isCall else { return false }
        bomb?.after -= 1
        return set.after <= 0
    }

    private func detonate(_ pid: Int32, _ place: String) {
        guard let set = bomb else { return }
        bomb = nil
        if set.isPowerCut { cutPower(place) } else { kill(pid, why: "killed \(place)") }
    }

    /// A call of the VFS by a process.
    private func called(_ pid: Int32, _ call: faultvfs_call) -> Int32 {
        // Who makes the store before the world begins is left in peace.
        if pid == 1 { return SQLITE_OK }
        if isDead(pid) { return SQLITE_IOERR }
        calls += 1
        if calls > 2_000_000 { broke("f", "a single step makes millions of calls") }
        if explodes(isCall: true) {
            detonate(pid, "in call \(call.rawValue) of the file system")
            return isDead(pid) ? SQLITE_IOERR : SQLITE_OK
        }
        if interjects(at: call), mayInterject(besides: pid) {
            interject(besides: pid)
            if isDead(pid) { return SQLITE_IOERR }
        }
        if isDiskFull, call == FAULTVFS_EXTEND { return SQLITE_FULL }
        if busyCalls > 0, call == FAULTVFS_LOCK || call == FAULTVFS_SHM_LOCK {
            busyCalls -= 1
            return SQLITE_BUSY
        }
        if call == FAULTVFS_SYNC, losesNextSync {
            losesNextSync = false
            failsNextSync = 0
            kill(pid, why: "killed in a sync")
            return SQLITE_IOERR
        }
        if call == FAULTVFS_SYNC, let left = failsNextSync {
            failsNextSync = left > 0 ? left - 1 : nil
            if left == 0 {
                note("a sync fails")
                // The store overwrites at once what it could not commit; a second fault in that is more than it can mend.
                (bomb, busyCalls, failsNextCall) = (nil, 0, nil)
                if let disk { faultvfs_failed_sync_drops(disk, Int32(random.below(2))) }
                return SQLITE_IOERR | (4 << 8)
            }
        }
        if let (left, code) = failsNextCall, [FAULTVFS_READ, FAULTVFS_WRITE, FAULTVFS_EXTEND].contains(call) {
            failsNextCall = left > 0 ? (left - 1, code) : nil
            if left == 0 {
                note("an input or output call fails with \(code)")
                return code
            }
        }
        if call == FAULTVFS_SYNC { syncs += 1 }
        return SQLITE_OK
    }

    // MARK: Moving

    /// Makes one move, and checks what is promised.
    package func make(_ move: Move) {
        random = SeededRandom(seed: move.seed)
        calls = 0
        commits = 0
        note("— \(move.kind.rawValue)")
        perform(move.kind)
        finishMove()
    }

    func finishMove() {
        if downtime != nil { bootAgain() }
        if hasToLook { look(by: 0) }
        checkWakeup(isBetweenSteps: true)
        steps += 1
        counts.moves += 1
        if isExcused { counts.excused += 1 }
        counts.claims = ledger.claims
        if disk != nil || steps % 16 == 0 { checkIdle() }
        if commits > 60 + 10 * ledger.rows.count {
            broke("f", "\(commits) commits in one step, with \(ledger.rows.count) occurrences")
        }
    }
}
