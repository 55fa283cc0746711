// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

/// A day of the week, numbered as ISO 8601 does: Monday is 1, Sunday is 7.
public enum Weekday: Int, Hashable, Sendable, CaseIterable {
    case monday = 1
    case tuesday
    case wednesday
    case thursday
    case friday
    case saturday
    case sunday

    /// "monday".
    var name: String { "\(self)" }
    /// "Mon", as systemd writes it.
    var shortName: String { name.prefix(1).uppercased() + name.dropFirst().prefix(2) }
}
