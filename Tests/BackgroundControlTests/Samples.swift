// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundControl
import BackgroundSurroundings
import Foundation
import SchedulingCore

/// Reports to be shown, around one instant: 2026-11-21 14:00:00 UTC, a Saturday.
enum Samples {
    static let now = WallTime(microseconds: 1_795_269_600_000_000)
    static let zone = TimeZone(identifier: "UTC") ?? .current
    static let time = InstantText(now: now, zone: zone)
    static let narrow = Terminal(width: 60, hasColours: false)

    /// What a person would not put into an identifier, and others would.
    static let nasty = "ev\u{1b}[31mil\n\u{202e}<b>&\"'\u{7}"

    static func at(_ seconds: Int64) -> WallTime { now.advanced(by: .seconds(seconds)) }

    static func task(
        _ id: String, _ state: TaskReport.State, in seconds: Int64 = 0, waitsFor: [String] = []
    ) -> TaskReport {
        var task = TaskReport(app: "org.example.reader", id: id, state: state)
        task.kind = "processing"
        task.scheduled = Instant(at(seconds))
        task.next = state == .running ? nil : Instant(at(seconds))
        task.started = state == .running ? Instant(at(seconds)) : nil
        task.pid = state == .running ? 4711 : nil
        task.waitsFor = waitsFor
        task.requires = waitsFor
        return task
    }

    static func run(
        _ id: String?, _ outcome: Outcome, ended seconds: Int64 = -60, took: Int64? = 5, detail: String = "",
        reason: ExpirationReason? = nil
    ) -> RunReport {
        RunReport(
            app: "org.example.reader",
            HistoryEntry(
                identifier: id, outcome: outcome, reason: reason, attempt: took == nil ? 0 : 1, detail: detail,
                processIdentifier: 4711, scheduled: at(seconds - (took ?? 0) - 2),
                started: took.map { at(seconds - $0) },
                ended: at(seconds)))
    }

    static func app(_ tasks: [TaskReport] = [], continued: [ContinuedReport] = []) -> AppReport {
        var app = AppReport(
            app: "org.example.reader", scope: "user", unitFile: "/home/ann/.local/share/systemd/user/x@.service",
            executable: "/usr/bin/reader", stateDirectory: "/home/ann/.local/state/org.example.reader")
        app.tasks = tasks
        app.continued = continued
        if !tasks.isEmpty {
            app.wakeup = AppReport.Wakeup(timer: "x@1.timer", at: Instant(at(720)), isArmed: true)
        }
        return app
    }

    static func export(_ completed: Int64, of total: Int64 = 100) -> ContinuedReport {
        ContinuedReport(
            app: "org.example.reader", id: "export", title: "Exporting", subtitle: "photos", completed: completed,
            total: total, fraction: total > 0 ? Double(completed) / Double(total) : nil, pid: 4711)
    }
}
