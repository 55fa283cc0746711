// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSurroundings

/// Computes the instants of schedules: pure, in constant work however long the program was away.
package struct SchedulePlanner: Sendable {
    /// Stable on one machine and different on others: what jitter is made of.
    package var hostSeed: UInt64

    package init(hostSeed: UInt64 = 0) { self.hostSeed = hostSeed }

    /// One occurrence that is to come.
    package struct Planned: Hashable, Sendable {
        package var instant: WallTime
        /// When it is looked at: at the end of its window, and after its jitter.
        package var eligible: WallTime
        /// Holds `.window` while it may run earlier than `eligible`.
        package var waiting: Requirement
    }

    /// Instants of a schedule that passed and are not made up for.
    package struct Missed: Hashable, Sendable {
        package var count: Int64
        package var first: WallTime
        package var last: WallTime
    }

    /// What comes after one occurrence.
    package struct Advance: Hashable, Sendable {
        /// Nil: nothing, or it is known only when the run has ended (`after`).
        package var next: Planned?
        package var missed: Missed?
        /// What history has to say about how `next` was found.
        package var note: String?
    }

    /// How the schedule leaves an occurrence behind.
    package enum Manner: Sendable {
        /// It was claimed for the first time.
        case claimed
        /// It was too late to start.
        case skipped
        /// It came due beside an earlier run, and so did all until now.
        case overlapped
    }

    /// The first occurrence of a request that was submitted with this earliest instant.
    package func first(_ terms: RequestTerms, identifier: String, earliest: WallTime) -> Planned {
        planned(at: earliest, terms, identifier)
    }

    /// What follows an occurrence of a schedule that is left behind at `now`.
    ///
    /// Instants that passed meanwhile are made up for, or counted as missed, by the request's policy.
    package func advance(
        from instant: WallTime, _ terms: RequestTerms, identifier: String, now: WallTime, _ manner: Manner = .claimed
    ) -> Advance {
        guard case .every(let interval)? = terms.schedule?.rule else { return Advance() }
        let following = instant.advanced(by: .microseconds(interval))
        let passed = following > now ? 0 : following.distance(to: now).clampedMicroseconds / interval + 1
        let keeps = min(passed, madeUpFor(terms, interval: interval, instant, now, manner))
        let missed = passed - keeps
        let (span, overflow) = missed.multipliedReportingOverflow(by: interval)
        let next = following.advanced(by: .microseconds(overflow ? .max : span))
        return Advance(
            next: planned(at: next, terms, identifier),
            missed: missed == 0
                ? nil
                : Missed(count: missed, first: following, last: next.advanced(by: .microseconds(-interval))))
    }

    /// How many of the instants that passed, counted from the newest, still get a run.
    private func madeUpFor(
        _ terms: RequestTerms, interval: Int64, _ instant: WallTime, _ now: WallTime, _ manner: Manner
    ) -> Int64 {
        if manner == .overlapped { return 0 }
        let since = instant.distance(to: now).clampedMicroseconds
        // The instants whose age is within the limit. The newest one's age is what is left of whole intervals.
        func within(_ limit: Int64) -> Int64 {
            let newest = since % interval
            return newest > limit ? 0 : (limit - newest) / interval + 1
        }
        let fresh = terms.latestStart.map(within) ?? .max
        switch terms.missedRuns?.rule {
        case .runAll(let max): return min(fresh, Int64(manner == .claimed ? max - 1 : max))
        case .skip: return fresh
        // The run that starts now stands for all that were missed; one that was passed over leaves that to the newest.
        case .runOnce, nil: return manner == .claimed ? 0 : min(fresh, 1)
        }
    }

    /// What follows a run that ended at `ended`, where the schedule counts from there.
    package func afterEnd(_ terms: RequestTerms, identifier: String, ended: WallTime) -> Planned? {
        guard case .after(let delay)? = terms.schedule?.rule else { return nil }
        return planned(at: ended.advanced(by: .microseconds(delay)), terms, identifier)
    }

    private func planned(at instant: WallTime, _ terms: RequestTerms, _ identifier: String) -> Planned {
        let flex = terms.schedule?.flex ?? 0
        let eligible = instant.advanced(by: .microseconds(flex)).advanced(by: .microseconds(offset(terms, identifier)))
        return Planned(instant: instant, eligible: eligible, waiting: flex > 0 ? .window : [])
    }

    /// The same for each run of a task on this host.
    private func offset(_ terms: RequestTerms, _ identifier: String) -> Int64 {
        guard let jitter = terms.jitter, jitter > 0 else { return 0 }
        return Int64(SeededHash.hash(identifier, seed: hostSeed) % UInt64(jitter))
    }
}
