// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

#if os(Linux)
import BackgroundMonitors
import BackgroundSurroundings
import Foundation
import Testing

@Suite("The system's time zones", .timeLimit(.minutes(5)))
final class SystemZonesTests: Sendable {
    private let root: String

    init() throws {
        root = NSTemporaryDirectory() + "zones-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: root + "/zoneinfo/Area", withIntermediateDirectories: true)
        try put(3600, "zoneinfo/Area/One")
        try put(7200, "zoneinfo/Two")
    }

    deinit { try? FileManager.default.removeItem(atPath: root) }

    /// The file of a zone with one offset for ever, put in place as a package manager does it.
    private func put(_ offset: Int32, _ name: String) throws {
        var bytes = Array("TZif".utf8) + [UInt8](repeating: 0, count: 35)
        bytes += [1, 0, 0, 0, 4] + withUnsafeBytes(of: offset.bigEndian) { Array($0) } + [0, 0] + Array("ABC\0".utf8)
        try Data(bytes).write(to: URL(filePath: root + "/" + name + ".new"))
        try #require(rename(root + "/" + name + ".new", root + "/" + name) == 0)
    }

    private func link(_ target: String) throws {
        _ = unlink(root + "/localtime.new")
        try #require(symlink(root + "/" + target, root + "/localtime.new") == 0)
        try #require(rename(root + "/localtime.new", root + "/localtime") == 0)
    }

    private func zones(directory: String = "zoneinfo", variable: String? = nil) -> SystemZones {
        SystemZones(directory: root + "/" + directory, localFile: root + "/localtime", variable: variable)
    }

    private func offset(_ rules: ZoneRules) -> Int64 { rules.offset(at: .epoch) }

    @Test("A zone is read by its name")
    func named() throws {
        #expect(try offset(zones().rules(for: "Area/One")) == 3600)
        #expect(try offset(zones().rules(for: "Two")) == 7200)
        #expect(try zones().rules(for: "UTC") == .utc)
    }

    @Test(
        "A name that is none, or leads out of the database, is refused",
        arguments: [
            "", "/etc/passwd", "../localtime", "Area/../Two", "Area//One", "Area/", ".", "Area/One\0", "Area/One ",
            "-Two",
            "Área/One", String(repeating: "A", count: 256),
        ])
    func refused(name: String) throws {
        do {
            _ = try zones().rules(for: name)
            Issue.record("taken: \(name)")
        } catch {
            #expect(error.cause == "this is no name of a time zone")
        }
    }

    @Test("A zone that is not there, a folder, a file that is no zone and a missing database are each told")
    func missing() throws {
        try Data("no zone, but long enough to hold a header, if it were one".utf8).write(
            to: URL(filePath: root + "/zoneinfo/Text"))
        for (directory, name, cause) in [
            ("zoneinfo", "Area/None", "no time zone of this name"), ("zoneinfo", "Area", "no time zone of this name"),
            ("zoneinfo", "Text", "it is no TZif file"), ("nowhere", "Two", "has no time zones"),
        ] {
            do {
                _ = try zones(directory: directory).rules(for: name)
                Issue.record("taken: \(name)")
            } catch {
                #expect(error.cause.contains(cause), "\(error)")
                #expect(error.subject == name)
                #expect(error.remedy.contains("tzdata"))
            }
        }
        // An image without tzdata.
        #expect(try zones(directory: "nowhere").rules(for: "UTC") == .utc)
        #expect(try zones(directory: "nowhere").rules(for: nil) == .utc)
    }

    @Test("The system's zone is where its link leads, and UTC without one")
    func local() throws {
        let zones = zones()
        #expect(try zones.rules(for: nil) == .utc)
        let first = zones.localIdentity()
        try link("zoneinfo/Area/One")
        #expect(try offset(zones.rules(for: nil)) == 3600)
        let second = zones.localIdentity()
        try link("zoneinfo/Two")
        #expect(try offset(zones.rules(for: nil)) == 7200)
        let third = zones.localIdentity()
        #expect(Set([first, second, third]).count == 3)
        #expect(zones.localIdentity() == third)
        // An update of tzdata: the same link, another file.
        try put(-3600, "zoneinfo/Two")
        #expect(try offset(zones.rules(for: nil)) == -3600)
        #expect(zones.localIdentity() != third)
        try link("zoneinfo/None")
        #expect(try zones.rules(for: nil) == .utc)
    }

    @Test("TZ decides before the link, in each of its forms")
    func variable() throws {
        try link("zoneinfo/Two")
        #expect(try zones(variable: "").rules(for: nil) == .utc)
        #expect(try offset(zones(variable: ":Area/One").rules(for: nil)) == 3600)
        #expect(try offset(zones(variable: "Area/One").rules(for: nil)) == 3600)
        #expect(try offset(zones(variable: root + "/zoneinfo/Area/One").rules(for: nil)) == 3600)
        #expect(try offset(zones(variable: "ABC-1:30").rules(for: nil)) == 5400)
        for text in ["Area/None", "../localtime", "ABC"] {
            do {
                _ = try zones(variable: text).rules(for: nil)
                Issue.record("taken: \(text)")
            } catch {
                #expect(error.subject == text)
                #expect(error.cause.contains("TZ names no time zone"))
            }
        }
        #expect(zones(variable: "ABC-1:30").localIdentity() != zones(variable: "ABC-2").localIdentity())
        #expect(zones(variable: "Area/One").watch {} == nil)
    }

    @Test("Whoever watches is told of a new link, of a new file behind it, and of a file behind the new link")
    func watched() async throws {
        try link("zoneinfo/Area/One")
        let zones = zones()
        let (changes, continuation) = AsyncStream<String>.makeStream()
        let watch = try #require(zones.watch { continuation.yield(zones.localIdentity()) })
        var iterator = changes.makeAsyncIterator()
        for step in 0..<4 {
            switch step {
            case 0: try link("zoneinfo/Two")
            case 1: try put(10, "zoneinfo/Two")
            case 2: try link("zoneinfo/Area/One")
            default: try put(20, "zoneinfo/Area/One")
            }
            let identity = zones.localIdentity()
            // Several events may belong to one change; what counts is that the last one was heard.
            while let heard = await iterator.next(), heard != identity {}
        }
        watch.stop()
    }
}
#endif
