// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Foundation
import Testing

/// The one place where host tests wait: for something to become true, with a deadline that fails the test by name.
struct Eventually: Error, CustomStringConvertible {
    let what: String
    let last: String
    var description: String { "waited in vain until \(what); last seen: \(last)" }

    /// Waits until `condition` holds, at most `seconds`.
    static func holds(
        _ what: String, within seconds: Double = 30, seen: () -> String = { "" }, _ condition: () throws -> Bool
    ) async throws {
        let deadline = Date.timeIntervalSinceReferenceDate + seconds
        while try !condition() {
            guard Date.timeIntervalSinceReferenceDate < deadline else { throw Eventually(what: what, last: seen()) }
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    /// Seconds since 1970.
    static var now: Double { Date().timeIntervalSince1970 }

    /// Lets a stretch of time pass in which nothing is to happen.
    static func nothingHappens(for seconds: Double) async throws {
        try await Task.sleep(for: .seconds(seconds))
    }
}
