// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSystemCalls
import Foundation
import Testing
import TransfersCore
import TransfersFiles

@Suite("The file that is sent")
struct SourceTests {
    let folder = try! TestFolder()

    @Test("a regular file is told by device, inode, size and time of change, through a link too")
    func identity() throws {
        let path = try folder.write("movie", pattern(300))
        symlink(path, folder / "link")
        let seen = about(path)
        for name in [path, folder / "link"] {
            let identity = try SourceFile.identity(of: name)
            #expect(identity.path == name && identity.size == 300 && !identity.isSnapshot)
            #expect(identity.device == UInt64(seen.st_dev) && identity.inode == UInt64(seen.st_ino))
            #expect(
                identity.modifiedNanoseconds == Int64(seen.st_mtim.tv_sec) * 1_000_000_000 + Int64(seen.st_mtim.tv_nsec)
            )
            #expect(SourceFile.judge(identity) == .same)
            let file = try SourceFile.open(identity)
            var bytes = [UInt8](repeating: 0, count: 300)
            #expect(pread(file.descriptor, &bytes, 300, 0) == 300 && bytes == pattern(300))
            #expect(fcntl(file.descriptor, F_GETFD) & FD_CLOEXEC != 0)
        }
    }

    @Test("a device that has another number after a boot is no other file; another inode, size or time is")
    func device() throws {
        var identity = try SourceFile.identity(of: folder.write("movie", pattern(300)))
        identity.device &+= 1
        #expect(SourceFile.judge(identity) == .same)
        _ = try SourceFile.open(identity)
        let changes: [(inout SourceIdentity) -> Void] = [
            { $0.inode &+= 1 }, { $0.size += 1 }, { $0.modifiedNanoseconds += 1 },
        ]
        for change in changes {
            var other = identity
            change(&other)
            #expect(SourceFile.judge(other) == .changed)
        }
    }

    @Test("what cannot be sent is refused, each for its own reason, and nothing hangs on a pipe")
    func refusals() throws {
        #expect(mkfifo(folder / "pipe", 0o600) == 0)
        symlink(folder / "nowhere", folder / "dangling")
        symlink(folder / "loop", folder / "loop")
        try folder.write("plain", [])
        let expected: [(String, TransferFailure.Code)] = [
            (folder / "missing", .sourceMissing), (folder / "dangling", .sourceMissing),
            (folder / "plain/below", .sourceMissing), (folder.path, .sourceIsDirectory),
            (folder / "pipe", .sourceIsSpecial), ("/dev/null", .sourceIsSpecial), ("/dev/zero", .sourceIsSpecial),
            (folder / "loop", .sourceUnreadable), ("relative", .sourceMissing), ("", .sourceMissing),
            ("/a\0b", .sourceMissing),
        ]
        for (path, reason) in expected {
            #expect(code { () throws(TransferFailure) in try SourceFile.identity(of: path) } == reason, "\(path)")
        }
        // To open a device may already do something.
        for path in [folder / "pipe", "/dev/null", folder.path] {
            let script = FaultScript()
            _ = script.during { code { () throws(TransferFailure) in try SourceFile.identity(of: path) } }
            #expect(script.calls.map(\.name) == [.lstat])
        }
        for error in [EACCES, EPERM, EIO] {
            let script = FaultScript(.init(number: 1, error: error))
            let path = folder / "plain"
            script.during {
                #expect(
                    code { () throws(TransferFailure) in try SourceFile.identity(of: path) } == .sourceUnreadable)
            }
            #expect(script.calls.map(\.name) == [.lstat, .open] && script.openDescriptors.isEmpty)
        }
    }

    @Test("an empty file can be sent")
    func empty() throws {
        #expect(try SourceFile.identity(of: folder.write("empty", [])).size == 0)
    }

    enum Change: String, CaseIterable { case truncated, grown, rewritten, replaced, deleted, directory }

    @Test(
        "a file that was truncated, grown, rewritten, replaced or deleted is seen, at opening and after",
        arguments: Change.allCases)
    func changes(change: Change) throws {
        let path = try folder.write("movie", pattern(300))
        let identity = try SourceFile.identity(of: path)
        let file = try SourceFile.open(identity)
        switch change {
        case .truncated: truncate(path, 299)
        case .grown: truncate(path, 301)
        case .rewritten:
            // The same bytes, the same size: only the time tells.
            try folder.write("movie", pattern(300))
            var times = [timespec(tv_sec: 1, tv_nsec: 0), timespec(tv_sec: 1, tv_nsec: 1)]
            utimensat(AT_FDCWD, path, &times, 0)
        case .replaced:
            let other = try folder.write("other", pattern(300))
            var times = [about(path).st_mtim, about(path).st_mtim]
            utimensat(AT_FDCWD, other, &times, 0)
            #expect(rename(other, path) == 0)
        case .deleted: unlink(path)
        case .directory:
            unlink(path)
            mkdir(path, 0o700)
        }
        #expect(SourceFile.judge(identity) == (change == .deleted ? .missing : .changed))
        let reason: TransferFailure.Code =
            switch change {
            case .deleted: .sourceMissing
            case .directory: .sourceIsDirectory
            default: .sourceChanged
            }
        #expect(code { () throws(TransferFailure) in try SourceFile.open(identity) } == reason)
        _ = file
    }

    @Test("who may not look is told so by errno")
    func unreadable() throws {
        let identity = try SourceFile.identity(of: folder.write("movie", [1]))
        FaultScript(.init(number: 0, error: EACCES)).during {
            #expect(SourceFile.judge(identity) == .unreadable(EACCES))
        }
    }

    @Test("digests of a whole file are those of the standards, all in one reading")
    func digests() throws {
        func hex(_ bytes: [UInt8]?) -> String { (bytes ?? []).map { String(format: "%02x", $0) }.joined() }
        let abc = try FileDigest.digests(
            Set(ContentDigest.Algorithm.allCases), ofFileAt: folder.write("abc", Array("abc".utf8)))
        #expect(hex(abc[.md5]) == "900150983cd24fb0d6963f7d28e17f72")
        #expect(hex(abc[.sha1]) == "a9993e364706816aba3e25717850c26c9cd0d89d")
        #expect(hex(abc[.sha256]) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(hex(abc[.sha512]).hasPrefix("ddaf35a193617abacc417349ae204131"))
        let million = try folder.write("million", Array(repeating: UInt8(ascii: "a"), count: 1_000_000))
        // Longer than one piece of the reading.
        let long = try folder.write("long", Array(repeating: 0, count: 3_000_001))
        #expect(
            hex(try FileDigest.digests([.sha256], ofFileAt: million)[.sha256])
                == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
        #expect(
            try FileDigest.digests([.md5, .sha1], ofFileAt: long)
                == [.md5: sum("md5sum", long), .sha1: sum("sha1sum", long)])
    }

    /// What coreutils say.
    private func sum(_ program: String, _ path: String) throws -> [UInt8] {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/" + program)
        process.arguments = [path]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let text = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        let digits = Array(text.prefix { $0 != " " })
        return stride(from: 0, to: digits.count, by: 2).compactMap { UInt8(String(digits[$0...($0 + 1)]), radix: 16) }
    }
}
