// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import SchedulingCore

/// The text of the app's template service unit. A pure function of the specification: the same text means that nothing
/// is to be written and nothing to be reloaded.
package struct ServiceUnit: Hashable, Sendable {
    /// `app-background-<id>@.service`.
    package let name: String
    private let specification: ServiceSpecification
    private let systemWide: Bool

    /// The instance that the manager starts by itself, which runs what was missed: at login, or at boot.
    package static func standingInstance(systemWide: Bool) -> String { systemWide ? "boot" : "login" }

    /// Throws `.invalidArgument` for what systemd could not start, or what cannot be written in a unit file.
    package init(_ specification: ServiceSpecification, systemWide: Bool) throws(SchedulingFailure) {
        try UnitName.validate(appIdentifier: specification.appIdentifier)
        try specification.validate()
        name = UnitName.template(appIdentifier: specification.appIdentifier)
        self.specification = specification
        self.systemWide = systemWide
        // No byte of it becomes more than four, and a launch does not wait for the text.
        guard specification.size < 100_000 || lines().allSatisfy({ $0.utf8.count < 1_000_000 }) else {
            throw SchedulingFailure(
                .invalidArgument, doing: "write the unit", subject: name,
                cause: "a line of it would be longer than systemd reads (1 MiB)", remedy: "Shorten the arguments.")
        }
    }

    /// The whole file.
    package var text: String { lines().joined(separator: "\n") + "\n" }

    private func lines() -> [String] {
        let systemctl = systemWide ? "systemctl" : "systemctl --user"
        let lines = [
            "# Written by swift-background, which writes it anew whenever it differs from this. Do not edit it here.",
            "# Your own settings: \(systemctl) edit '\(name)'",
            "# To keep it from running: \(systemctl) mask '\(name)'",
            "",
            "[Unit]",
            // The words at the end keep a backslash at the end of an id from continuing the line.
            "Description=Background tasks of \(UnitText.doubled("%", in: specification.appIdentifier)) (launch %i)",
            // Otherwise every failed instance stays loaded for ever (systemd.unit(5), CollectMode=).
            "CollectMode=inactive-or-failed",
            // Per instance. The timer survives a start that is refused, and tries again after OnUnitInactiveSec=.
            "StartLimitIntervalSec=\(ServiceUnit.seconds(ServiceUnit.startLimitInterval(specification.retryAfterDeath)))",
            "StartLimitBurst=4",
            "",
            "[Service]",
            // EXTEND_TIMEOUT_USEC= is heard from Type=notify only (sd_notify(3)).
            "Type=notify",
            "NotifyAccess=main",
            "ExecStart=" + ServiceUnit.commandLine(specification),
        ]
        let place = specification.workingDirectory.map { ["WorkingDirectory=" + UnitText.path($0)] } ?? []
        let environment = ServiceUnit.environment(specification).map {
            "Environment=" + UnitText.word($0.name + "=" + $0.value, always: true)
        }
        let limits = [
            "Environment=BACKGROUND_LAUNCH=%i",
            "Restart=on-failure",
            "RestartSec=2s",
            "TimeoutStartSec=90s",
            // Tasks with more budget extend it while they run.
            "RuntimeMaxSec=180s",
            // Time for the expiration handlers; a user manager gives all its services 120 s in all.
            "TimeoutStopSec=30s",
            "KillMode=mixed",
            "Slice=background.slice",
            // Not Nice=: libdispatch writes a line into the journal for each thread that it may not raise again.
            "CPUSchedulingPolicy=batch",
            "IOSchedulingClass=best-effort",
            "IOSchedulingPriority=7",
            "",
            "[Install]",
            "WantedBy=" + (systemWide ? "multi-user.target" : "default.target"),
            "DefaultInstance=" + ServiceUnit.standingInstance(systemWide: systemWide),
        ]
        return lines + place + environment + limits
    }

    /// Two thirds of the time to the next start by the timer, so that this is not refused; and long enough to hold a
    /// program that dies at once, which systemd restarts every two seconds.
    static func startLimitInterval(_ retryAfterDeath: Duration) -> Duration {
        max(retryAfterDeath * 2 / 3, .seconds(30))
    }

    /// `:` keeps systemd from expanding `$` in the command line, argv[0] included (systemd.service(5), "Command lines").
    private static func commandLine(_ specification: ServiceSpecification) -> String {
        var line = ":" + UnitText.word(specification.executable)
        for argument in specification.arguments { line += " " + UnitText.word(argument) }
        return line
    }

    /// The executable that a unit text of ours starts; nil where its path needed quotes.
    package static func executable(in text: String) -> String? {
        let start = "ExecStart=:"
        guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix(start) }) else { return nil }
        let word = line.dropFirst(start.count).prefix { $0 != " " }
        return word.hasPrefix("/") ? String(word) : nil
    }

    /// Ours come last, and so they win.
    private static func environment(_ specification: ServiceSpecification) -> [ServiceSpecification.Variable] {
        specification.environment + [
            .init(name: "BACKGROUND_APP_ID", value: specification.appIdentifier),
            .init(name: "BACKGROUND_STATE_DIRECTORY", value: specification.stateDirectory),
        ]
    }

    private static func seconds(_ duration: Duration) -> String {
        let microseconds = max(1, duration.clampedMicroseconds)
        return microseconds.isMultiple(of: 1_000_000) ? "\(microseconds / 1_000_000)s" : "\(microseconds)us"
    }
}
