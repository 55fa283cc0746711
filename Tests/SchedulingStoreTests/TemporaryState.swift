// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSQLite
import BackgroundStore
import BackgroundSurroundings
import Glibc
import SchedulingCore
import SchedulingStore
import Synchronization

/// A state directory of a test's own, removed with its last reference.
final class TemporaryState {
    /// Its parent, made by the test; the state directory in it is made by the store.
    let root: String
    let directory: StateDirectory

    init() throws {
        // In memory where there is such a place: no test here cuts the power of a real disk.
        let parent = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp"
        guard let template = strdup(parent + "/scheduling-store-XXXXXX") else { throw Errno(code: errno) }
        defer { free(template) }
        guard mkdtemp(template) != nil else { throw Errno(code: errno) }
        root = String(cString: template)
        directory = StateDirectory(path: root + "/state")
    }

    deinit { remove(root) }

    var database: String { directory.path + "/scheduling.sqlite" }

    /// A store of its own connection, lock files and doorbell: as another process would have.
    func store(
        machine: String = "m1", boot: String = "b1", pid: Int32 = 100, busyTimeout: Duration = .milliseconds(50),
        historyLimit: Int = 10_000, vfs: String? = nil, lockPatience: Duration = SchedulingStore.lockPatience
    ) throws(SchedulingFailure) -> SchedulingStore {
        try SchedulingStore(
            directory: directory, machine: machine, boot: boot, pid: pid, busyTimeout: busyTimeout,
            historyLimit: historyLimit, vfs: vfs, lockPatience: lockPatience)
    }

    /// A store that owns, with this boot and process.
    func owner(boot: String = "b1", pid: Int32 = 100, resident: Bool = false) throws -> SchedulingStore {
        let store = try store(boot: boot, pid: pid)
        _ = try store.becomeOwner(resident: resident, now: t(0)) { _ in .again(at: t(0)) }
        return store
    }

    /// A connection past the store, for looking and for mischief.
    func connection() throws -> Database {
        try Database(path: database, mode: .existing, busyTimeout: .milliseconds(50))
    }

    var names: [String] { entries(of: directory.path).sorted() }
}

struct Errno: Error { var code: Int32 }

private func entries(of path: String) -> [String] {
    guard let stream = opendir(path) else { return [] }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
        let name = withUnsafePointer(to: &entry.pointee.d_name) {
            $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        }
        if name != ".", name != ".." { names.append(name) }
    }
    return names
}

private func remove(_ path: String) {
    var about = stat()
    guard lstat(path, &about) == 0 else { return }
    if about.st_mode & S_IFMT == S_IFDIR {
        for name in entries(of: path) { remove(path + "/" + name) }
        rmdir(path)
    } else {
        unlink(path)
    }
}

/// An instant, so many seconds after the one at which these tests begin.
func t(_ seconds: Int64) -> WallTime { WallTime(microseconds: 1_700_000_000_000_000 + seconds * 1_000_000) }

func request(_ identifier: String, at seconds: Int64 = 0, _ kind: TaskKind = .refresh) -> NewRequest {
    NewRequest(identifier: identifier, kind: kind, instant: t(seconds))
}

extension SchedulingStore {
    /// Submits without limits and without a wake-up.
    @discardableResult
    func submit(_ requests: NewRequest..., now: Int64 = 0) throws -> SubmitResult {
        try submit(requests, limits: .unlimited, now: t(now), relying: .none)
    }

    /// Claims what is due, as a runtime does.
    func claimDue(now: Int64 = 0) throws -> [Occurrence] {
        try claim(due(now: t(now), includingWaiting: false, limit: 100).map(\.id), now: t(now))
    }

    func outcomes(_ identifier: String? = nil) throws -> [Outcome] {
        try history(identifier: identifier, limit: 100).map(\.outcome)
    }

    func end(
        _ occurrence: Occurrence, _ outcome: Outcome = .succeeded, reason: ExpirationReason? = nil, ended: Int64 = 1,
        again: Int64? = nil
    ) throws {
        try finish([
            RunEnd(
                occurrence: occurrence.id, outcome: outcome, reason: reason, started: t(0), ended: t(ended),
                again: again.map(t))
        ])
    }
}

func size(_ path: String) -> Int {
    var about = stat()
    return lstat(path, &about) == 0 ? about.st_size : 0
}

extension SchedulingStore {
    /// The first half of `look`.
    func due(now: WallTime, includingWaiting: Bool, limit: Int) throws -> [Occurrence] {
        try look(now: now, includingWaiting: includingWaiting, limit: limit).due
    }
}
