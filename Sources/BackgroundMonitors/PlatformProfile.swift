// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

#if os(Linux)

/// The platform profile: how the firmware weighs power against speed, set by the user through a daemon.
/// Kernel documentation, "Platform Profile Selection (e.g. /sys/firmware/acpi/platform_profile)".
package enum PlatformProfile {
    /// Whether the profile is the one for saving power; false where there is none.
    package static func isLowPower(path: String = "/sys/firmware/acpi/platform_profile") -> Bool {
        (try? SmallFile.text(at: path, limit: 64)) == "low-power"
    }
}

#endif
