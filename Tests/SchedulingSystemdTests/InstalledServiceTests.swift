// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

#if os(Linux) && Systemd

import Glibc
import SchedulingCore
import Testing

@testable import SchedulingSystemd

@Suite("What an installed unit says is read back")
struct InstalledServiceTests {
    private static let odd = ServiceSpecification(
        appIdentifier: "org.example/odd app@home", executable: "/opt/100% odd/bin-$x",
        arguments: ["a b", "\"q\"", "\\", "%n", ""],
        workingDirectory: "/srv/50% of it ", environment: [.init(name: "LANG", value: "de\tDE \"x\" \\ % é")],
        stateDirectory: "/var/lib/odd \"dir\" %")
    private static let plain = ServiceSpecification(
        appIdentifier: "org.example.reader", executable: "/usr/bin/reader", stateDirectory: "/var/lib/reader")

    private func read(_ unit: ServiceUnit, text: String? = nil, systemWide: Bool = false) throws -> InstalledService {
        try #require(InstalledService(fileName: unit.name, text: text ?? unit.text, systemWide: systemWide))
    }

    @Test("whatever was written comes back, word for word", arguments: [plain, odd])
    func roundTrip(specification: ServiceSpecification) throws {
        for systemWide in [false, true] {
            let unit = try ServiceUnit(specification, systemWide: systemWide)
            let service = try read(unit, systemWide: systemWide)
            #expect(service.isAsWritten)
            #expect(service.appIdentifier == specification.appIdentifier)
            #expect(service.specification?.executable == specification.executable)
            #expect(service.specification?.arguments == specification.arguments)
            #expect(service.specification?.environment == specification.environment)
            #expect(service.specification?.stateDirectory == specification.stateDirectory)
        }
    }

    @Test("what was edited is not as written; what no longer says what it starts has no specification")
    func edited() throws {
        let unit = try ServiceUnit(Self.plain, systemWide: false)
        let nicer = try read(unit, text: unit.text.replacing("RestartSec=2s", with: "RestartSec=5s"))
        #expect(!nicer.isAsWritten && nicer.specification != nil)
        let other = try read(unit, text: unit.text.replacing("ExecStart=:", with: "ExecStart="))
        #expect(other.specification == nil)
        let nowhere = try read(unit, text: unit.text.replacing("BACKGROUND_STATE_DIRECTORY", with: "SOMEWHERE"))
        #expect(nowhere.specification == nil)
        #expect(try read(unit, text: "").specification == nil)
        #expect(try read(unit, text: "ExecStart=:\"/bin/x\nEnvironment=\"A=\\q\"\n").specification == nil)
    }

    @Test(
        "other files are none of ours",
        arguments: [
            "app-background-x.service", "app-background-@.service", "x@.service", "app-background-x@1.service",
            "app-background-a\\xzz@.service",
        ])
    func others(name: String) {
        #expect(InstalledService(fileName: name, text: "", systemWide: false) == nil)
    }

    @Test("of two templates the preferred directory's counts; masks and links to nowhere are none")
    func library() throws {
        let root = try #require(mkdtemp(strdup("/tmp/unit-library-XXXXXX"))).asText
        defer { for name in ["a/x@.service", "a", "b"] { remove(root + "/" + name) } }
        for name in ["a", "b"] { mkdir(root + "/" + name, 0o700) }
        let unit = try ServiceUnit(Self.plain, systemWide: false)
        var other = Self.plain
        other.executable = "/usr/bin/other"
        let second = try ServiceUnit(other, systemWide: false)
        try DurableFile(directory: root + "/b", name: unit.name).replace(
            with: second.text, mode: 0o644, directoryMode: 0o755)
        let library = UnitLibrary(scope: .user, directories: [root + "/a", root + "/b", root + "/none"])
        #expect(symlink("/dev/null", root + "/a/" + unit.name) == 0)
        #expect(library.templates().map(\.service.specification?.executable) == ["/usr/bin/other"])
        try DurableFile(directory: root + "/a", name: unit.name).replace(
            with: unit.text, mode: 0o644, directoryMode: 0o755)
        #expect(library.templates().map(\.service.specification?.executable) == ["/usr/bin/reader"])
        for directory in ["/a", "/b"] { try DurableFile(directory: root + directory, name: unit.name).remove() }
    }
}

extension UnsafeMutablePointer<CChar> {
    fileprivate var asText: String { String(cString: self) }
}

#endif
