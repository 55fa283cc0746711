// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Foundation
import Testing

@testable import SchedulingRuntime

@Suite("The Info.plist beside the executable")
final class PropertyListTests {
    let directory = NSTemporaryDirectory() + "/plist-\(UUID().uuidString)"
    var executable: String { directory + "/app" }

    init() throws {
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    }
    deinit { try? FileManager.default.removeItem(atPath: directory) }

    func write(_ text: String, to name: String = "Info.plist") throws {
        try text.write(toFile: directory + "/" + name, atomically: true, encoding: .utf8)
    }

    func identity(_ configured: String? = nil, _ environment: [String: String] = [:]) -> AppIdentity {
        AppIdentity(configured: configured, environment: environment, executable: executable)
    }

    let plist = """
        <?xml version="1.0" encoding="UTF-8"?>
        <plist version="1.0"><dict>
        <key>CFBundleIdentifier</key><string>org.example.app</string>
        <key>BGTaskSchedulerPermittedIdentifiers</key><array><string>org.example.app.refresh</string></array>
        <key>UIBackgroundModes</key><array><string>fetch</string></array>
        </dict></plist>
        """

    @Test("without one everything is permitted, and the app is named after its executable, with a warning")
    func none() {
        let identity = identity()
        #expect(identity.identifier == "app")
        #expect(identity.warnings.count == 1)
        #expect(identity.permissions.refusal("anything", .processing) == nil)
    }

    @Test("it names the app and permits what it lists", arguments: ["Info.plist", "app.plist"])
    func lists(name: String) throws {
        try write(plist, to: name)
        let identity = identity()
        #expect(identity.identifier == "org.example.app")
        #expect(identity.warnings.isEmpty)
        #expect(identity.permissions.refusal("org.example.app.refresh", .refresh) == nil)
        #expect(identity.permissions.refusal("org.example.app.refresh", .processing) != nil)
        #expect(identity.permissions.refusal("org.example.app.other", .refresh) != nil)
    }

    @Test("the app's identifier: configuration, then the environment, then the plist")
    func order() throws {
        try write(plist)
        #expect(identity("mine", ["BACKGROUND_APP_ID": "theirs"]).identifier == "mine")
        #expect(identity(nil, ["BACKGROUND_APP_ID": "theirs"]).identifier == "theirs")
        #expect(identity(nil, ["BACKGROUND_APP_ID": ""]).identifier == "org.example.app")
    }

    @Test(
        "one that is no property list is told of and not used",
        arguments: ["", "<plist", "[1, 2", "<plist version=\"1.0\"><array/></plist>", "\u{0}\u{1}\u{2}"])
    func malformed(text: String) throws {
        try write(text)
        let identity = identity("mine")
        #expect(identity.warnings.contains { $0.contains("not used") })
        #expect(identity.permissions.refusal("anything", .refresh) == nil)
    }

    @Test("a huge one is not read")
    func huge() throws {
        try write(plist + String(repeating: " ", count: 1 << 20))
        #expect(identity("mine").warnings.contains { $0.contains("not used") })
    }

    @Test("one that cannot be read is told of")
    func unreadable() throws {
        try FileManager.default.createDirectory(
            atPath: directory + "/Info.plist", withIntermediateDirectories: true)
        #expect(identity("mine").warnings.contains { $0.contains("not used") })
    }
}
