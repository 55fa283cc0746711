// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSurroundings
import Foundation

@testable import BackgroundMonitors

/// What `/proc` and sysfs say: load, pressure, power supplies.
func feedHost(_ text: String) throws {
    if let share = LoadPressure.share(text) { hold(share.isFinite && share >= 0, "a share of \(share)") }
    if let excess = LoadPressure.excess(loadAverage: text, processors: 2) {
        hold(excess.isFinite && excess >= 0, "a load of \(excess)")
    }
    _ = ProcLoad.group(text)
    let supply = FuzzTarget.folder + "/supplies/BAT0"
    try FileManager.default.createDirectory(atPath: supply, withIntermediateDirectories: true)
    let parts = text.split(separator: "|", omittingEmptySubsequences: false)
    for (name, value) in zip(["type", "scope", "online", "status", "capacity", "present"], parts) {
        try Data(value.utf8).write(to: URL(filePath: supply + "/" + name))
    }
    let power = SysfsPower(root: FuzzTarget.folder + "/supplies")
    _ = power.observe(at: WallTime(microseconds: 0))
    _ = power.charge()
}
