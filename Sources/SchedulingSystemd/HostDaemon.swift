// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

#if os(Linux) && Systemd

import BackgroundSurroundings

/// A daemon on the system bus that says something of the conditions: where it is asked, what it announces, and what its
/// words mean. A word of another type or value than documented means nothing: nil.
package enum HostDaemon: String, Sendable, CaseIterable {
    case upower = "org.freedesktop.UPower"
    case logind = "org.freedesktop.login1"
    case networkManager = "org.freedesktop.NetworkManager"
    case networkd = "org.freedesktop.network1"

    /// One property of one object.
    package struct Property: Hashable, Sendable {
        package var daemon: HostDaemon
        package var path: String
        package var interface: String
        package var name: String
    }

    /// Its name for people.
    package var title: String {
        switch self {
        case .upower: "UPower"
        case .logind: "logind"
        case .networkManager: "NetworkManager"
        case .networkd: "systemd-networkd"
        }
    }

    /// Which conditions it can speak of.
    package var kinds: ConditionKinds {
        switch self {
        case .upower: [.power, .battery]
        case .logind: [.power, .user]
        case .networkManager: [.network, .metered, .constrained]
        case .networkd: [.network]
        }
    }

    /// What to listen to for these: the daemon's coming and going, and its announcements of changed properties.
    package func rules(for kinds: ConditionKinds) -> Set<String> {
        let kinds = kinds.intersection(self.kinds)
        if kinds.isEmpty { return [] }
        var rules: Set = [
            "type='signal',sender='org.freedesktop.DBus',interface='org.freedesktop.DBus',member='NameOwnerChanged',"
                + "arg0='\(rawValue)'"
        ]
        func changes(_ path: String, _ interface: String) {
            rules.insert(
                "type='signal',sender='\(rawValue)',path='\(path)',interface='org.freedesktop.DBus.Properties',"
                    + "member='PropertiesChanged',arg0='\(interface)'")
        }
        switch self {
        case .upower:
            if kinds.contains(.power) { changes(UPower.path, UPower.interface) }
            if kinds.contains(.battery) { changes(UPower.devicePath, UPower.deviceInterface) }
        // logind announces no change of power: the kernel does. Nor does it announce the idleness that comes or goes with a
        // session.
        case .logind:
            guard kinds.contains(.user) else { break }
            changes(LogindIdleness.path, LogindIdleness.interface)
            for member in ["SessionNew", "SessionRemoved"] {
                rules.insert(
                    "type='signal',sender='\(rawValue)',path='\(LogindIdleness.path)',"
                        + "interface='\(LogindIdleness.interface)',member='\(member)'")
            }
        case .networkManager: changes(NetworkManager.path, rawValue)
        case .networkd: changes(Networkd.path, Networkd.interface)
        }
        return rules
    }
}

#endif
