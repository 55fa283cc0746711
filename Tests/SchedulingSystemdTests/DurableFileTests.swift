// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

#if os(Linux) && Systemd

import Glibc
import SchedulingSystemd
import Testing

@Suite("Durable files")
struct DurableFileTests {
    /// A fresh directory, removed afterwards.
    private func withDirectory(_ body: (String) throws -> Void) throws {
        let directory = try output(of: "/bin/mktemp", ["-d"])
        defer { _ = try? output(of: "/bin/rm", ["-rf", directory]) }
        try body(directory)
    }

    private func mode(_ path: String) -> mode_t {
        var about = stat()
        return stat(path, &about) == 0 ? about.st_mode & 0o7777 : 0
    }

    @Test("a file is written with its directories, its mode and nothing beside it")
    func writes() throws {
        try withDirectory { directory in
            let file = DurableFile(directory: directory + "/a/b", name: "unit")
            #expect(!file.exists)
            #expect(file.read() == nil)
            try file.replace(with: "one\n", mode: 0o644, directoryMode: 0o700)
            #expect(file.read() == "one\n")
            #expect(mode(file.path) == 0o644)
            #expect(mode(directory + "/a") == 0o700)
            #expect(try output(of: "/bin/ls", ["-A", directory + "/a/b"]) == "unit")
        }
    }

    @Test("a file is replaced whole, and a link is not written through")
    func replaces() throws {
        try withDirectory { directory in
            let target = DurableFile(directory: directory, name: "target")
            try target.replace(with: "kept", mode: 0o600, directoryMode: 0o700)
            let link = DurableFile(directory: directory, name: "link")
            _ = try output(of: "/bin/ln", ["-s", target.path, link.path])
            #expect(link.isLink)
            #expect(!target.isLink)
            try link.replace(with: "new", mode: 0o600, directoryMode: 0o700)
            #expect(!link.isLink)
            #expect(link.read() == "new")
            #expect(target.read() == "kept")
        }
    }

    @Test("a file is removed once, and a missing one is no error")
    func removes() throws {
        try withDirectory { directory in
            let file = DurableFile(directory: directory, name: "marker")
            try file.replace(with: "", mode: 0o600, directoryMode: 0o700)
            try file.remove()
            #expect(!file.exists)
            try file.remove()
            try DurableFile(directory: directory + "/missing", name: "marker").remove()
        }
    }

    @Test("what is no text is not read")
    func refusesBinary() throws {
        try withDirectory { directory in
            let file = DurableFile(directory: directory, name: "binary")
            _ = try output(of: "/bin/sh", ["-c", "printf '\\377' > \(file.path)"])
            #expect(file.exists)
            #expect(file.read() == nil)
            #expect(DurableFile(directory: directory, name: ".").read() == nil)
        }
    }

    @Test("a path is taken apart into directory and name")
    func splits() {
        #expect(DurableFile(path: "/a/b c/d") == DurableFile(directory: "/a/b c", name: "d"))
        #expect(DurableFile(path: "relative") == nil)
        #expect(DurableFile(path: "") == nil)
    }
}

#endif
