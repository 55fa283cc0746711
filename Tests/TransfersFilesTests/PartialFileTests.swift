// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSystemCalls
import Foundation
import Testing
import TransfersCore
import TransfersFiles

@Suite("What a download has, until it is whole")
struct PartialFileTests {
    let folder = try! TestFolder()

    @Test("it is made for us alone, empty, with its space reserved, and its length says what was written")
    func makes() throws {
        // On a disk: in memory space is looked at, and not reserved.
        let folder = try TestFolder(in: "/var/tmp")
        let path = folder / ".movie.part"
        let (file, length) = try PartialFile.prepare(path, length: 0, total: 1 << 20)
        #expect(length == 0)
        #expect(about(path).st_mode & 0o7777 == 0o600 && about(path).st_size == 0)
        #expect(about(path).st_blocks * 512 >= 1 << 20)
        #expect(put(pattern(1000), into: file))
        #expect(about(path).st_size == 1000)
        #expect(fcntl(file.descriptor, F_GETFD) & FD_CLOEXEC != 0)
    }

    @Test("it is cut to what is on the books; a shorter one is told")
    func resumes() throws {
        let path = try folder.write(".movie.part", pattern(1000))
        #expect(try PartialFile.prepare(path, length: 700, total: nil).length == 700)
        #expect(folder.read(".movie.part") == Array(pattern(1000).prefix(700)))
        #expect(try PartialFile.prepare(path, length: 900, total: 2000).length == 700)
        #expect(about(path).st_size == 700)
        #expect(try PartialFile.prepare(path, length: 0, total: nil).length == 0)
        #expect(about(path).st_size == 0)
        unlink(path)
        #expect(try PartialFile.prepare(path, length: 900, total: nil).length == 0)
        #expect(try PartialFile.prepare(path, length: -5, total: -7).length == 0)
    }

    @Test("what is no partial file of ours is neither followed nor cut")
    func refusals() throws {
        let victim = try folder.write("victim", pattern(50))
        symlink(victim, folder / "link")
        link(victim, folder / "second")
        mkdir(folder / "folder", 0o700)
        mkfifo(folder / "pipe", 0o600)
        for (name, reason) in [
            ("link", TransferFailure.Code.destinationIsLink), ("second", .destinationExists),
            ("folder", .destinationIsDirectory), ("pipe", .destinationExists), ("none/x", .destinationFolderMissing),
            ("victim/x", .destinationFolderMissing),
        ] {
            let path = folder / name
            #expect(
                code { () throws(TransferFailure) in try PartialFile.prepare(path, length: 0, total: nil).length }
                    == reason, "\(name)")
        }
        #expect(folder.read("victim") == pattern(50))
        #expect(
            code { () throws(TransferFailure) in
                try PartialFile.prepare("/proc/version.part", length: 0, total: nil).length
            } == .destinationFolderMissing)
    }

    @Test("a file system that cannot reserve space does without")
    func noReservation() throws {
        for error in [EOPNOTSUPP, EINVAL, ENOSYS] {
            let path = folder / "p\(error)"
            try FaultScript(.init(number: 2, error: error)).during {
                _ = try PartialFile.prepare(path, length: 0, total: 4096)
            }
            #expect(about(path).st_blocks == 0)
        }
    }

    @Test("it is whole when it has its length and every digest")
    func verifies() throws {
        let path = folder / "p"
        let (file, _) = try PartialFile.prepare(path, length: 0, total: 3)
        #expect(put(Array("abc".utf8), into: file))
        let sums = try FileDigest.digests([.md5, .sha256], ofFileAt: path)
        let right = sums.map { ContentDigest($0.key, bytes: $0.value) }
        let wrong = ContentDigest(.sha256, bytes: Array(repeating: 0, count: 32))
        #expect(try file.verify(length: 3, digests: []) == .good)
        #expect(try file.verify(length: 3, digests: right) == .good)
        #expect(try file.verify(length: 4, digests: right) == .wrongLength(3))
        #expect(try file.verify(length: 3, digests: right + [wrong]) == .digestMismatch(.sha256))
        let script = FaultScript()
        try script.during { _ = try file.verify(length: 3, digests: []) }
        #expect(script.calls.map(\.name) == [.fstat, .fdatasync])
        FaultScript(.init(number: 1, error: EIO)).during {
            #expect(
                code { () throws(TransferFailure) in try file.verify(length: 3, digests: []) }
                    == .destinationUnwritable)
        }
    }
}
