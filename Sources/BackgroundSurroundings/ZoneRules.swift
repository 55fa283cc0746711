// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

/// A time zone as a value: its offsets from UTC, and the instants at which they change.
///
/// Years 1 to 9999. What repeats for ever is kept for one cycle of the calendar (400 years) and looked up modulo it.
/// Only changes of the offset are kept; names of zones and whether a time is called summer time mean nothing here.
package struct ZoneRules: Hashable, Sendable {
    /// One stretch of time with the same offset. Seconds since 1970, in UTC unless said otherwise.
    package struct Span: Hashable, Sendable {
        /// Its first second.
        package var start: Int64
        /// The first second after it.
        package var end: Int64
        /// Seconds to add to UTC.
        package var offset: Int64
        /// The offset before it.
        package var offsetBefore: Int64
        /// The local reading that clocks had come up to when it began. Above its own first reading: they were set back
        /// and show again what they have shown; below: they were set forward, and what lies between is skipped.
        package var reached: Int64
    }

    /// One stretch as it is kept; its end is the next one's start.
    private struct Entry: Hashable {
        var start: Int64
        var reached: Int64
        var offset: Int32
        var offsetBefore: Int32
    }

    /// Beyond everything, and still far from an overflow.
    package static let farPast = Int64.min / 4
    package static let farFuture = Int64.max / 4
    /// 0001-01-01 00:00:00 UTC.
    package static let earliest: Int64 = -62_135_596_800
    /// 9999-12-31 23:59:59 UTC.
    package static let latest: Int64 = 253_402_300_799
    /// No offset is further from UTC than this (RFC 9636, section 3.2: "SHOULD be between -89999 and 93599").
    package static let largestOffset: Int64 = 93_599

    private static let cycle = Int64(CivilDate.daysInCycle) * LocalReading.secondsInDay

    /// Ascending. From `cycleStart` on they are one cycle, which repeats.
    private var entries: [Entry]
    private var cycleStart: Int

    /// No change, ever.
    package init(offset: Int64 = 0) {
        let offset = Int32(offset)
        entries = [Entry(start: Self.farPast, reached: Self.farPast, offset: offset, offsetBefore: offset)]
        cycleStart = 1
    }

    /// Coordinated universal time.
    package static let utc = ZoneRules()

    /// One change of the offset.
    struct Change: Hashable, Sendable {
        var start: Int64
        var offset: Int64
    }

    /// `changes` ascend strictly, and no offset is larger than `largestOffset`: whoever reads a file has to see to it.
    /// `rule` holds after the last change, or always if there is none.
    init(firstOffset: Int64, changes: [Change], rule: PosixZone?) {
        self.init(offset: firstOffset)
        for change in changes where change.start <= Self.latest {
            if change.start < Self.earliest {
                self = ZoneRules(offset: change.offset)
            } else {
                append(change)
            }
        }
        cycleStart = entries.count
        guard let rule else { return }
        let last = changes.last?.start
        if last == nil, !rule.hasChanges { self = ZoneRules(offset: rule.standardOffset) }
        if rule.hasChanges { append(rule, after: min(last ?? Self.farPast, Self.latest)) }
    }

    private mutating func append(_ change: Change) {
        let last = entries[entries.count - 1]
        let offset = Int32(change.offset)
        guard offset != last.offset else { return }
        let reached = max(last.reached, change.start + Int64(last.offset))
        entries.append(Entry(start: change.start, reached: reached, offset: offset, offsetBefore: last.offset))
    }

    private mutating func append(_ rule: PosixZone, after last: Int64) {
        let from = max(last, Self.earliest)
        let year = CivilDate(daysSinceEpoch: Int(from.flooredQuotient(by: LocalReading.secondsInDay))).year
        // More years than are used: at the end of the last one nothing says that summer goes on.
        let changes = rule.changes(years: (year - 1)...(year + 407))
        // By then the rule alone decides, so what follows repeats.
        let settled = CivilDate(year: year + 3, month: 1, day: 1)
        let settledAt = Int64(settled.daysSinceEpoch) * LocalReading.secondsInDay
        let repeats = settledAt..<(settledAt + Self.cycle)
        guard let first = changes.first(where: { repeats.contains($0.start) }) else {
            // A rule whose two changes fall together: one offset for ever.
            for change in changes where change.start > last && change.start < settledAt { append(change) }
            cycleStart = entries.count
            return
        }
        for change in changes where change.start > last && change.start < first.start { append(change) }
        cycleStart = entries.count
        for change in changes where change.start >= first.start && change.start < first.start + Self.cycle {
            append(change)
        }
    }

    // MARK: Spans

    /// The number of the span that holds a second. Numbers go on into the cycles that are not kept.
    package func spanNumber(at second: Int64) -> Int {
        var second = second
        var turns = 0
        if cycleStart < entries.count, second >= entries[cycleStart].start {
            turns = Int((second - entries[cycleStart].start) / Self.cycle)
            second -= Int64(turns) * Self.cycle
        }
        var low = 0
        var high = entries.count
        while high - low > 1 {
            let middle = (low + high) / 2
            if entries[middle].start <= second { low = middle } else { high = middle }
        }
        return low + turns * (entries.count - cycleStart)
    }

    /// The span of a number; past the last one, the last one.
    package func span(_ number: Int) -> Span {
        let repeating = entries.count - cycleStart
        var turns = 0
        var index = number
        if number >= entries.count {
            turns = repeating > 0 ? (number - cycleStart) / repeating : 0
            index = repeating > 0 ? number - turns * repeating : entries.count - 1
        }
        let entry = entries[index]
        let end: Int64
        if index + 1 < entries.count {
            end = entries[index + 1].start
        } else {
            end = repeating > 0 ? entries[cycleStart].start + Self.cycle : Self.farFuture
        }
        let shift = Int64(turns) * Self.cycle
        return Span(
            start: entry.start + shift, end: end + shift, offset: Int64(entry.offset),
            offsetBefore: Int64(entry.offsetBefore), reached: entry.reached + shift)
    }

    // MARK: Readings

    /// Seconds to add to UTC at an instant.
    package func offset(at instant: WallTime) -> Int64 { span(spanNumber(at: instant.wholeSeconds)).offset }

    /// What clocks of the zone show at an instant, without fractions of a second.
    package func reading(at instant: WallTime) -> LocalReading {
        LocalReading(seconds: instant.wholeSeconds + offset(at: instant))
    }

    /// When clocks of the zone show a reading.
    package func instants(of reading: LocalReading) -> LocalInstants {
        let seconds = min(max(reading.seconds, Self.earliest), Self.latest)
        var number = spanNumber(at: seconds - Self.largestOffset)
        var first: Int64?
        var shifted = seconds - span(number).offset
        while true {
            let span = span(number)
            guard span.start <= seconds + Self.largestOffset else { break }
            let instant = seconds - span.offset
            if span.start <= instant, instant < span.end {
                guard let first else {
                    first = instant
                    number += 1
                    continue
                }
                return .two(first: WallTime(seconds: first), second: WallTime(seconds: instant))
            }
            if first == nil, span.reached <= seconds, seconds < span.start + span.offset {
                shifted = seconds - span.offsetBefore
            }
            if span.end >= Self.farFuture { break }
            number += 1
        }
        return first.map { .one(WallTime(seconds: $0)) } ?? .skipped(shifted: WallTime(seconds: shifted))
    }
}

extension WallTime {
    /// The instant so many seconds after 1970; years 1 to 9999 fit well.
    package init(seconds: Int64) { self.init(microseconds: seconds * 1_000_000) }

    /// The seconds since 1970, rounded towards the past.
    package var wholeSeconds: Int64 { microseconds.flooredQuotient(by: 1_000_000) }
}
