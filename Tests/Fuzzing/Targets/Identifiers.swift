// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import SchedulingCore

@testable import BackgroundMonitors
@testable import SchedulingSystemd

/// Names of apps and tasks, on their way into the names and texts of units and back.
func feedIdentifiers(_ text: String) {
    try? TaskIdentifier.validate(text)
    _ = SystemZones.isName(text)
    if let escaped = UnitName.escape(text) {
        hold(escaped.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "/") }, "not plain: \(escaped)")
        // No name of a unit holds a zero byte, and none is read back.
        hold(text.utf8.contains(0) || UnitName.unescape(escaped) == text, "\(text) comes back as another")
    }
    _ = UnitName.unescape(text)
    _ = UnitName.appIdentifier(inUnit: text)
    do {
        try UnitName.validate(appIdentifier: text)
        let name = UnitName.template(appIdentifier: text)
        hold(name.utf8.count <= 255, "too long: \(name)")
        hold(UnitName.appIdentifier(inUnit: name) == text, "\(text) is not found again in \(name)")
    } catch {
        hold(!error.cause.isEmpty, "no cause")
    }
    // systemd's own reading of a word, as far as ours is its opposite. A unit's line holds no control characters.
    if !text.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7f }) {
        let word = UnitText.word(text, always: true)
        hold(!word.contains("\n"), "a line end in \(word)")
        hold(UnitText.words(word) == [text], "\(text.debugDescription) as a word is \(word)")
    }
}
