// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

#if os(Linux) && Systemd

/// Questions to the system bus that no task asks, but who looks for trouble does.
package enum SystemBus {
    /// Why the bus cannot be used; nil if it can.
    package static func refusal() -> String? {
        do throws(BusError) {
            let bus = try Bus(.systemBus, trusted: nil)
            _ = try bus.call(
                "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "GetId")
            return nil
        } catch {
            return error.cause
        }
    }

    /// Whether the kernel counts its clock as synchronised (org.freedesktop.timedate1(5), "NTPSynchronized").
    package static func isClockSynchronised() throws(BusError) -> Bool {
        let bus = try Bus(.systemBus, trusted: nil)
        let value = try bus.property(
            "org.freedesktop.timedate1", "/org/freedesktop/timedate1", "org.freedesktop.timedate1", "NTPSynchronized")
        return value.bool ?? false
    }
}

#endif
