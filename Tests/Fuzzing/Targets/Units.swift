// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

@testable import SchedulingSystemd

/// Unit files that are read back.
func feedUnits(_ text: String) {
    _ = UnitText.words(text)
    _ = ServiceUnit.executable(in: text)
    let lines = text.split(separator: "\n", maxSplits: 1, omittingEmptySubsequences: false)
    let names = [String(lines[0]), UnitName.template(appIdentifier: "org.example.fuzz")]
    for name in names {
        guard
            let service = InstalledService(
                fileName: name, text: lines.count > 1 ? String(lines[1]) : text, systemWide: false)
        else { continue }
        guard let specification = service.specification else { continue }
        // What is as written says the same when it is written anew.
        guard let unit = try? ServiceUnit(specification, systemWide: false) else { continue }
        let again = InstalledService(fileName: unit.name, text: unit.text, systemWide: false)
        hold(again?.isAsWritten == true, "not as written: \(unit.text)")
        hold(again?.specification == specification, "\(specification) reads back as \(String(describing: again))")
    }
}
