// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

#if os(Linux) && Systemd

import SchedulingCore

/// How this process was started, as its environment told at the first look; the variables are gone afterwards, so that
/// children do not take our launch for theirs.
package struct Launch: Hashable, Sendable {
    package let context: LaunchContext
    package let notifier: ServiceNotifier

    /// This process's launch; read, and removed from the environment, at the first use.
    package static let current = Launch(context: .ordinary, notifier: ServiceNotifier(socket: nil))
}

#endif
