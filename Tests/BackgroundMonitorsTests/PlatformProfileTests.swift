// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundMonitors
import Foundation
import Testing

@Suite("The platform profile")
struct PlatformProfileTests {
    @Test(
        "only the profile that saves power is low power; none at all is not",
        arguments: [("low-power\n", true), ("balanced\n", false), ("performance\n", false), ("", false)])
    func profiles(text: String, isLow: Bool) throws {
        let path = NSTemporaryDirectory() + "/profile-\(UUID().uuidString)"
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        defer { unlink(path) }
        #expect(PlatformProfile.isLowPower(path: path) == isLow)
        #expect(!PlatformProfile.isLowPower(path: path + "-missing"))
    }
}
