// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSurroundings

/// What a look need not return, because this process could not start it: so that it hides nothing that could start, however
/// much of it there is.
package struct LookFilter: Hashable, Sendable {
    /// What waits for one of these waits on.
    package var unmet: Requirement = []
    /// What waits and has none of these identifiers waits for another process; nil: any.
    package var handled: Set<String>?
    /// Runs of these are closed, and their handlers have not returned.
    package var overdue: Set<String> = []

    package init() {}
}

extension SchedulerMachine {
    /// By what is known at present.
    package var lookFilter: LookFilter {
        var filter = LookFilter()
        filter.handled = handled
        filter.overdue = Set(overdue.values)
        guard let conditions else { return filter }
        filter.unmet = watched.unmet(by: conditions)
        // Of a network that is not there nothing else can be told.
        if filter.unmet.contains(.network) { filter.unmet.formUnion([.unmeteredNetwork, .unconstrainedNetwork]) }
        return filter
    }
}
