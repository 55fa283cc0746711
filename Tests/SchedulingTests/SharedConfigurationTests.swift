// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Foundation
import Scheduling
import Testing

/// In processes of their own: what is shared is made once in each.
@Suite("The configuration of the shared scheduler")
struct SharedConfigurationTests {
    @Test("what is given before the first use counts, the last one of several; what comes later is refused, and said")
    func late() async throws {
        let result = try await #require(
            processExitsWith: .success, observing: [\.standardErrorContent]
        ) {
            let folder = NSTemporaryDirectory() + "/shared-\(UUID().uuidString)"
            func configuration(_ name: String) -> TaskScheduler.Configuration {
                .init(appIdentifier: name, stateDirectory: folder)
            }
            #expect(TaskScheduler.configureShared(configuration("org.example.first")))
            #expect(TaskScheduler.configureShared(configuration("org.example.second")))
            #expect(TaskScheduler.shared.configuration.appIdentifier == "org.example.second")
            #expect(!TaskScheduler.configureShared(configuration("org.example.late")))
            #expect(TaskScheduler.shared.configuration.appIdentifier == "org.example.second")
            #expect(!FileManager.default.fileExists(atPath: folder))
        }
        let said = String(decoding: result.standardErrorContent, as: UTF8.self)
        let lines = said.split(separator: "\n").filter { $0.contains("shared scheduler is in use already") }
        #expect(lines.count == 1, "\(said)")
    }

    @Test("without one the shared scheduler has the defaults, and it is too late from then on")
    func none() async {
        await #expect(processExitsWith: .success) {
            setenv("BACKGROUND_APP_ID", "org.example.none", 1)
            #expect(TaskScheduler.shared.configuration == .init())
            #expect(!TaskScheduler.configureShared(.init(appIdentifier: "org.example.late")))
            #expect(TaskScheduler.shared.configuration == .init())
        }
    }
}
