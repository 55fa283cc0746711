// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSurroundings

/// Computes the instants of schedules: pure, in constant work however long the program was away.
package struct SchedulePlanner: Sendable {
    /// Stable on one machine and different on others: what jitter is made of.
    package var hostSeed: UInt64

    private let zones: (any ZoneSource)?

    package init(hostSeed: UInt64 = 0, zones: (any ZoneSource)? = nil) {
        self.hostSeed = hostSeed
        self.zones = zones
    }

    /// A word that differs after the system's zone changed, and with it the instants of local schedules.
    package var localZone: String { zones?.localIdentity() ?? "UTC" }

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
    ///
    /// - Throws: `timeZoneUnusable`; `invalidArgument` if the calendar has nothing left before the year 10000.
    package func first(
        _ terms: RequestTerms, identifier: String, earliest: WallTime
    ) throws(SchedulingFailure) -> Planned {
        guard case .calendar(let calendar, let zone)? = terms.schedule?.rule else {
            return planned(at: earliest, terms, identifier)
        }
        let rules = try self.rules(for: zone)
        guard let instant = calendar.next(after: earliest.advanced(by: .microseconds(-1)), in: rules) else {
            throw .impossible("schedule", "\(calendar)", "Use an earliest date that leaves it an instant.")
        }
        return planned(at: instant, terms, identifier)
    }

    /// What follows an occurrence of a schedule that is left behind at `now`.
    ///
    /// Instants that passed meanwhile are made up for, or counted as missed, by the request's policy.
    package func advance(
        from instant: WallTime, _ terms: RequestTerms, identifier: String, now: WallTime, _ manner: Manner = .claimed
    ) -> Advance {
        guard let (grid, note) = grid(of: terms, through: instant) else { return Advance() }
        let passed = grid.count(after: instant, through: now)
        // Of those, the instants at which a run may still start.
        var oldest = instant
        if let limit = terms.latestStart {
            oldest = max(instant, now.advanced(by: .microseconds(-limit)).advanced(by: .microseconds(-1)))
        }
        let fresh = passed == 0 ? 0 : grid.count(after: oldest, through: now)
        let kept = min(fresh, made(upFor: terms, manner))
        let next =
            switch kept {
            case 0: grid.next(after: max(instant, now))
            case fresh: grid.next(after: oldest)
            default: grid.newest(kept, through: now)
            }
        var advance = Advance(next: next.map { planned(at: $0, terms, identifier) }, note: note)
        if passed > kept, let first = grid.next(after: instant) {
            let last = kept == 0 ? now : (next ?? now).advanced(by: .microseconds(-1))
            advance.missed = Missed(count: passed - kept, first: first, last: grid.newest(1, through: last) ?? first)
        }
        return advance
    }

    private func grid(of terms: RequestTerms, through instant: WallTime) -> (ScheduleGrid, note: String?)? {
        switch terms.schedule?.rule {
        case .every(let interval): return (ScheduleGrid(kind: .interval(interval, anchor: instant)), nil)
        case .calendar(let calendar, let zone):
            do throws(SchedulingFailure) {
                return (ScheduleGrid(kind: .calendar(calendar, try rules(for: zone))), nil)
            } catch {
                // It was there when the request was submitted. A run at a wrong hour is better than none, and is told.
                return (
                    ScheduleGrid(kind: .calendar(calendar, .utc)), "its next instant was counted in UTC: \(error.cause)"
                )
            }
        case .after, nil: return nil
        }
    }

    private func rules(for zone: String?) throws(SchedulingFailure) -> ZoneRules {
        if let zones { return try zones.schedulingRules(for: zone) }
        return .utc
    }

    /// How many of the instants that passed, counted from the newest, still get a run if their policy has its way.
    private func made(upFor terms: RequestTerms, _ manner: Manner) -> Int64 {
        if manner == .overlapped { return 0 }
        switch terms.missedRuns?.rule {
        case .runAll(let max): return Int64(manner == .claimed ? max - 1 : max)
        case .skip: return .max
        // The run that starts now stands for all that were missed; one that was passed over leaves that to the newest.
        case .runOnce, nil: return manner == .claimed ? 0 : 1
        }
    }

    /// The coming instants of a schedule after one occurrence of it, for people: at most so many.
    package func coming(after instant: WallTime, _ terms: RequestTerms, limit: Int) -> [WallTime] {
        guard let (grid, _) = grid(of: terms, through: instant) else { return [] }
        var found: [WallTime] = []
        while found.count < limit, let next = grid.next(after: found.last ?? instant), next > found.last ?? instant {
            found.append(next)
        }
        return found
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
