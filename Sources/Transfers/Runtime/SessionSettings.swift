// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

/// How a session of transfers works in this process; other processes may have others.
package struct SessionSettings: Sendable, Equatable {
    /// Transfers at once, in all and with one host.
    package var totalLimit = 16
    package var hostLimit = 6
    /// Whether the program is started again for what is left when it has exited (`sessionSendsLaunchEvents`).
    package var sendsLaunchEvents = true

    package init() {}
}
