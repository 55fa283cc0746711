// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

#if os(Linux) && Systemd

/// Speaks to the service manager that started this process (sd_notify(3)); silent without one.
package struct ServiceNotifier: Hashable, Sendable {
    /// The socket from `NOTIFY_SOCKET`; nil: nobody listens.
    package let socket: String?

    package init(socket: String?) { self.socket = socket }

    /// Sends lines like `READY=1`. Never blocks for long, never fails loudly.
    package func send(_ lines: String) {}
}

#endif
