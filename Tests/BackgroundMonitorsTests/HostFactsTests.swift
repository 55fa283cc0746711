// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

#if os(Linux)
import BackgroundMonitors
import Foundation
import Testing

@Suite("Facts of the host")
struct HostFactsTests {
    @Test("This process and this boot are identified")
    func current() {
        let facts = HostFacts.current()
        #expect(facts.processID == getpid())
        #expect(facts.userID == getuid())
        #expect(facts.bootID.count == 36)
        #expect(facts.executablePath.hasPrefix("/"))
        #expect(facts == .current())
    }

    @Test("The mark of a deleted program is no part of its path, unless the file is called so")
    func deleted() {
        #expect(HostFacts.executablePath(link: "/a/b") { _ in false } == "/a/b")
        #expect(HostFacts.executablePath(link: "/a/b (deleted)") { _ in false } == "/a/b")
        #expect(HostFacts.executablePath(link: "/a/b (deleted)") { $0 == "/a/b (deleted)" } == "/a/b (deleted)")
        #expect(HostFacts.executablePath(link: "/a/b (deleted) (deleted)") { _ in false } == "/a/b (deleted)")
        #expect(HostFacts.executablePath(link: "") { _ in false } == "")
    }

    @Test("A machine without an identity, or not yet with one, has the empty one")
    func machineID() throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "machine-id-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: file) }
        #expect(HostFacts.machineID(at: file.path) == "")
        try Data("uninitialized\n".utf8).write(to: file)
        #expect(HostFacts.machineID(at: file.path) == "")
        try Data("b08dfa6083e7567a1921a715000001fb\n".utf8).write(to: file)
        #expect(HostFacts.machineID(at: file.path) == "b08dfa6083e7567a1921a715000001fb")
    }
}
#endif
