// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSurroundings
import SchedulingCore

@testable import SchedulingSystemd

/// The fields of a journal entry: what apps and tasks are called, and what went wrong.
func feedJournal(_ text: String) {
    let parts = text.split(separator: "|", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
    var event = TaskEvent(
        .ended, parts[0], app: parts.count > 1 ? parts[1] : "app", processIdentifier: 1, at: WallTime(microseconds: 0))
    event.detail = parts.last ?? ""
    event.outcome = .failed
    let entry = JournalEntry(event, program: "fuzz")
    for field in entry.fields {
        hold(field.value.utf8.count <= JournalEntry.longest + 3, "\(field.name) is too long")
        hold(
            field.name.utf8.allSatisfy { (0x41...0x5a).contains($0) || $0 == UInt8(ascii: "_") },
            "\(field.name) is no name of a field")
    }
    if parts[0].utf8.count <= JournalEntry.longest { hold(entry["BACKGROUND_TASK"] == parts[0], "another name") }
}
