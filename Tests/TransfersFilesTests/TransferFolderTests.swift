// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSurroundings
import BackgroundSystemCalls
import Foundation
import Testing
import TransfersCore
import TransfersFiles

@Suite("Files that transfers keep for themselves")
struct TransferFolderTests {
    let folder = try! TestFolder()
    var transfers: TransferFolder { get throws { try TransferFolder(folder / "transfers") } }

    private func intent(_ work: TransferIntent.Work) -> TransferIntent {
        TransferIntent(
            session: "s", identifier: "i", work: work, httpMethod: "GET", url: "https://e.org", created: .epoch,
            deadline: .distantFuture)
    }

    @Test("the folder is for us alone, and a file in its place is refused")
    func folders() throws {
        _ = try transfers
        _ = try transfers
        for name in ["transfers", "transfers/partial", "transfers/snapshots"] {
            #expect(about(folder / name).st_mode & 0o7777 == 0o700)
        }
        let path = try folder.write("file", [])
        #expect(code { () throws(TransferFailure) in try TransferFolder(path) } == .storage)
        symlink(folder / "transfers", folder / "link")
        let link = folder / "link"
        #expect(code { () throws(TransferFailure) in try TransferFolder(link) } == .storage)
    }

    @Test("a partial file lies beside its destination, hidden, with a name of its own that fits")
    func names() throws {
        let transfers = try transfers
        let name = transfers.newPartial(for: "/movies/a b.mkv")
        #expect(
            name.hasPrefix("/movies/.a b.mkv.") && name.hasSuffix(".part")
                && name != transfers.newPartial(for: "/movies/a b.mkv"))
        #expect(transfers.newPartial(for: nil).hasPrefix(folder / "transfers/partial/"))
        #expect(transfers.newPartial(for: "/x").hasPrefix("/.x."))
        for long in [
            String(repeating: "x", count: 255), String(repeating: "ü", count: 127),
            "👩‍👩‍👧‍👧" + String(repeating: "é", count: 110),
        ] {
            let path = transfers.newPartial(for: folder / long)
            let last = try #require(path.split(separator: "/").last)
            #expect(last.utf8.count <= 255)
            _ = try PartialFile.prepare(path, length: 0, total: nil)
        }
    }

    @Test("a copy of a source has its bytes, survives what becomes of it, and is judged like any source")
    func snapshots() throws {
        let transfers = try transfers
        for bytes in [pattern(3 << 20), []] {
            let path = try folder.write("movie", bytes)
            let copy = try transfers.snapshot(of: path)
            unlink(path)
            #expect(copy.isSnapshot && copy.size == Int64(bytes.count))
            #expect(FileManager.default.contents(atPath: copy.path).map(Array.init) == bytes)
            #expect(about(copy.path).st_mode & 0o7777 == 0o600)
            #expect(SourceFile.judge(copy) == .same)
            _ = try SourceFile.open(copy)
            transfers.removeLeftovers(of: intent(.upload(copy, method: .plain)))
            #expect(SourceFile.judge(copy) == .missing)
        }
        #expect(code { () throws(TransferFailure) in try transfers.snapshot(of: "/dev/zero") } == .sourceIsSpecial)
    }

    @Test("between two file systems, and where the kernel cannot copy, the bytes come by here")
    func byHand() throws {
        let transfers = try transfers
        let path = try folder.write("movie", pattern((2 << 20) + 17))
        let clean = FaultScript()
        _ = try clean.during { try transfers.snapshot(of: path) }
        let place = try #require(
            clean.calls.firstIndex { $0.name == .copyRange }, "cloned at once: no copying to test here")
        for error in [EXDEV, ENOSYS] {
            let script = FaultScript(.init(number: place, error: error))
            let copy = try script.during { try transfers.snapshot(of: path) }
            #expect(script.calls.contains { $0.name == .write })
            #expect(FileManager.default.contents(atPath: copy.path).map(Array.init) == pattern((2 << 20) + 17))
        }
    }

    @Test("what belongs to no transfer is collected: ours alone, and nothing that is known or new")
    func collects() throws {
        let transfers = try transfers
        let other = try TransferFolder(folder / "other")
        let movie = try folder.write("movie", [1])
        let beside = folder / "a"
        let partials = (0..<6).map { transfers.newPartial(for: $0 < 3 ? nil : beside) }
        let foreign = other.newPartial(for: beside)
        for path in partials + [foreign] { _ = try PartialFile.prepare(path, length: 0, total: nil) }
        let copies = try (0..<2).map { _ in try transfers.snapshot(of: movie).path }
        let stranger = try folder.write(".a.0123456789abcdefghij.part", [])
        let notes = try folder.write("transfers/partial/notes.part", [])
        mkdir(folder / "transfers/partial/sub", 0o700)
        let known: Set = [partials[0], partials[3], copies[0]]
        let future = WallTime(microseconds: .max)
        #expect(transfers.collect(known: known, folders: [folder.path], before: .epoch).isEmpty)
        let removed = transfers.collect(known: known, folders: [folder.path, "/nowhere"], before: future)
        #expect(Set(removed) == Set(partials[1...2] + partials[4...5] + [copies[1]]))
        for path in known.union([foreign, stranger, notes, movie]) { #expect(about(path).st_nlink == 1, "\(path)") }
        for path in removed { #expect(about(path).st_nlink == 0) }
    }

    @Test("what a transfer leaves behind goes with it, and nothing that is not ours, whatever its row says")
    func leftovers() throws {
        let transfers = try transfers
        let partial = transfers.newPartial(for: nil)
        _ = try PartialFile.prepare(partial, length: 0, total: nil)
        transfers.removeLeftovers(of: intent(.download(DownloadTarget(partial: partial))))
        #expect(about(partial).st_nlink == 0)
        let movie = try folder.write("movie", [1])
        var source = try SourceFile.identity(of: movie)
        transfers.removeLeftovers(of: intent(.upload(source, method: .plain)))
        source.isSnapshot = true
        transfers.removeLeftovers(of: intent(.upload(source, method: .plain)))
        transfers.removeLeftovers(of: intent(.download(DownloadTarget(partial: movie))))
        #expect(folder.read("movie") == [1])
    }
}
