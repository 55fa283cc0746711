// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Foundation
import Testing
import TransferFixtures

@Suite("Who may read what transfers keep", .timeLimit(.minutes(5)))
struct PermissionTests {
    let scratch = try! ScratchFolder()

    /// Everything below a folder that others than its owner may look at, folders and files; and how many there are.
    private func open(to others: String) throws -> (paths: [String], count: Int) {
        let names = try FileManager.default.subpathsOfDirectory(atPath: others).map { others + "/" + $0 } + [others]
        let paths = names.filter { path in
            var about = stat()
            #expect(lstat(path, &about) == 0)
            let isFolder = about.st_mode & S_IFMT == S_IFDIR
            return about.st_mode & 0o7777 != (isFolder ? 0o700 : 0o600)
        }
        return (paths, names.count)
    }

    @Test(
        "files are the user's alone (0600, folders 0700), whatever the umask: books, locks, copies and partial files",
        arguments: ["000", "022"])
    func modes(mask: String) async throws {
        let server = try await TestServer("scripted")
        try await server.follow(
            script: """
                {"rules": [{"method": "GET", "do": {"answer": {"body": {"seed": 1, "length": 400000},
                "at": [{"body": 200000, "do": {"wait": "go"}}]}}},
                {"do": [{"read": 1000}, {"wait": "go"}, {"read": "all"}, {"answer": {"status": 201}}]}]}
                """)
        // A source that all may read is copied to where they may not.
        let source = try patternFile(scratch, "movie", 100_000)
        #expect(chmod(source, 0o666) == 0)
        let there = scratch.path + "/there"
        try FileManager.default.createDirectory(atPath: there, withIntermediateDirectories: false)
        let state = scratch.path + "/state"
        let copying = try VictimProcess([state, "snapshot", server.url("/up"), source, "0", "0", "up"], mask: mask)
        _ = try await server.log(began: 1)
        let loading = try VictimProcess(
            [state, "download", server.url("/down"), there + "/movie", "0", "0", "down"], mask: mask)
        // Its partial file is there, and something is in it.
        _ = try await server.log(began: 2)
        var parts: [String] = []
        while parts.isEmpty && !loading.isOver {
            parts = try FileManager.default.contentsOfDirectory(atPath: there).filter { $0.hasSuffix(".part") }
            await Task.yield()
        }
        #expect(parts.count == 1)
        for part in parts {
            var about = stat()
            #expect(lstat(there + "/" + part, &about) == 0 && about.st_mode & 0o7777 == 0o600)
        }
        let (readable, count) = try open(to: state)
        #expect(readable.isEmpty)
        // Database, log and index, two locks, the doorbell, four folders, the session's lock and the copy.
        #expect(count >= 10, "\(count)")
        let copies = try FileManager.default.contentsOfDirectory(atPath: state + "/transfers/snapshots")
        #expect(copies.count == 1)
        try await server.open(gate: "go")
        await copying.ended()
        await loading.ended()
        #expect(copying.lines.last == "ended succeeded" && loading.lines.last == "ended succeeded")
        #expect(try open(to: state).paths.isEmpty)
    }
}
