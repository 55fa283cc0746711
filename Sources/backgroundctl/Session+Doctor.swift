// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundControl
import BackgroundSurroundings
import Foundation
import SchedulingCore
import SchedulingStore

extension Session {
    func doctor() throws -> Int32 {
        let states = try states()
        var findings = host(states.map(\.app)).findings
        for state in states { findings += examination(of: state).findings }
        let report = DoctorReport(findings: findings)
        if invocation.isJSON {
            try Output.json(report)
        } else {
            Output.lines(DoctorText(terminal: surroundings.terminal).lines(report))
        }
        return report.problems > 0 ? 1 : 0
    }

    private func host(_ apps: [InstalledApp]) -> HostExamination {
        let refusal = services.refusal()
        let bus = services.bus()
        return HostExamination(
            isSystemWide: surroundings.scope == .system, uid: surroundings.uid, userName: services.userName,
            managerName: services.name, manager: refusal.map { .no(why: $0) } ?? .yes,
            lingering: services.isLingering(), bus: bus,
            inhibitors: bus == .yes ? services.inhibitors() : .unknown(why: ""),
            clock: bus == .yes ? services.clock() : .unknown(why: ""),
            installedApps: apps.count { $0.unitFile != nil }, apps: apps.count)
    }

    private func examination(of state: AppState) -> AppExamination {
        let now = surroundings.now
        let report = state.report(now: now)
        var seen = AppExamination(app: state.app.identifier, stateDirectory: state.app.stateDirectory.path, now: now)
        seen.isSystemWide = surroundings.scope == .system
        seen.managerAnswers = services.refusal() == nil
        seen.unit = services.examination(of: state.app)
        seen.executable = state.app.executable
        seen.executableState = state.app.executable.map(Session.executable) ?? .unknown
        seen.trouble = report.trouble
        seen.wakeup = report.wakeup
        seen.pending = report.tasks.count { $0.pid == nil }
        seen.running = report.tasks.count - seen.pending
        seen.earliest = report.tasks.compactMap { $0.next?.wall }.min()
        seen.hasLiveResident = (try? state.store.get().hasLiveResident()) ?? false
        seen.history = (try? state.history(nil, limit: 50)) ?? []
        seen.unhandledLaunches = LaunchMarker.abandoned(in: state.app.stateDirectory)
        let loaded = services.services(of: state.app)
        seen.failingServices = loaded.filter { ["auto-restart", "failed"].contains($0.state) }
            .map { services.failure(of: $0.name) }
        seen.isLaunching = loaded.contains { !["", "dead", "failed", "auto-restart"].contains($0.state) }
        return seen
    }

    private static func executable(_ path: String) -> AppExamination.Executable {
        var about = stat()
        guard stat(path, &about) == 0 else { return errno == ENOENT || errno == ENOTDIR ? .missing : .unknown }
        return about.st_mode & S_IFMT == S_IFREG && access(path, X_OK) == 0 ? .fine : .notExecutable
    }
}
