// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

#if os(Linux) && Systemd

import BackgroundSystemCalls
import Glibc
import SchedulingCore
import SchedulingSystemd
import Testing

/// Each system call that a unit file's writer makes, failing with each error that the manual pages know for it: the file is
/// the old one or the new one, whole, and nothing is left beside it or open.
@Suite("Every system call of a durable file, failing in every way")
struct SystemCallFaultTests {
    static let errors: [SystemCall: [Int32]] = [
        .open: [EACCES, EMFILE, ENOSPC, EROFS, EIO, EDQUOT], .close: [EIO, EINTR], .read: [EIO, EISDIR],
        .write: [ENOSPC, EIO, EDQUOT], .fsync: [EIO, ENOSPC, EDQUOT], .rename: [EACCES, ENOSPC, EROFS, EIO],
        .unlink: [EACCES, EROFS, EIO], .mkdir: [EACCES, ENOSPC, EROFS], .lstat: [EACCES, EIO], .access: [EACCES, EIO],
        .fchmod: [EPERM, EIO, EROFS],
    ]
    static let retried: Set<SystemCall> = [.open, .read, .write, .fsync]

    @Test("writing anew, in directories that are there or missing", arguments: [true, false])
    func replace(isThere: Bool) throws {
        func prepare(_ file: DurableFile) throws {
            if isThere { try file.replace(with: "old", mode: 0o644, directoryMode: 0o755) }
        }
        try matrix(prepare) { file in
            try file.replace(with: "new", mode: 0o644, directoryMode: 0o755)
        } check: { file, hasFailed, call in
            let text = file.read()
            // After the rename only durability is in doubt, and the caller is told.
            #expect(text == "new" || hasFailed && text == (isThere ? "old" : nil), "\(text ?? "nothing"): \(call)")
            // Whether a directory is there is only asked to spare making it; one that is there need not be made.
            let isThere = call.name == .mkdir && !call.subject.contains("/a")
            if ![.close, .access, .unlink].contains(call.name), !isThere {
                #expect(hasFailed, "passed in silence: \(call)")
            }
        }
    }

    @Test("removing")
    func remove() throws {
        try matrix({ try $0.replace(with: "old", mode: 0o644, directoryMode: 0o755) }) { file in
            try file.remove()
        } check: { file, hasFailed, call in
            #expect(hasFailed || file.read() == nil, "\(call)")
            if call.name != .close { #expect(hasFailed, "passed in silence: \(call)") }
        }
    }

    @Test("reading: what cannot be read counts as missing, and is written anew")
    func read() throws {
        try matrix({ try $0.replace(with: "old", mode: 0o644, directoryMode: 0o755) }) { file in
            #expect([nil, "old"].contains(file.read()))
        } check: { file, _, call in
            #expect(file.read() == "old", "\(call)")
        }
    }

    private func matrix(
        _ prepare: (DurableFile) throws -> Void, _ body: (DurableFile) throws -> Void,
        check: (DurableFile, Bool, FaultScript.Call) throws -> Void
    ) throws {
        let clean = try once(prepare, nil, body) { _, _ in }
        for (number, call) in clean.calls.enumerated() {
            for error in try #require(SystemCallFaultTests.errors[call.name], "no errors are listed for \(call)") {
                _ = try once(prepare, .init(number: number, error: error), body) { try check($0, $1, call) }
            }
            guard SystemCallFaultTests.retried.contains(call.name) else { continue }
            _ = try once(prepare, .init(number: number, error: EINTR, times: 3), body) { _, hasFailed in
                #expect(!hasFailed, "not tried again after EINTR: \(call)")
            }
        }
        #expect(clean.calls.count > 2)
    }

    private func once(
        _ prepare: (DurableFile) throws -> Void, _ fault: FaultScript.Fault?, _ body: (DurableFile) throws -> Void,
        check: (DurableFile, Bool) throws -> Void
    ) throws -> FaultScript {
        // No programs here: a child keeps the locks of other tests alive until it has begun.
        var name = Array((access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp").utf8CString.dropLast())
        name += "/background-durable-XXXXXX".utf8CString
        guard mkdtemp(&name) != nil else { throw SchedulingFailure.ofTest(errno) }
        let root = name.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
        defer {
            for file in names(in: root + "/a/b") { unlink(root + "/a/b/" + file) }
            for folder in ["/a/b", "/a", ""] { rmdir(root + folder) }
        }
        let file = DurableFile(directory: root + "/a/b", name: "unit")
        try prepare(file)
        let script = FaultScript(fault)
        var hasFailed = false
        do {
            try script.during { try body(file) }
        } catch let error as SchedulingFailure {
            hasFailed = true
            #expect(!error.cause.isEmpty && !error.remedy.isEmpty && error.subject == file.path)
            if let number = fault?.error, [ENOSPC, EDQUOT].contains(number) { #expect(error.code == .diskFull) }
        }
        #expect(script.openDescriptors.isEmpty)
        try check(file, hasFailed)
        if hasFailed { #expect(throws: Never.self) { try body(file) } }
        let left = (try? output(of: "/bin/ls", ["-A", root + "/a/b"])) ?? ""
        #expect(
            !left.contains("swift-background") || fault?.number != nil && script.calls.contains { $0.name == .unlink })
        return script
    }

    private func names(in folder: String) -> [String] {
        guard let listing = opendir(folder) else { return [] }
        defer { closedir(listing) }
        var names: [String] = []
        while let entry = readdir(listing) {
            names.append(
                withUnsafePointer(to: &entry.pointee.d_name) {
                    $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                })
        }
        return names.filter { $0 != "." && $0 != ".." }
    }
}

extension SchedulingFailure {
    fileprivate static func ofTest(_ number: Int32) -> SchedulingFailure {
        SchedulingFailure(.misuse, doing: "make a directory", subject: "", cause: "errno \(number)", remedy: "")
    }
}

#endif
