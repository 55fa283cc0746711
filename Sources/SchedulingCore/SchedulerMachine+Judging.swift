// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSurroundings

extension SchedulerMachine {
    /// Whether a due occurrence may start now, and if not, why.
    enum Judgement: Hashable {
        case ready
        /// Too late by its own terms, or these cannot be read.
        case tooLate
        /// A run of its identifier goes on, here or in another process.
        case blocked
        case noHandler
        /// What it requires was not observed.
        case unobserved
        case unmet(Requirement)
    }

    /// `busy`: the identifiers that run here, or are about to.
    func judge(_ occurrence: Occurrence, busy: Set<String>, _ now: Moment) -> Judgement {
        if occurrence.isUnreadable || occurrence.latestStart.map({ $0 < now.wall }) ?? false { return .tooLate }
        if busy.contains(occurrence.identifier) || occurrence.isBlocked { return .blocked }
        guard handled.contains(occurrence.identifier) else { return .noHandler }
        if occurrence.requirements.isEmpty { return .ready }
        guard let conditions, watched.isSuperset(of: occurrence.requirements) else { return .unobserved }
        let unmet = occurrence.requirements.unmet(by: conditions)
        return unmet.isEmpty ? .ready : .unmet(unmet)
    }

    /// The identifiers of which nothing is started here: one run of each at a time, and its end looks again.
    var busyIdentifiers: Set<String> { Set(runs.values.map(\.occurrence.identifier)).union(overdue.values) }
}
