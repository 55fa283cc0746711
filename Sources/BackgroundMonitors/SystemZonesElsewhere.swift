// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

#if !os(Linux)
import BackgroundSurroundings

/// Where nobody has written it yet: UTC, and nothing else.
package final class SystemZones: ZoneSource {
    package static let shared = SystemZones()

    package init() {}

    package func rules(for identifier: String?) throws(ZoneFailure) -> ZoneRules {
        guard identifier == nil || identifier == "UTC" else {
            throw ZoneFailure(
                subject: identifier ?? "", cause: "time zones are read on Linux only", remedy: "Use \"UTC\" here.")
        }
        return .utc
    }

    package func localIdentity() -> String { "UTC" }

    package func watch(_ onChange: @escaping @Sendable () -> Void) -> (any ZoneWatch)? { nil }
}
#endif
