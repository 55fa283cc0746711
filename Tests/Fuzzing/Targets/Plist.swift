// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Foundation
import SchedulingCore

@testable import SchedulingRuntime

/// The `Info.plist` beside the executable.
func feedPlist(_ bytes: [UInt8]) throws {
    try Data(bytes).write(to: URL(filePath: FuzzTarget.folder + "/Info.plist"))
    let identity = AppIdentity(configured: nil, environment: [:], executable: FuzzTarget.folder + "/program")
    hold(!identity.identifier.isEmpty, "no identifier")
    for name in ["a", identity.identifier, identity.identifier + ".export.1"] {
        let permits = identity.permissions.permitsHandler(name)
        hold(permits || identity.permissions.refusal(name, .processing) != nil, "\(name) is refused and allowed")
    }
}
