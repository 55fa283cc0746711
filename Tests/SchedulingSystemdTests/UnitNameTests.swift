// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

#if os(Linux) && Systemd

import Glibc
import SchedulingCore
import SchedulingSystemd
import Testing

@Suite("Unit names")
struct UnitNameTests {
    static let texts = [
        "org.example.reader", "a@b", "a-b", "/", "/a/b/", ".hidden", "..", "a..b", "a b", "100%", "$HOME",
        "back\\slash",
        "\"quoted\"", "naïve", "🦊", "a:b_c", "line\nfeed", "-", "--", "@", "tab\tbed", "\u{7f}", "x.service",
    ]

    @Test("an id is escaped exactly as systemd-escape does it", arguments: texts)
    func escapesAsSystemd(_ text: String) throws {
        #expect(UnitName.escape(text) == (try output(of: "/usr/bin/systemd-escape", ["--", text])))
    }

    @Test("an escaped id is unescaped to what it was", arguments: texts)
    func unescapes(_ text: String) throws {
        #expect(UnitName.unescape(try #require(UnitName.escape(text))) == text)
    }

    @Test("a broken escape is no id", arguments: ["\\x4", "\\y40", "\\xzz", "\\", "\\x00", "\\xff", ""])
    func refusesBrokenEscapes(_ escaped: String) {
        #expect(UnitName.unescape(escaped) == nil)
    }

    @Test("an empty id has no escaped form")
    func refusesEmpty() {
        #expect(UnitName.escape("") == nil)
    }

    @Test(
        "an id that cannot name a unit is refused with a reason",
        arguments: ["", "a\nb", "a\0b", "\u{85}", "/", "//", "..", " ", String(repeating: "x", count: 207), "\u{1f}"])
    func refusesBadIdentifiers(_ identifier: String) {
        let failure = #expect(throws: SchedulingFailure.self) { try UnitName.validate(appIdentifier: identifier) }
        #expect(failure?.code == .invalidArgument)
        #expect(failure?.cause.isEmpty == false)
    }

    @Test(
        "an id that can name a unit is taken, whatever it must be escaped to",
        arguments: ["a", "org.example/reader", "a@b%c $d", "🦊", String(repeating: "x", count: 206)])
    func takesGoodIdentifiers(_ identifier: String) throws {
        try UnitName.validate(appIdentifier: identifier)
        let longest = UnitName.service(
            appIdentifier: identifier, instance: String(repeating: "f", count: UnitName.instanceLength))
        #expect(longest.utf8.count <= 255)
    }

    @Test("the escaped length is what is limited, not the id's own")
    func countsEscapedBytes() {
        #expect(throws: SchedulingFailure.self) {
            try UnitName.validate(appIdentifier: String(repeating: "@", count: 52))
        }
    }

    @Test("the app is found in the name of its units")
    func findsApp() {
        #expect(UnitName.template(appIdentifier: "a@b/c") == "app-background-a\\x40b-c@.service")
        #expect(UnitName.appIdentifier(inUnit: "app-background-a\\x40b-c@.service") == "a@b/c")
        #expect(UnitName.appIdentifier(inUnit: UnitName.timer(appIdentifier: "x", instance: "1")) == "x")
        #expect(UnitName.appIdentifier(inUnit: "app-gnome@1.service") == nil)
        #expect(UnitName.appIdentifier(inUnit: "app-background-x.service") == nil)
    }
}

/// What a program prints, without the newline at its end.
func output(of program: String, _ arguments: [String]) throws -> String {
    var ends: [Int32] = [0, 0]
    guard pipe(&ends) == 0 else { throw Unstarted(number: errno) }
    defer { close(ends[0]) }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
    posix_spawn_file_actions_adddup2(&actions, ends[1], 2)
    posix_spawn_file_actions_addclose(&actions, ends[0])
    var words = ([program] + arguments).map { strdup($0) } + [nil]
    defer { words.forEach { free($0) } }
    var child: pid_t = 0
    let result = posix_spawn(&child, program, &actions, nil, &words, environ)
    close(ends[1])
    guard result == 0 else { throw Unstarted(number: result) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4096)
    while true {
        let count = read(ends[0], &buffer, buffer.count)
        guard count > 0 else { break }
        bytes.append(contentsOf: buffer[..<count])
    }
    var status: Int32 = 0
    waitpid(child, &status, 0)
    if bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
    return String(decoding: bytes, as: UTF8.self)
}

struct Unstarted: Error { var number: Int32 }

#endif
