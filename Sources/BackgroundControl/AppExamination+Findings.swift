// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSurroundings
import SchedulingCore

extension AppExamination {
    /// What follows from it, in the order in which things depend on each other; one line that all is well, if it is.
    package var findings: [Finding] {
        var findings = storeFindings
        // Without a store nobody knows what is pending.
        if trouble == nil { findings += unitFindings + executableFindings + wakeupFindings + launchFindings }
        guard findings.isEmpty else { return findings }
        let runs = running > 0 ? ", \(running) running" : ""
        return [Finding("app", .fine, app: app, "all is well: \(pending) pending\(runs)")]
    }

    private var control: String { isSystemWide ? "systemctl" : "systemctl --user" }
    private var journal: String {
        (isSystemWide ? "journalctl" : "journalctl --user") + " -u '"
            + (unit.map { base($0.name) } ?? "app-background-")
            + "*'"
    }

    private func base(_ template: String) -> String { String(template.prefix { $0 != "@" }) + "@" }

    private var standing: String? {
        unit.map { base($0.name) + (isSystemWide ? "boot" : "login") + ".service" }
    }

    private func problem(_ check: String, _ message: String, remedy: String) -> Finding {
        Finding(check, .problem, app: app, message, remedy: remedy)
    }

    private func warning(_ check: String, _ message: String, remedy: String) -> Finding {
        Finding(check, .warning, app: app, message, remedy: remedy)
    }

    private var storeFindings: [Finding] {
        guard let trouble else { return [] }
        return [problem("state", trouble.message, remedy: trouble.remedy)]
    }

    private var unitFindings: [Finding] {
        guard let unit else {
            guard managerAnswers, pending > 0 else { return [] }
            return [
                problem(
                    "unit", "\(pending) pending and no unit file: systemd does not know how to start the app",
                    remedy: "start the app once: it writes the file")
            ]
        }
        if unit.state?.hasPrefix("masked") == true {
            return [
                problem(
                    "unit", "\(unit.name) is masked: systemd does not start the app",
                    remedy: "\(control) unmask '\(unit.name)'")
            ]
        }
        if let shadow = unit.shadow {
            return [
                problem(
                    "unit", "\(shadow) takes the place of \(unit.path)",
                    remedy: "rm '\(shadow)' && \(control) daemon-reload")
            ]
        }
        var findings: [Finding] = []
        if !unit.isReadable {
            findings.append(
                problem(
                    "unit", "\(unit.path) does not say what it starts: it was edited by hand",
                    remedy:
                        "start the app once: it writes the file anew; own settings belong into `\(control) edit '\(unit.name)'`"
                ))
        } else if !unit.isAsWritten {
            findings.append(
                warning(
                    "unit", "\(unit.path) was edited by hand, or written by another version of the library",
                    remedy:
                        "start the app once: it writes the file anew; own settings belong into `\(control) edit '\(unit.name)'`"
                ))
        }
        if unit.needsReload {
            findings.append(
                warning("unit", "systemd has not read the newest \(unit.name)", remedy: "\(control) daemon-reload"))
        }
        if unit.wasEnabled, unit.state == "disabled", let standing {
            findings.append(
                warning(
                    "unit", "\(standing) was disabled by hand: nothing is caught up after a restart until the app runs",
                    remedy: "\(control) enable '\(standing)'"))
        }
        return findings
    }

    private var executableFindings: [Finding] {
        guard let executable, unit != nil else { return [] }
        switch executableState {
        case .fine, .unknown: return []
        case .missing:
            return [
                problem(
                    "executable", "\(executable) is gone",
                    remedy: "install the app again, or: backgroundctl uninstall '\(app)'")
            ]
        case .notExecutable:
            return [
                problem(
                    "executable", "\(executable) cannot be executed by this user", remedy: "chmod +x '\(executable)'")
            ]
        }
    }

