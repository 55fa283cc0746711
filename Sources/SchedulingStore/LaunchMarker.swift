// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundStore
import BackgroundSystemCalls
import BackgroundSurroundings
import SchedulingCore
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Says, from the first touch of the scheduler in a launch by systemd, that nobody called `handleBackgroundLaunch()` yet.
///
/// A file that its process locks; it is gone when the launch is handled. One that nobody locks any more is left by a
/// process that never handled its launch. Nothing is synchronised: what a power cut takes was no program's mistake.
package final class LaunchMarker: Sendable {
    private let held: Mutex<Held>

    private struct Held: ~Copyable {
        var file: LockFile?
        var path: String
    }

    /// Nil where there is no state directory yet, so that nothing can be due.
    package init?(directory: StateDirectory, instance: String) {
        let safe = instance.utf8.allSatisfy { byte in
            (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                || byte == UInt8(ascii: "-")
        }
        guard safe, !instance.isEmpty, instance.utf8.count <= 100 else { return nil }
        let folder = LaunchMarker.folder(directory)
        _ = systemCall(.mkdir, folder) { mkdir(folder, 0o700) }
        let path = folder + "/" + instance
        guard let file = try? LockFile(path), file.tryLock(0) else { return nil }
        held = Mutex(Held(file: consume file, path: path))
    }

    /// The launch was handled: the marker goes.
    package func handled() {
        held.withLock { held in
            guard held.file != nil else { return }
            _ = systemCall(.unlink, held.path) { unlink(held.path) }
            held.file = nil
        }
    }

    /// What launches left that were never handled, as rows of history; they are reported once.
    package static func unhandled(in directory: StateDirectory, now: WallTime) -> [HistoryEntry] {
        let folder = folder(directory)
        var entries: [HistoryEntry] = []
        for instance in names(in: folder) {
            let path = folder + "/" + instance
            guard let file = try? LockFile(path), file.tryLock(0) else { continue }
            _ = systemCall(.unlink, path) { unlink(path) }
            entries.append(
                HistoryEntry(
                    identifier: nil, outcome: .launchUnhandled,
                    detail: "launch \(instance) ended without handleBackgroundLaunch(): call it early in main",
                    processIdentifier: 0, ended: now))
        }
        return entries
    }

    /// How many such marks are left, for one who only looks: nothing is removed.
    package static func abandoned(in directory: StateDirectory) -> Int {
        let folder = folder(directory)
        return names(in: folder).count { name in
            guard let file = LockFile(existing: folder + "/" + name) else { return false }
            return !file.isLockedElsewhere(0)
        }
    }

    private static func folder(_ directory: StateDirectory) -> String { directory.path + "/launches" }

    private static func names(in folder: String) -> [String] {
        var opened: OpaquePointer?
        _ = systemCall(.opendir, folder) { () -> Int32 in
            opened = opendir(folder)
            return opened == nil ? -1 : 0
        }
        guard let listing = opened else { return [] }
        defer { closedir(listing) }
        var names: [String] = []
        while let entry = readdir(listing) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names.sorted()
    }
}
