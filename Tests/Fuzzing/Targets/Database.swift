// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundStore
import BackgroundSurroundings
import Foundation
import SchedulingCore

@testable import SchedulingStore

/// A store's file that somebody else wrote: whatever is in its pages and rows, it is read or refused.
func feedDatabase(_ bytes: [UInt8]) throws {
    let folder = FuzzTarget.folder + "/state"
    try? FileManager.default.removeItem(atPath: folder)
    try FileManager.default.createDirectory(
        atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    try Data(bytes).write(to: URL(filePath: folder + "/scheduling.sqlite"))
    do throws(SchedulingFailure) {
        let store = try SchedulingStore(
            directory: StateDirectory(path: folder), machine: "m1", boot: "b2", pid: 1, busyTimeout: .zero)
        let now = WallTime(microseconds: 1_767_225_600_000_000)
        let policy = RunPolicy()
        _ = try store.becomeOwner(resident: false, now: now) { policy.recovery($0, now: now) }
        _ = try store.reanchor(now: now, implausible: policy.implausible)
        _ = try store.pending().map(\.identifier)
        _ = try store.occurrences(identifier: nil).map { "\($0)" }
        _ = try store.history(identifier: nil, limit: 50).map { "\($0)" }
        _ = try store.wakeup()
        _ = WakeTarget(earliest: try store.outlook().earliest, isRunning: false)
            .instant(now: now, runner: .none, policy: policy)
        let due = try store.look(now: now, includingWaiting: true, limit: 50).due
        let claimed = try store.claim(due.map(\.id), now: now)
        try store.finish(
            claimed.map { RunEnd(occurrence: $0.id, outcome: .failed, started: now, ended: now, again: now) })
        _ = try store.cancel(identifier: nil, now: now)
    } catch {
        hold(!error.cause.isEmpty && !error.remedy.isEmpty, "a failure that does not help: \(error)")
    }
}
