// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Foundation

/// What is written down beside the scheduler, so that its own books can be checked: files to which each process appends
/// whole lines, and one that is locked by who holds an occurrence.
struct Trace: Sendable {
    let directory: String
    /// The first descriptor of the process. The kernel closes them in order when it dies, so these locks are gone before
    /// those of the store, and who recovers the run never meets them.
    private let holds: Int32

    init(_ directory: String) throws {
        self.directory = directory
        try FileManager.default.createDirectory(
            atPath: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        holds = open(directory + "/holds", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard holds >= 0 else { throw CocoaError(.fileReadUnknown) }
    }

    /// One line, in one write: lines of several processes do not mix (write(2), O_APPEND).
    func note(_ file: String, _ line: String) {
        let text = line + "\n"
        let descriptor = open(directory + "/" + file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        defer { close(descriptor) }
        let count = text.utf8.count
        guard text.withCString({ write(descriptor, $0, count) }) == count else { fatalError("cannot write \(file)") }
    }

    func lines(_ file: String) -> [[Substring]] {
        guard let text = try? String(contentsOfFile: directory + "/" + file, encoding: .utf8) else { return [] }
        return text.split(separator: "\n").map { $0.split(separator: " ") }
    }

    /// Takes the number for this process; false when any other holds it. By a lock of its own, not the scheduler's.
    func hold(_ number: Int) -> Bool { apply(F_WRLCK, number) }
    func release(_ number: Int) { _ = apply(F_UNLCK, number) }

    private func apply(_ type: Int32, _ number: Int) -> Bool {
        // F_OFD_SETLK of fcntl_locking(2), which Swift's Glibc does not show.
        var lock = flock(l_type: Int16(type), l_whence: 0, l_start: off_t(number), l_len: 1, l_pid: 0)
        return fcntl(holds, 37, &lock) == 0
    }

    static let boot =
        (try? String(contentsOfFile: "/proc/sys/kernel/random/boot_id", encoding: .utf8))?.prefix(8) ?? "?"
}

/// A generator that gives the same numbers for the same seed (SplitMix64).
struct Seeded: RandomNumberGenerator {
    private var state: UInt64
    init(_ seed: UInt64) { state = seed }
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
