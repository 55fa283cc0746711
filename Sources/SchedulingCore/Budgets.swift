// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

/// How long a task may run, and how long it has to end after it was told to stop.
public struct Budgets: Hashable, Sendable {
    /// For one refresh. Default: 30 seconds, as on iOS.
    public var refresh: Duration
    /// For one processing task. Default: 10 minutes.
    public var processing: Duration
    /// Between the expiration handler's call and the moment at which the run is closed. Default: 5 seconds. A host that
    /// is going to sleep or down may allow less.
    public var expirationGrace: Duration

    /// Budgets; what is not named has its default.
    public init(
        refresh: Duration = .seconds(30), processing: Duration = .seconds(600),
        expirationGrace: Duration = .seconds(5)
    ) {
        self.refresh = refresh
        self.processing = processing
        self.expirationGrace = expirationGrace
    }

    package subscript(kind: TaskKind) -> Duration {
        switch kind {
        case .refresh: refresh
        case .processing, .health: processing
        // Progress decides, not a clock.
        case .continued, .transfers: .seconds(Int64.max / 4_000_000)
        }
    }
}
