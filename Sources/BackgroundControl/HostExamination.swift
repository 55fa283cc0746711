// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

/// What was seen of the host, for `doctor` to judge.
package struct HostExamination: Hashable, Sendable {
    /// What was asked, and what came of it.
    package enum Answer: Hashable, Sendable {
        case yes
        case no(why: String)
        /// Nobody could tell.
        case unknown(why: String)
    }

    package var isSystemWide: Bool
    package var uid: UInt32
    package var userName: String?
    /// How the manager is called: "the user manager of uid 1000 (…)".
    package var managerName: String
    package var manager: Answer
    package var lingering: Answer
    package var bus: Answer
    package var inhibitors: Answer
    package var clock: Answer
    /// How many apps are installed as units.
    package var installedApps: Int
    package var apps: Int

    package init(
        isSystemWide: Bool, uid: UInt32, userName: String?, managerName: String, manager: Answer, lingering: Answer,
        bus: Answer, inhibitors: Answer, clock: Answer, installedApps: Int, apps: Int
    ) {
        self.isSystemWide = isSystemWide
        self.uid = uid
        self.userName = userName
        self.managerName = managerName
        self.manager = manager
        self.lingering = lingering
        self.bus = bus
        self.inhibitors = inhibitors
        self.clock = clock
        self.installedApps = installedApps
        self.apps = apps
    }

    /// What follows from it, in the order in which things depend on each other.
    package var findings: [Finding] {
        var findings: [Finding] = []
        if apps == 0 {
            findings.append(
                Finding(
                    "apps", .warning, "no app of this user has background tasks here",
                    remedy: "start the app once; it appears with its first request"))
        } else {
            findings.append(
                Finding("apps", .fine, apps == 1 ? "1 app has background tasks" : "\(apps) apps have background tasks"))
        }
        findings.append(managerFinding)
        if !isSystemWide { findings.append(lingeringFinding) }
        findings.append(busFinding)
        if bus == .yes {
            findings.append(
                finding(
                    "inhibitors", inhibitors, bad: .warning, fine: "logind grants locks on sleep and shutdown",
                    "logind refuses locks on sleep and shutdown, so that running tasks are cut without a warning",
                    remedy: "sudo apt install polkitd && sudo systemctl restart polkit"))
            findings.append(
                finding(
                    "clock", clock, bad: .warning, fine: "the clock is synchronised",
                    "the clock is not synchronised, so that tasks may run at wrong times",
                    remedy: "sudo timedatectl set-ntp true"))
        }
        return findings
    }

    private var control: String { isSystemWide ? "systemctl" : "systemctl --user" }
    private var user: String { userName ?? "\(uid)" }

    private var managerFinding: Finding {
        switch manager {
        case .yes: return Finding("manager", .fine, managerName + " answers")
        case .no(let why), .unknown(let why):
            // Where no app was ever installed as a unit, this may be a host without systemd, on purpose.
            return Finding(
                "manager", installedApps > 0 ? .problem : .warning,
                managerName + " cannot be reached: \(why); "
                    + "apps run their tasks only while a process of theirs lives",
                remedy: isSystemWide
                    ? "boot with systemd"
                    : "sudo loginctl enable-linger \(user) && sudo systemctl start user@\(uid).service")
        }
    }

    private var lingeringFinding: Finding {
        finding(
            "lingering", lingering, bad: installedApps > 0 ? .problem : .warning,
            fine: "lingering is on for \(user)",
            "lingering is off: nothing runs while \(user) is not logged in, nor after a reboot before the first login",
            remedy: "loginctl enable-linger \(user)")
    }

    private var busFinding: Finding {
        finding(
            "bus", bus, bad: .warning, fine: "the system bus answers",
            "the system bus cannot be reached, so that nobody tells tasks of sleep and shutdown",
            remedy: "sudo apt install dbus && sudo systemctl start dbus.socket")
    }

    private func finding(
        _ check: String, _ answer: Answer, bad: Finding.Weight, fine: String, _ message: String, remedy: String
    ) -> Finding {
        switch answer {
        case .yes: Finding(check, .fine, fine)
        case .no(let why): Finding(check, bad, why.isEmpty ? message : message + " (\(why))", remedy: remedy)
        case .unknown(let why): Finding(check, .warning, "nobody could tell whether " + fine + ": " + why)
        }
    }
}
