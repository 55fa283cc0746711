// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

/// What sort of work a task does; it decides the limits and the budget.
public enum TaskKind: Int, Hashable, Sendable, CaseIterable, CustomStringConvertible {
    /// A short update of content: seconds.
    case refresh = 1
    /// Longer, deferrable work: minutes.
    case processing = 2
    /// Processing for a health study: limited and budgeted as processing.
    case health = 4

    /// Work that a user's action started in a running program, and that goes on beside it.
    case continued = 3

    /// The transfers of one background session: outside of the app's limits, without a budget. Nobody submits one; it
    /// follows its session.
    case transfers = 5

    /// The word that people read.
    public var description: String {
        switch self {
        case .refresh: "refresh"
        case .processing: "processing"
        case .continued: "continued"
        case .health: "health research"
        case .transfers: "transfers"
        }
    }

    /// The kind with which it shares a limit.
    package var limitedAs: TaskKind { self == .health ? .processing : self }
}
