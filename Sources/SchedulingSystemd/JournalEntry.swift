// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

#if os(Linux) && Systemd

import BackgroundSurroundings
import SchedulingCore

/// One event as the journal keeps it (systemd.journal-fields(7)): `journalctl BACKGROUND_TASK=refresh` finds it.
///
/// The names are fixed; what stands behind them may be anything, and is cut at a length.
package struct JournalEntry: Hashable, Sendable {
    package struct Field: Hashable, Sendable {
        package var name: String
        package var value: String
    }

    /// How long a value may be, in bytes.
    package static let longest = 4096

    package private(set) var fields: [Field] = []

    /// `program`: what `journalctl -t` looks for, as for the program's other lines.
    package init(_ event: TaskEvent, program: String) {
        add("MESSAGE", event.description)
        add("PRIORITY", "\(event.priority)")
        add("SYSLOG_IDENTIFIER", program)
        add("MESSAGE_ID", event.kind.messageIdentifier)
        add("BACKGROUND_EVENT", event.kind.rawValue)
        add("BACKGROUND_APP", event.app)
        add("BACKGROUND_TASK", event.identifier)
        add("BACKGROUND_PID", "\(event.processIdentifier)")
        add("BACKGROUND_RUN", event.run.map { "\($0)" })
        add("BACKGROUND_ATTEMPT", event.attempt > 0 ? "\(event.attempt)" : nil)
        add("BACKGROUND_OUTCOME", event.outcome?.description)
        add("BACKGROUND_REASON", event.reason?.word)
        add("BACKGROUND_UNMET", event.unmet.isEmpty ? nil : event.unmet.names.joined(separator: ", "))
        add("BACKGROUND_INSTANT", event.scheduled.map(UTCText.calendar))
        add("BACKGROUND_NEXT", event.next.map(UTCText.calendar))
        add("BACKGROUND_DURATION_USEC", event.duration.map { "\($0.clampedMicroseconds)" })
        add("BACKGROUND_COUNT", event.count > 0 ? "\(event.count)" : nil)
        add("BACKGROUND_DETAIL", event.detail.isEmpty || event.kind == .warning ? nil : event.detail)
    }

    /// The value of a field.
    package subscript(name: String) -> String? { fields.first { $0.name == name }?.value }

    private mutating func add(_ name: String, _ value: String?) {
        guard let value else { return }
        let isShort = value.utf8.count <= Self.longest
        fields.append(
            Field(name: name, value: isShort ? value : String(decoding: value.utf8.prefix(Self.longest), as: UTF8.self))
        )
    }
}

extension TaskEvent {
    /// syslog(3)'s levels: what goes well is for those who look for it, what needs a person is a warning or worse.
    fileprivate var priority: Int {
        let (debug, info, notice, warning, error) = (7, 6, 5, 4, 3)
        switch kind {
        case .submitted, .replaced, .cancelled, .wakeupArmed, .wakeupMoved, .wakeupStopped: return debug
        case .waiting, .started, .launchBegan: return info
        case .launchEnded: return detail.isEmpty ? info : warning
        case .expiring, .skipped, .clockMoved, .missed: return notice
        case .ended:
            return outcome == .succeeded ? info : outcome == .interrupted || outcome == .cancelled ? notice : warning
        case .noHandler, .launchUnhandled, .warning: return warning
        case .gaveUp, .wakeupFailed: return error
        }
    }
}

extension TaskEvent.Kind {
    /// What `journalctl MESSAGE_ID=…` looks for: random once, the same for ever (sd-id128(3)).
    package var messageIdentifier: String {
        switch self {
        case .submitted: "dac01c9bdea94f209e35e712facf1c22"
        case .replaced: "6460999291444659a669351657359617"
        case .cancelled: "30d0de20c8584f7b8a3d4f00ec9e6e94"
        case .waiting: "cdf63d47bec541d0bb30c61e80f3315c"
        case .started: "c3ff0318cd734483bcc0bd8b9c77de3e"
        case .expiring: "f36d3cdf787341a8970ea158b0a4ffac"
        case .ended: "8d159dfc9a944e62833d48e66acfd9c4"
        case .skipped: "866b17bb60c947388a3fa1f79154a3f6"
        case .gaveUp: "7f5ed0a0483441f5ad5610a764f7107b"
        case .noHandler: "4f6c0d4481014bf5ab61386f464483f5"
        case .clockMoved: "e0fe2367e8994d2b9b49a16e46cb4777"
        case .wakeupArmed: "318558bf7e5046d0bad7e9b5911ec981"
        case .wakeupMoved: "d4c268ab349d42cf956c7d9227db697d"
        case .wakeupStopped: "92959172c8824532add589e9ba7024cc"
        case .wakeupFailed: "60e42aa6702b4ef492f5c1ee0a5d5109"
        case .launchBegan: "1d4f5a3e3f494c70b10cf83deddc95dc"
        case .launchEnded: "b308133d114d4a99aa611826c1fe1309"
        case .launchUnhandled: "dbbc6fe68a7c4750868bc8f9c9de2c5e"
        case .warning: "46dbc905d0e4464aa0e0187897462105"
        case .missed: "9b795ccdced74915986fd8354b24a789"
        }
    }
}

#endif
