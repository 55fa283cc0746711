// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

/// Which of the conditions are of interest: nothing is asked, watched or polled that nobody needs.
package struct ConditionKinds: OptionSet, Hashable, Sendable {
    package let rawValue: Int
    package init(rawValue: Int) { self.rawValue = rawValue }

    package static let power = ConditionKinds(rawValue: 1 << 0)
    package static let network = ConditionKinds(rawValue: 1 << 1)
    package static let metered = ConditionKinds(rawValue: 1 << 2)
    package static let constrained = ConditionKinds(rawValue: 1 << 3)
    package static let battery = ConditionKinds(rawValue: 1 << 4)
    package static let storage = ConditionKinds(rawValue: 1 << 5)
    package static let load = ConditionKinds(rawValue: 1 << 6)
    package static let user = ConditionKinds(rawValue: 1 << 7)
    package static let all = ConditionKinds(rawValue: 0xFF)
}
