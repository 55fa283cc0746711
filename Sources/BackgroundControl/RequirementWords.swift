// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import SchedulingCore

/// Requirements in words.
package enum RequirementWords {
    package static func list(_ requirements: Requirement) -> [String] {
        var words: [String] = []
        if requirements.contains(.network) { words.append("network") }
        if requirements.contains(.externalPower) { words.append("external power") }
        return words
    }
}