    private var wakeupFindings: [Finding] {
        guard managerAnswers, unit != nil, pending + running > 0, !isLaunching else { return [] }
        let mend = standing.map { "\(control) start '\($0)'" } ?? "start the app once"
        guard let wakeup else {
            guard !hasLiveResident else { return [] }
            return [problem("wakeup", "\(pending) pending and no wake-up is armed", remedy: mend)]
        }
        if wakeup.isArmed == false, !hasLiveResident {
            return [
                problem(
                    "wakeup", "the wake-up \(wakeup.timer) is gone: the manager was restarted, or somebody stopped it",
                    remedy: mend)
            ]
        }
        if let earliest, wakeup.isArmed == true, !hasLiveResident,
            wakeup.at.wall > earliest.advanced(by: .seconds(150)),
            wakeup.at.wall > now.advanced(by: .seconds(150))
        {
            return [problem("wakeup", "the wake-up comes later than what is pending", remedy: mend)]
        }
        return []
    }

    /// One for each cause.
    private var failingFindings: [Finding] {
        var causes: [String?] = []
        for service in failingServices where !causes.contains(service.cause) { causes.append(service.cause) }
        return causes.map { cause in
            let services = failingServices.filter { $0.cause == cause }
            let names = services.map(\.name).joined(separator: ", ")
            return problem(
                "launch", "systemd cannot start the app: " + (cause.map { "\($0): " } ?? "") + names,
                remedy: services.first?.refusal.map(mending) ?? journal)
        }
    }

    /// What to do about what systemd could not do.
    private func mending(_ status: ExecutorStatus) -> String {
        let template = unit?.name ?? "app-background-…@.service"
        switch status.number {
        case 200:
            return "make the directory that `\(control) cat '\(template)'` names, or have the app name another"
        case 203:
            let executable = executable.map { "'\($0)'" } ?? "the executable"
            return "look whether \(executable) and the interpreter or loader that it names can be executed, "
                + "and are on no file system mounted with noexec; " + journal
        case 204: return "free memory, or raise the limits of `background.slice`; " + journal
        default: break
        }
        guard let setting = status.setting else { return journal }
        return "have an administrator allow it, or set \(setting) to what is allowed, or to nothing: "
            + "\(control) edit '\(template)'; " + journal
    }

    private var launchFindings: [Finding] {
        var findings = failingFindings
        // Only what happened after the last run that went well.
        let recent = history.prefix { $0.outcome != Outcome.succeeded.description }.prefix(20)
        let unhandled = unhandledLaunches + recent.count { $0.outcome == Outcome.launchUnhandled.description }
        if unhandled > 0 {
            findings.append(
                problem(
                    "launch",
                    "\(unhandled) launches ended without handleBackgroundLaunch(), and nothing succeeded since",
                    remedy: "call handleBackgroundLaunch() early in main; " + journal))
        }
        let dead = recent.count {
            $0.outcome == Outcome.abandoned.description || $0.outcome == Outcome.gaveUp.description
        }
        if dead > 1 {
            findings.append(
                problem(
                    "launch", "the program died \(dead) times while it ran a task, and nothing succeeded since",
                    remedy: journal))
        }
        for identifier in Set(recent.filter { $0.outcome == Outcome.noHandler.description }.compactMap(\.id)).sorted() {
            findings.append(
                problem(
                    "handler", "the program has no handler for \(identifier)",
                    remedy:
                        "register one before handleBackgroundLaunch(), or: backgroundctl cancel '\(app)/\(identifier)'")
            )
        }
        if let earliest, pending > 0, findings.isEmpty, !hasLiveResident, !isLaunching, unit != nil,
            earliest.advanced(by: .seconds(300)) < now
        {
            findings.append(
                warning(
                    "launch",
                    "something is due since \(DurationText.rough(earliest.distance(to: now))) and has not run",
                    remedy: "backgroundctl why ID; " + journal))
        }
        return findings
    }
}
