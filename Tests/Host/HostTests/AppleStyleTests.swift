// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Foundation
import Testing

extension OnAHost {
    /// `Examples/applestyle`: an app's file as it is, installed with its plist.
    @Suite("An app's code, unchanged, on the host", .serialized)
    struct AppleStyle {
        private static let program = "/usr/local/bin/applestyle"
        let host: TestHost

        init() throws {
            host = try TestHost.shared()
            let example = TestHost.root + "/Examples/applestyle"
            // SwiftPM does not build a client anew when only a module changed that its import re-exports.
            let sources = ["Journal.swift", "Main.swift"].map { example + "/Sources/applestyle/" + $0 }
            _ = TestHost.execute(["/usr/bin/env", "touch"] + sources)
            let (status, output) = TestHost.execute([
                "/usr/bin/env", "swift", "build", "--package-path", example,
            ])
            try #require(status == 0, "\(output)")
            try host.call(["install", example + "/.build/debug/applestyle", AppleStyle.program])
            try host.call(["install", example + "/applestyle.plist", AppleStyle.program + ".plist"])
            try host.call(["power", "ac"])
        }

        @Test("it is refreshed and cleaned up by systemd, repeats, and exports with progress; the plist names it")
        func life() async throws {
            try host.user([AppleStyle.program, "schedule", "1"])
            #expect(host.systemctl("list-timers", "--all").contains("app-background-org.example.applestyle@"))
            try await Eventually.holds("the refresh and the clean-up ran", seen: { history }) {
                history.contains("org.example.applestyle.refresh: succeeded")
                    && history.contains("org.example.applestyle.cleaning: succeeded")
            }
            #expect(try host.user([AppleStyle.program]) == "A new entry\n", "the old entry is cleaned away")
            #expect(
                try host.user([AppleStyle.program, "pending"]) == "org.example.applestyle.refresh\n", "the next one")
            #expect(try host.user([AppleStyle.program, "export"]).contains("exported"))
            // Recorded before the program ended, which it did right after the completion.
            #expect(
                history.split(separator: "\n").contains { $0.contains(".export") && $0.contains("succeeded") },
                "\(history)")
            let export = try host.user(["cat", "/home/tester/.local/share/applestyle/export.txt"])
            #expect(export == "A new entry\n")
        }

        private var history: String { host.attempt(["user", AppleStyle.program, "history"]).output }
    }
}
