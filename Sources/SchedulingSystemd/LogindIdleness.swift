// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

#if os(Linux) && Systemd

/// What logind says of whoever uses the machine (org.freedesktop.login1(5), "IdleHint"): idle while every session says so,
/// and while there is none.
package enum LogindIdleness {
    static let path = "/org/freedesktop/login1"
    static let interface = "org.freedesktop.login1.Manager"
}

#endif
