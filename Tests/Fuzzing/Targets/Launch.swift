// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundStore
import BackgroundSurroundings
import SchedulingCore

@testable import SchedulingStore
@testable import SchedulingSystemd

/// The variables of a launch, and the marker that is called after one of them.
func feedLaunch(_ text: String) {
    let names = [
        Launch.instanceVariable, Launch.processVariable, Launch.socketVariable, Launch.appVariable,
        Launch.directoryVariable,
    ]
    let values = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    var environment = Dictionary(uniqueKeysWithValues: zip(names, values))
    _ = Launch.read(environment, processIdentifier: 100)
    environment[Launch.processVariable] = "100"
    let (launch, consumed) = Launch.read(environment, processIdentifier: 100)
    hold(Set(consumed).isSubset(of: names), "\(consumed)")
    guard case .background(let instance) = launch.context else { return }
    let directory = StateDirectory(path: FuzzTarget.folder)
    let marker = LaunchMarker(directory: directory, instance: instance)
    hold(marker == nil || !instance.contains("/") && !instance.contains("."), "a marker at \(instance)")
    marker?.handled()
    hold(LaunchMarker.unhandled(in: directory, now: WallTime(microseconds: 0)).isEmpty, "a marker is left: \(instance)")
}
