// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSystemCalls
import Foundation
import Testing
import TransferFixtures
import TransfersCore
import TransfersFiles

@Suite("A disk that is full", .enabled(if: geteuid() == 0, "a small disk is mounted, and that takes root"))
struct FullDiskTests {
    private func prepared(_ path: String, _ total: Int64?) -> TransferFailure.Code? {
        code { () throws(TransferFailure) in try PartialFile.prepare(path, length: 0, total: total).length }
    }

    @Test("a download that cannot fit fails before a byte is loaded, and leaves nothing")
    func early() throws {
        let disk = try SmallDisk()
        #expect(prepared(disk / "p", 2 << 20) == .fileTooLarge)
        #expect(prepared(disk / "p", .max) == .fileTooLarge)
        #expect(disk.names == [])
        try disk.fill(kibibytes: 640)
        #expect(prepared(disk / "p", 1 << 19) == .diskFull)
        #expect(disk.names == ["filler"])
        disk.makeRoom()
        #expect(prepared(disk / "p", 1 << 19) == nil)
    }

    @Test("where no length is known it is looked for so much room; where space cannot be reserved, too")
    func looking() throws {
        let disk = try SmallDisk()
        let path = disk / "p"
        func look(_ room: Int64) -> TransferFailure.Code? {
            code { () throws(TransferFailure) in
                try PartialFile.prepare(path, length: 0, total: nil, room: room).length
            }
        }
        #expect(look(1 << 19) == nil && look(2 << 20) == .diskFull)
        try disk.fill(kibibytes: 640)
        #expect(look(1 << 19) == .diskFull && look(1 << 18) == nil)
        let clean = FaultScript()
        clean.during { _ = prepared(path, 1 << 19) }
        let place = try #require(clean.calls.firstIndex { $0.name == .fallocate })
        let script = FaultScript(.init(number: place, error: EOPNOTSUPP))
        script.during { #expect(prepared(path, 1 << 19) == .diskFull) }
    }

    @Test("a download that is resumed keeps what it has when the rest does not fit")
    func resumed() throws {
        let disk = try SmallDisk()
        let (file, _) = try PartialFile.prepare(disk / "p", length: 0, total: nil)
        #expect(put(pattern(1 << 19), into: file))
        let path = disk / "p"
        #expect(
            code { () throws(TransferFailure) in try PartialFile.prepare(path, length: 1 << 19, total: 2 << 20).length }
                == .fileTooLarge)
        #expect(about(path).st_size == 1 << 19)
        #expect(code { () throws(TransferFailure) in try file.reserve(total: 2 << 20) } == .fileTooLarge)
        try disk.fill()
        #expect(
            code { () throws(TransferFailure) in try PartialFile.prepare(path, length: 1 << 19, total: 1 << 20).length }
                == .diskFull)
        #expect(about(path).st_size == 1 << 19)
    }

    @Test("no room for another file is a full disk too")
    func noInode() throws {
        let disk = try SmallDisk(inodes: 1)
        #expect(prepared(disk / "p", nil) == .diskFull)
        let path = disk / "transfers"
        #expect(code { () throws(TransferFailure) in try TransferFolder(path) } == .diskFull)
    }

    @Test("a copy that does not fit is told at once; where space cannot be reserved, in the middle; and nothing stays")
    func copies() throws {
        let disk = try SmallDisk()
        let source = try TestFolder()
        let movie = try source.write("movie", pattern(3 << 20))
        let transfers = try TransferFolder(disk / "transfers")
        func outcome() -> TransferFailure.Code? {
            code { () throws(TransferFailure) in try transfers.snapshot(of: movie) }
        }
        #expect(outcome() == .fileTooLarge)
        let clean = FaultScript()
        clean.during { _ = outcome() }
        let place = try #require(clean.calls.firstIndex { $0.name == .fallocate })
        let script = FaultScript(.init(number: place, error: EOPNOTSUPP))
        script.during { #expect(outcome() == .diskFull) }
        #expect(script.calls.contains { $0.name == .copyRange || $0.name == .write })
        #expect(try FileManager.default.contentsOfDirectory(atPath: disk / "transfers/snapshots") == [])
        #expect(script.openDescriptors.isEmpty)
    }

    @Test("a file that is whole takes its name on a disk without a free byte")
    func placed() throws {
        let disk = try SmallDisk()
        let target = DownloadTarget(destination: disk / "movie", partial: disk / "p")
        let (file, _) = try PartialFile.prepare(target.partial, length: 0, total: 1 << 20)
        #expect(put(pattern(1 << 20), into: file) && !put([1], into: file, at: 1 << 20))
        #expect(try file.verify(length: 1 << 20, digests: []) == .good)
        #expect(try Placement.place(target, length: 1 << 20) == disk / "movie")
        #expect(disk.names == ["movie"])
    }
}
