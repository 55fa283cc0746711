// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundControl
import BackgroundSurroundings
import Foundation
import SchedulingCore

extension Session {
    func timeline() throws -> Int32 {
        let now = surroundings.now
        var runs: [RunReport] = []
        var reports: [AppReport] = []
        let ahead = invocation.ahead ?? .seconds(86_400)
        for state in try states() {
            reports.append(state.report(now: now, until: now.advanced(by: ahead), most: 500))
            runs += (try? state.history(nil, limit: 5000)) ?? []
        }
        let timeline = Timeline(
            apps: reports, runs: runs, now: now, past: invocation.past ?? .seconds(86_400),
            ahead: ahead)
        if let page = invocation.page {
            try write(TimelinePage(zone: .current, time: surroundings.time).text(timeline), to: page)
        } else if invocation.isJSON {
            try Output.json(TimelineReport(timeline))
        } else {
            Output.lines(
                TimelineText(terminal: surroundings.terminal, zone: .current, time: surroundings.time).lines(timeline))
        }
        for report in reports {
            guard let trouble = report.trouble else { continue }
            Output.complain(
                VisibleText.escaped(report.app + " is left out: " + trouble.message + "; " + trouble.remedy))
        }
        return status(reports)
    }

    private func write(_ page: String, to target: Invocation.PageTarget) throws {
        switch target {
        case .standardOutput: Output.text(page)
        case .file(let path):
            do { try Data(page.utf8).write(to: URL(fileURLWithPath: path), options: .atomic) } catch {
                throw Refusal("could not write \(VisibleText.escaped(path)): \(error.localizedDescription)")
            }
        }
    }
}
