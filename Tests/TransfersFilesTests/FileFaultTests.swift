// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSystemCalls
import Foundation
import Testing
import TransfersCore
import TransfersFiles

/// Each call into the kernel, failing with each of its errors: refused with its reason, or gone on without; nothing stays
/// open, nothing is half done, and afterwards it works.
@Suite("Every call for a file, failing in every way")
struct FileFaultTests {
    struct Work: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var prepare: @Sendable (TestFolder) throws -> Void = { _ in }
        var body: @Sendable (TestFolder) throws -> Void
        /// How it must be when it passed, and how it may be when it did not.
        var isDone: @Sendable (TestFolder) -> Bool
        var isUntouched: @Sendable (TestFolder) -> Bool = { _ in true }
    }

    private static func target(_ folder: TestFolder, replacing: Bool) -> DownloadTarget {
        DownloadTarget(destination: folder / "movie", partial: folder / ".p.part", replacesExisting: replacing)
    }

    static let works: [Work] = [
        Work(
            testDescription: "a partial file is made",
            body: { _ = try PartialFile.prepare($0 / "p", length: 0, total: 64 << 20) },
            isDone: { about($0 / "p").st_mode & S_IFMT == S_IFREG },
            isUntouched: { $0.read("p") == nil || $0.read("p") == [] }),
        Work(
            testDescription: "a partial file is cut", prepare: { try $0.write("p", pattern(100)) },
            body: { _ = try PartialFile.prepare($0 / "p", length: 60, total: 100) },
            isDone: { $0.read("p") == Array(pattern(100).prefix(60)) },
            isUntouched: { ($0.read("p")?.count ?? 0) >= 60 }),
        Work(
            testDescription: "a file is verified", prepare: { try $0.write("p", Array("abc".utf8)) },
            body: { folder in
                let sum = try FileDigest.digests([.sha256], ofFileAt: folder / "p")
                let (file, _) = try PartialFile.prepare(folder / "p", length: 3, total: nil)
                let digest = ContentDigest(.sha256, bytes: sum[.sha256] ?? [])
                #expect(try file.verify(length: 3, digests: [digest]) == .good)
            }, isDone: { $0.read("p") == Array("abc".utf8) }, isUntouched: { $0.read("p") == Array("abc".utf8) }),
        Work(
            testDescription: "a file is placed", prepare: { try $0.write(".p.part", pattern(9)) },
            body: { _ = try Placement.place(target($0, replacing: false), length: 9) },
            isDone: { $0.read("movie") == pattern(9) && $0.names == ["movie"] },
            // Placed, and only the folder could not be synchronized; or not placed.
            isUntouched: { $0.read("movie") == pattern(9) || $0.read(".p.part") == pattern(9) }),
        Work(
            testDescription: "a file is replaced",
            prepare: { folder in
                try folder.write(".p.part", pattern(9))
                try folder.write("movie", [1])
            },
            body: { _ = try Placement.place(target($0, replacing: true), length: 9) },
            isDone: { $0.read("movie") == pattern(9) && $0.names == ["movie"] },
            isUntouched: { folder in
                folder.read("movie") == pattern(9)
                    || folder.read(".p.part") == pattern(9) && folder.read("movie") == [1]
            }),
        Work(
            testDescription: "a source is copied", prepare: { try $0.write("movie", pattern(70_000)) },
            body: { _ = try TransferFolder($0 / "t").snapshot(of: $0 / "movie") },
            isDone: { folder in
                let names = (try? FileManager.default.contentsOfDirectory(atPath: folder / "t/snapshots")) ?? []
                return names.count == 1 && names.allSatisfy { folder.read("t/snapshots/" + $0) == pattern(70_000) }
            }, isUntouched: { $0.read("movie") == pattern(70_000) }),
        Work(
            testDescription: "a source is opened and judged", prepare: { try $0.write("movie", [1]) },
            body: { folder in
                let identity = try SourceFile.identity(of: folder / "movie")
                _ = try SourceFile.open(identity)
            }, isDone: { _ in true }),
    ]

    static let errors: [SystemCall: [Int32]] = [
        .open: [EACCES, EMFILE, ENFILE, ENOSPC, EROFS, EIO, ENOMEM, ELOOP, EDQUOT], .close: [EIO, EINTR],
        .fstat: [EIO, EOVERFLOW], .lstat: [EACCES, EIO, ELOOP, ENOMEM], .ftruncate: [EIO, EPERM],
        .fdatasync: [EIO, ENOSPC, EROFS, EDQUOT], .fsync: [EIO, ENOSPC, EROFS, EDQUOT],
        .fallocate: [ENOSPC, EIO, EFBIG, EOPNOTSUPP, EPERM], .rename: [EACCES, ENOSPC, EROFS, EIO, EDQUOT, EXDEV],
        .renameNew: [EACCES, ENOSPC, EROFS, EIO, EDQUOT, EXDEV, EINVAL, EEXIST], .unlink: [EACCES, EIO],
        .mkdir: [EACCES, ENOSPC, EROFS, EDQUOT, EIO], .access: [EACCES, EROFS],
        .cloneFile: [EOPNOTSUPP, EXDEV, EINVAL], .copyRange: [EXDEV, ENOSPC, EIO, EDQUOT, ENOSYS],
        .read: [EIO], .write: [ENOSPC, EIO, EDQUOT], .link: [EPERM],
    ]
    static let retried: Set<SystemCall> = [.open, .fsync, .fdatasync, .ftruncate, .fallocate, .copyRange, .read]

    @Test(arguments: works)
    func matrix(_ work: Work) throws {
        let clean = FaultScript()
        let first = try TestFolder()
        try work.prepare(first)
        try clean.during { try work.body(first) }
        #expect(clean.openDescriptors.isEmpty && work.isDone(first))
        var refused = 0
        for (number, call) in clean.calls.enumerated() {
            let errors = try #require(Self.errors[call.name], "no errors are listed for \(call)")
            for error in errors where try run(work, .init(number: number, error: error), call) { refused += 1 }
            if Self.retried.contains(call.name) {
                let wasRefused = try run(work, .init(number: number, error: EINTR, times: 3), call)
                #expect(!wasRefused, "\(call) was not tried again after EINTR")
            }
        }
        #expect(clean.calls.count > 2 && refused > 0)
    }

    /// Whether it was refused.
    private func run(_ work: Work, _ fault: FaultScript.Fault, _ call: FaultScript.Call) throws -> Bool {
        let folder = try TestFolder()
        try work.prepare(folder)
        let script = FaultScript(fault)
        let what: Comment = "\(call) fails with \(fault.error)"
        var isRefused = false
        do {
            try script.during { try work.body(folder) }
            #expect(work.isDone(folder), what)
        } catch let failure as TransferFailure {
            isRefused = true
            #expect(!failure.doing.isEmpty && !failure.cause.isEmpty && !failure.remedy.isEmpty, what)
            #expect(failure.subject.hasPrefix("/"), what)
            if fault.error == ENOSPC || fault.error == EDQUOT, call.name != .lstat, !call.subject.hasSuffix("/movie") {
                #expect(failure.code == .diskFull, "\(failure) \(what)")
            }
            #expect(work.isUntouched(folder), what)
        }
        #expect(script.openDescriptors.isEmpty, "left open: \(what)")
        if isRefused {
            #expect(throws: Never.self, what) { try work.body(folder) }
            #expect(work.isDone(folder), what)
        }
        return isRefused
    }
}
