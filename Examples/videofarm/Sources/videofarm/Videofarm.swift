// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Background
import Foundation

/// Shares videos with a farm. It never stays: what takes long is carried on by launches of systemd.
@main
struct Videofarm {
    static func main() async throws {
        // Transfers work with the shared scheduler: it is told who we are before anything else.
        TaskScheduler.configureShared(.init(appIdentifier: "org.example.videofarm"))
        let carrier = Carrier()
        do {
            // 1. Hear how it ends, whatever earlier launches began. 2. If systemd started us for it, carry it on and go.
            try await carrier.attach()
            if try await TaskScheduler.shared.handleBackgroundLaunch() { return }

            // 3. Else a person did, and wants something. 4. What is left then goes on in the background.
            try await Command(CommandLine.arguments.dropFirst()).perform(with: carrier)
            try await carrier.uploader.continueInBackground()
        } catch {
            say("videofarm: \(error)")
            exit(1)
        }
    }
}
