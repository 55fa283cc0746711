// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSurroundings

/// An instant in a report; in JSON it is a text in UTC with milliseconds.
package struct Instant: Hashable, Sendable, Encodable {
    package var wall: WallTime

    package init(_ wall: WallTime) { self.wall = wall }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(InstantText.machine(wall))
    }
}
