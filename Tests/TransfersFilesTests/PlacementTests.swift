// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSystemCalls
import Foundation
import Testing
import TransfersCore
import TransfersFiles

@Suite("How a file gets its final name")
struct PlacementTests {
    let folder = try! TestFolder()

    private func target(_ name: String, replacing: Bool = false) -> DownloadTarget {
        DownloadTarget(destination: folder / name, partial: folder / ".p.part", replacesExisting: replacing)
    }

    private func judged(_ target: DownloadTarget) -> TransferFailure.Code? {
        code { () throws(TransferFailure) in try Placement.judge(target) }
    }

    private func placed(_ target: DownloadTarget) -> TransferFailure.Code? {
        code { () throws(TransferFailure) in try Placement.place(target, length: 9) }
    }

    @Test("a whole file takes the name, durably, and a second placement finds it done")
    func places() throws {
        try folder.write(".p.part", pattern(9))
        let target = target("movie")
        #expect(judged(target) == nil)
        let script = FaultScript()
        let name = try script.during { try Placement.place(target, length: 9) }
        #expect(name == folder / "movie")
        #expect(script.calls.map(\.name) == [.lstat, .lstat, .renameNew, .open, .fsync, .close])
        #expect(folder.names == ["movie"] && folder.read("movie") == pattern(9))
        #expect(try Placement.place(target, length: 9) == folder / "movie")
        #expect(code { () throws(TransferFailure) in try Placement.place(target, length: 8) } == .destinationUnwritable)
    }

    @Test("several files that are placed together cost one sync of each folder; what fails holds up no other")
    func together() throws {
        try FileManager.default.createDirectory(atPath: folder / "in", withIntermediateDirectories: false)
        func target(_ name: String) throws -> DownloadTarget {
            let partial = name.split(separator: "/").last.map { ".\($0).part" } ?? ""
            try folder.write(partial, pattern(9))
            return DownloadTarget(destination: folder / name, partial: folder / partial)
        }
        try folder.write("taken", [1])
        let targets = try ["a", "in/b", "taken", "c", "in/d"].map(target)
        let script = FaultScript()
        let results = script.during { Placement.place(targets.map { ($0, 9) }) }
        #expect(results.map { try? $0.get() } == ["a", "in/b", nil, "c", "in/d"].map { $0.map { folder / $0 } })
        let synced = script.calls.filter { $0.name == .fsync }.map(\.subject)
        #expect(synced == [folder.path, folder / "in"])
        // Every name was given before the first sync.
        let last = try #require(script.calls.lastIndex { $0.name == .renameNew })
        #expect(try #require(script.calls.firstIndex { $0.name == .fsync }) > last)
    }

    @Test("without a destination the partial file is the file")
    func ownFile() throws {
        #expect(try Placement.place(DownloadTarget(partial: "/p"), length: 9) == "/p")
        try Placement.judge(DownloadTarget(partial: "/p"))
    }

    @Test("a file that is there stays unless it may be replaced, and then it is replaced whole")
    func exists() throws {
        try folder.write(".p.part", pattern(9))
        try folder.write("movie", [1])
        #expect(judged(target("movie")) == .destinationExists && placed(target("movie")) == .destinationExists)
        #expect(folder.read("movie") == [1] && folder.read(".p.part") == pattern(9))
        #expect(judged(target("movie", replacing: true)) == nil)
        #expect(placed(target("movie", replacing: true)) == nil)
        #expect(folder.names == ["movie"] && folder.read("movie") == pattern(9))
    }

    @Test(
        "directories, links, pipes, missing folders and none at all are refused, each for its own reason",
        arguments: [false, true])
    func refusals(replacing: Bool) throws {
        try folder.write(".p.part", pattern(9))
        let victim = try folder.write("victim", [7])
        symlink(victim, folder / "link")
        symlink(folder / "nowhere", folder / "dangling")
        mkdir(folder / "folder", 0o700)
        mkfifo(folder / "pipe", 0o600)
        for (name, reason) in [
            ("link", TransferFailure.Code.destinationIsLink), ("dangling", .destinationIsLink),
            ("folder", .destinationIsDirectory), ("folder/", .destinationIsDirectory),
            ("none/x", .destinationFolderMissing),
            ("victim/x", .destinationFolderMissing), ("pipe", .destinationExists),
        ] {
            #expect(judged(target(name, replacing: replacing)) == reason, "\(name)")
            #expect(placed(target(name, replacing: replacing)) == reason, "\(name)")
        }
        #expect(folder.read("victim") == [7] && folder.read(".p.part") == pattern(9))
        #expect(judged(DownloadTarget(destination: "relative", partial: "/p")) == .destinationFolderMissing)
    }

    @Test("a folder that cannot be written to is refused before a byte is loaded")
    func unwritable() throws {
        // Whoever runs the tests may be allowed everything: the kernel's own word is put in.
        for (error, reason) in [
            (EACCES, TransferFailure.Code.destinationUnwritable), (EROFS, .destinationUnwritable),
        ] {
            FaultScript(.init(number: 2, error: error)).during { #expect(judged(target("movie")) == reason) }
        }
    }

    @Test("where names cannot be taken exclusively, a second name is, and it excludes as well")
    func withoutExclusion() throws {
        for error in [EINVAL, ENOSYS] {
            try folder.write(".p.part", pattern(9))
            let script = FaultScript(.init(number: 2, error: error))
            _ = try script.during { try Placement.place(target("m\(error)"), length: 9) }
            #expect(script.calls.map(\.name).contains(.link))
            #expect(folder.read("m\(error)") == pattern(9) && about(folder / ".p.part").st_nlink == 0)
        }
    }

    @Test(
        "a disk that is full at the last moment leaves the partial file and the old file whole",
        arguments: [false, true])
    func fullAtTheEnd(replacing: Bool) throws {
        try folder.write(".p.part", pattern(9))
        if replacing { try folder.write("movie", [1]) }
        FaultScript(.init(number: 2, error: ENOSPC)).during {
            #expect(placed(target("movie", replacing: replacing)) == .diskFull)
        }
        #expect(folder.read(".p.part") == pattern(9) && folder.read("movie") == (replacing ? [1] : nil))
        #expect(placed(target("movie", replacing: replacing)) == nil)
    }

    @Test("whoever takes the name in between keeps it")
    func race() throws {
        try folder.write(".p.part", pattern(9))
        FaultScript(.init(number: 2, error: EEXIST)).during { #expect(placed(target("movie")) == .destinationExists) }
        #expect(folder.read(".p.part") == pattern(9))
        // The same for real: it was not there when it was looked for.
        try folder.write("movie", [1])
        let script = FaultScript(.init(number: 1, error: ENOENT))
        #expect(script.during { placed(target("movie")) } == .destinationExists)
        #expect(script.calls.map(\.name) == [.lstat, .lstat, .renameNew])
        #expect(folder.read("movie") == [1] && folder.read(".p.part") == pattern(9))
    }
}
