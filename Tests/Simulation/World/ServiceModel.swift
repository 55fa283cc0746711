// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

/// The service manager of the simulated host: transient timers, the services that they start, and their restarts, as
/// systemd keeps them for the units that the product writes.
struct ServiceModel {
    struct Timer {
        var name: String
        /// On the wall clock (`OnCalendar=`); nil once it is past.
        var calendar: Int64?
        /// On the awake clock: the twin (`OnStartupSec=`), and a while after the service ended (`OnUnitInactiveSec=`).
        var monotonic: Int64?
        var appointment: Int?
        var hasFired = false
    }

    struct Service {
        var name: String
        /// Nil while it waits for its restart.
        var process: Int32?
        /// When it was started, on the awake clock, in the present interval of its start limit.
        var starts: [Int64] = []
    }

    var timers: [Timer] = []
    var services: [Service] = []
    var generation = 1
    var count = 0
    /// Whether the launch at login, or at boot, is enabled; on disk.
    var isEnabled = false

    static let retryAfterDeath: Int64 = 900_000_000
    static let restartDelay: Int64 = 2_000_000
    static let startInterval: Int64 = 600_000_000
    static let startBurst = 4
    static let horizon: Int64 = 30 * 86_400 * 1_000_000

    func timer(_ name: String) -> Int? { timers.firstIndex { $0.name == name } }
    func service(_ name: String) -> Int? { services.firstIndex { $0.name == name } }
}
