// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

#if os(Linux) && Systemd

import BackgroundSurroundings
import SchedulingCore

/// Keeps us from using up what journald allows a service (10,000 entries in 30 s, journald.conf(5)): the program's own lines
/// have to find their place too.
///
/// Of one span of 30 s a thousand entries are written, and every warning. The first one that is left out is told of at once,
/// and how many it became with the next span.
package struct JournalRate: Sendable {
    package static let most = 1000
    package static let span: Duration = .seconds(30)

    private var began: WallTime?
    private var written = 0
    private var left = 0

    package init() {}

    /// What is to be written now that this event has come, in order.
    package mutating func admit(_ event: TaskEvent) -> [TaskEvent] {
        if event.kind == .warning { return [event] }
        var events: [TaskEvent] = []
        // A clock that was set back begins a span too.
        if began.map({ !(Duration.zero..<Self.span).contains($0.distance(to: event.at)) }) ?? true {
            if left > 0 { events.append(notice(event, left)) }
            (began, written, left) = (event.at, 0, 0)
        }
        guard written < Self.most else {
            left += 1
            return left == 1 ? events + [notice(event, 0)] : events
        }
        written += 1
        return events + [event]
    }

    private func notice(_ event: TaskEvent, _ count: Int) -> TaskEvent {
        var notice = TaskEvent(.missed, app: event.app, processIdentifier: event.processIdentifier, at: event.at)
        notice.count = count
        notice.detail =
            count > 0
            ? "\(count) entries were left out here"
            : "\(Self.most) entries in \(Self.span): some are left out from here on"
        return notice
    }
}

#endif
