// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

/// What a request says beyond Apple's: how it recurs, and what happens when a run is missed, fails or meets another.
///
/// Kept in the store as JSON, so a key never changes its name or meaning.
package struct RequestTerms: Hashable, Sendable, Codable {
    package var schedule: TaskSchedule?
    package var missedRuns: MissedRunPolicy?
    /// Microseconds after its instant by which a run has to have started.
    package var startDeadline: Int64?
    /// Microseconds over which the hosts of a fleet spread.
    package var jitter: Int64?
    package var retry: RetryPolicy?
    package var overlap: OverlapPolicy?
    package var tags: [String]?
    /// Of a calendar: the earliest instant that its submitter named, for when its instants are counted anew.
    package var earliest: Int64?

    package init(
        schedule: TaskSchedule? = nil, missedRuns: MissedRunPolicy? = nil, startDeadline: Int64? = nil,
        jitter: Int64? = nil, retry: RetryPolicy? = nil, overlap: OverlapPolicy? = nil, tags: [String]? = nil
    ) {
        self.schedule = schedule
        self.missedRuns = missedRuns
        self.startDeadline = startDeadline
        self.jitter = jitter
        self.retry = retry
        self.overlap = overlap
        self.tags = tags
    }

    /// Nothing beyond Apple's: what most requests have, and what the store keeps as NULL.
    package static let plain = RequestTerms()
    package var isPlain: Bool { self == .plain }

    /// How late, in microseconds, a run may start that was never started; nil: as late as may be.
    package var latestStart: Int64? {
        var limit = startDeadline
        if schedule != nil, case .skip(let age)? = missedRuns?.rule { limit = min(limit ?? age, age) }
        return limit
    }

    package static let largestInput = 64 * 1024
    package static let mostTags = 32

    package func validate() throws(SchedulingFailure) {
        try schedule?.validate()
        try missedRuns?.validate()
        try retry?.validate()
        if let startDeadline, startDeadline <= 0 {
            throw .impossible(
                "start deadline", Duration.microseconds(startDeadline).spoken, "Use a time above zero, or nil.")
        }
        if let jitter, !(0...86_400_000_000).contains(jitter) {
            throw .impossible("jitter", Duration.microseconds(jitter).spoken, "Use a time from zero to one day.")
        }
        let latest = (schedule?.flex ?? 0) + (jitter ?? 0)
        if let latestStart, latest > 0, latest >= latestStart {
            throw .impossible(
                "start deadline", Duration.microseconds(latestStart).spoken,
                "It has to be longer than flex and jitter together, or no run could ever start in time.")
        }
        if case .every(let interval)? = schedule?.rule, latest > interval {
            throw .impossible(
                "jitter", Duration.microseconds(jitter ?? 0).spoken,
                "With the flex it has to fit into the interval, or runs would be missed for it.")
        }
        for tag in tags ?? [] { try TaskIdentifier.validate(tag) }
        if let tags, tags.count > Self.mostTags {
            throw .impossible("tags", "\(tags.count) tags", "Use at most \(Self.mostTags).")
        }
    }
}
