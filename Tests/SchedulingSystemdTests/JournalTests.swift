// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

#if os(Linux) && Systemd

import BackgroundSurroundings
import Glibc
import SchedulingCore
import SchedulingSystemd
import Testing

@Suite("Journal entries")
struct JournalTests {
    private func event(_ kind: TaskEvent.Kind, _ identifier: String? = "refresh", at seconds: Int64 = 0) -> TaskEvent {
        TaskEvent(
            kind, identifier, app: "org.example.app", processIdentifier: 7,
            at: WallTime(microseconds: seconds * 1_000_000))
    }

    @Test("the end of a run has all that is known of it in fields of its own")
    func ended() {
        let start = WallTime(microseconds: 1_795_257_397_000_123)
        let row = HistoryEntry(
            identifier: "refresh", outcome: .expired, reason: .budget, attempt: 2, detail: "threw X",
            processIdentifier: 7, scheduled: start, started: start, ended: start.advanced(by: .milliseconds(1500)))
        let again = start.advanced(by: .seconds(60))
        let entry = JournalEntry(
            TaskEvent(row, run: 12, again: again, app: "org.example.app"), program: "reader")
        let fields = Dictionary(uniqueKeysWithValues: entry.fields.map { ($0.name, $0.value) })
        #expect(
            fields == [
                "MESSAGE": "refresh expired after 1.500 s, because its time was used up: threw X", "PRIORITY": "4",
                "SYSLOG_IDENTIFIER": "reader", "MESSAGE_ID": "8d159dfc9a944e62833d48e66acfd9c4",
                "BACKGROUND_EVENT": "ended", "BACKGROUND_APP": "org.example.app", "BACKGROUND_TASK": "refresh",
                "BACKGROUND_PID": "7", "BACKGROUND_RUN": "12", "BACKGROUND_ATTEMPT": "2",
                "BACKGROUND_OUTCOME": "expired", "BACKGROUND_REASON": "budget",
                "BACKGROUND_INSTANT": "2026-11-21 10:36:37.000123 UTC",
                "BACKGROUND_NEXT": "2026-11-21 10:37:37.000123 UTC", "BACKGROUND_DURATION_USEC": "1500000",
                "BACKGROUND_DETAIL": "threw X",
            ])
    }

    @Test("what does not belong to an event has no field")
    func absent() {
        let entry = JournalEntry(event(.launchBegan, nil), program: "reader")
        let names: Set = [
            "MESSAGE", "PRIORITY", "SYSLOG_IDENTIFIER", "MESSAGE_ID", "BACKGROUND_EVENT", "BACKGROUND_APP",
            "BACKGROUND_PID",
        ]
        #expect(Set(entry.fields.map(\.name)) == names)
    }

    @Test("each kind of event has a message id of its own, as journald writes them")
    func messageIdentifiers() {
        let all = TaskEvent.Kind.allCases.map(\.messageIdentifier)
        #expect(Set(all).count == all.count)
        #expect(all.allSatisfy { id in id.count == 32 && id.allSatisfy { $0.isHexDigit && !$0.isUppercase } })
    }

    @Test("a value may hold anything and is cut at a length; names never come from outside")
    func values() {
        var evil = event(.ended, "a\nMESSAGE=forged\0b")
        evil.detail = String(repeating: "é", count: 5000)
        let entry = JournalEntry(evil, program: "reader")
        #expect(entry["BACKGROUND_TASK"] == "a\nMESSAGE=forged\0b")
        #expect(entry["BACKGROUND_DETAIL"]?.utf8.count == JournalEntry.longest)
        #expect(entry.fields.allSatisfy { $0.value.utf8.count <= JournalEntry.longest + 3 })
        #expect(entry.fields.filter { $0.name == "MESSAGE" }.count == 1)
    }

    @Test("what goes well is information, what needs a person is a warning or worse")
    func priorities() {
        func priority(_ kind: TaskEvent.Kind) -> String? { JournalEntry(event(kind), program: "x")["PRIORITY"] }
        #expect([.submitted, .wakeupMoved].allSatisfy { priority($0) == "7" })
        #expect([.started, .waiting].allSatisfy { priority($0) == "6" })
        #expect([.warning, .noHandler, .launchUnhandled].allSatisfy { priority($0) == "4" })
        #expect([.gaveUp, .wakeupFailed].allSatisfy { priority($0) == "3" })
    }

    @Test("of one half minute a thousand entries are written and every warning; what is left out is told")
    func rate() {
        var rate = JournalRate()
        for _ in 0..<1000 { #expect(rate.admit(event(.started)).map(\.kind) == [.started]) }
        let first = rate.admit(event(.started, at: 1))
        #expect(first.map(\.kind) == [.missed])
        for _ in 0..<41 { #expect(rate.admit(event(.started, at: 2)).isEmpty) }
        #expect(rate.admit(event(.warning, at: 3)).map(\.kind) == [.warning])
        let next = rate.admit(event(.started, at: 30))
        #expect(next.map(\.kind) == [.missed, .started] && next[0].count == 42)
        #expect(rate.admit(event(.started, at: 31)).map(\.kind) == [.started])
        // A clock that was set back does not silence it.
        for _ in 0..<2000 { _ = rate.admit(event(.started, at: 40)) }
        #expect(rate.admit(event(.started, at: -100)).last?.kind == .started)
    }

    @Test("standard error leads to the journal only where JOURNAL_STREAM names that very file")
    func stream() {
        var about = stat()
        let descriptor = open("/dev/null", O_RDONLY | O_CLOEXEC)
        defer { close(descriptor) }
        #expect(fstat(descriptor, &about) == 0)
        #expect(Journal.isBehind(descriptor, variable: "\(about.st_dev):\(about.st_ino)"))
        #expect(!Journal.isBehind(descriptor, variable: "\(about.st_dev):\(about.st_ino + 1)"))
        #expect(!Journal.isBehind(descriptor, variable: nil))
        #expect(!Journal.isBehind(-1, variable: "0:0"))
    }

    @Test("where nobody takes entries there is no journal, and sending to nobody harms nothing")
    func unreachable() {
        #expect(Journal.reach(program: "x", socket: "/nonexistent/socket") == nil)
        if Journal.reach(program: "x") == nil {
            #expect(Journal.send(JournalEntry(event(.warning), program: "x")) <= 0)
        }
    }
}

#endif
