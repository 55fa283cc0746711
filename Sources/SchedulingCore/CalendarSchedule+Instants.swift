// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSurroundings

/// A schedule in a zone is a set of instants. Each stretch of one offset (`ZoneRules.Span`) has two kinds of them:
///
/// - *shown*: what its clocks show and the schedule names. A daily schedule leaves out what clocks have shown before
///   (`reached`), an hourly one does not.
/// - *shifted*: what the change at its beginning skipped, counted with the offset before it. They lie at its beginning,
///   among shown ones, and two may be the same instant.
///
/// Instants are between the years 1 and 9999. The work is bounded by the number of changes and months in between.
extension CalendarSchedule {
    /// The first instant after another; nil beyond the year 9999.
    package func next(after instant: WallTime, in zone: ZoneRules) -> WallTime? {
        let from = max(instant.wholeSeconds, ZoneRules.earliest - 1) + 1
        guard from <= ZoneRules.latest else { return nil }
        var number = zone.spanNumber(at: from)
        while true {
            let span = zone.span(number)
            guard span.start <= ZoneRules.latest else { return nil }
            if let found = first(in: span, from: max(from, span.start)) {
                return found <= ZoneRules.latest ? WallTime(seconds: found) : nil
            }
            guard span.end <= ZoneRules.latest else { return nil }
            number += 1
        }
    }

    /// The last instant that is not after another; nil before the year 1.
    package func previous(atOrBefore instant: WallTime, in zone: ZoneRules) -> WallTime? {
        let through = min(instant.wholeSeconds, ZoneRules.latest)
        guard through >= ZoneRules.earliest else { return nil }
        var number = zone.spanNumber(at: through)
        while number >= 0 {
            let span = zone.span(number)
            if let found = last(in: span, through: min(through, span.end - 1)) {
                return found >= ZoneRules.earliest ? WallTime(seconds: found) : nil
            }
            number -= 1
        }
        return nil
    }

    /// How many instants lie after `start` and not after `end`: what was missed in a time, without visiting each.
    package func count(after start: WallTime, through end: WallTime, in zone: ZoneRules) -> Int {
        let from = max(start.wholeSeconds, ZoneRules.earliest - 1) + 1
        let through = min(end.wholeSeconds, ZoneRules.latest)
        guard from <= through else { return 0 }
        var number = zone.spanNumber(at: from)
        var count = 0
        while true {
            let span = zone.span(number)
            guard span.start <= through else { return count }
            count += self.count(in: span, from: max(from, span.start), through: min(through, span.end - 1))
            guard span.end <= through else { return count }
            number += 1
        }
    }

    // MARK: In one span

    /// The readings that its clocks show and that count.
    private func shown(in span: ZoneRules.Span) -> Range<Int64> {
        let end = span.end + span.offset
        let start = isHourly ? span.start + span.offset : max(span.start + span.offset, span.reached)
        return min(start, end)..<end
    }

    /// The readings that its beginning skipped, of those whose instants lie in it.
    private func skipped(by span: ZoneRules.Span) -> Range<Int64>? {
        let end = min(span.start + span.offset, span.end + span.offsetBefore)
        return span.reached < end ? span.reached..<end : nil
    }

    private func first(in span: ZoneRules.Span, from: Int64) -> Int64? {
        let shown = shown(in: span)
        let found = reading(from: max(from + span.offset, shown.lowerBound), before: shown.upperBound)
            .map { $0 - span.offset }
        guard let skipped = skipped(by: span), from + span.offsetBefore < skipped.upperBound,
            let other = reading(from: max(from + span.offsetBefore, skipped.lowerBound), before: skipped.upperBound)
        else { return found }
        return min(found ?? .max, other - span.offsetBefore)
    }

    private func last(in span: ZoneRules.Span, through: Int64) -> Int64? {
        let shown = shown(in: span)
        let found = reading(upTo: min(through + span.offset, shown.upperBound - 1), notBefore: shown.lowerBound)
            .map { $0 - span.offset }
        guard let skipped = skipped(by: span),
            let other = reading(
                upTo: min(through + span.offsetBefore, skipped.upperBound - 1), notBefore: skipped.lowerBound)
        else { return found }
        return max(found ?? .min, other - span.offsetBefore)
    }

    private func count(in span: ZoneRules.Span, from: Int64, through: Int64) -> Int {
        let shown = shown(in: span)
        var count = readings(
            from: max(from + span.offset, shown.lowerBound), before: min(through + 1 + span.offset, shown.upperBound))
        guard let skipped = skipped(by: span) else { return count }
        // At most a gap's worth of them: each is looked at, whether it is a shown one too.
        let end = min(through + 1 + span.offsetBefore, skipped.upperBound)
        var next = max(from + span.offsetBefore, skipped.lowerBound)
        while let found = reading(from: next, before: end) {
            let asShown = found - span.offsetBefore + span.offset
            if !(shown.contains(asShown) && contains(reading: asShown)) { count += 1 }
            next = found + 1
        }
        return count
    }

    // MARK: Readings, without a zone

    private func contains(reading seconds: Int64) -> Bool {
        let reading = LocalReading(seconds: seconds)
        let time = Int32(reading.secondOfDay)
        let index = index(ofTimeFrom: time)
        return index < times.count && times[index] == time && dates.contains(day: reading.day)
    }

    private func reading(from start: Int64, before end: Int64) -> Int64? {
        guard start < end else { return nil }
        let reading = LocalReading(seconds: start)
        var day = reading.day
        let index = index(ofTimeFrom: Int32(reading.secondOfDay))
        let found: Int64
        if index < times.count, dates.contains(day: day) {
            found = Self.seconds(day, times[index])
        } else {
            let limit = LocalReading(seconds: end - 1).day + 1
            guard let next = dates.first(from: day + 1, before: limit) else { return nil }
            day = next
            found = Self.seconds(day, times[0])
        }
        return found < end ? found : nil
    }

    private func reading(upTo end: Int64, notBefore start: Int64) -> Int64? {
        guard start <= end else { return nil }
        let reading = LocalReading(seconds: end)
        var day = reading.day
        let index = index(ofTimeFrom: Int32(reading.secondOfDay) + 1) - 1
        let found: Int64
        if index >= 0, dates.contains(day: day) {
            found = Self.seconds(day, times[index])
        } else {
            guard let previous = dates.last(upTo: day - 1, notBefore: LocalReading(seconds: start).day) else {
                return nil
            }
            day = previous
            found = Self.seconds(day, times[times.count - 1])
        }
        return found >= start ? found : nil
    }

    private func readings(from start: Int64, before end: Int64) -> Int {
        guard start < end else { return 0 }
        let first = LocalReading(seconds: start)
        let last = LocalReading(seconds: end)
        var count = dates.count(from: first.day, before: last.day) * times.count
        if dates.contains(day: first.day) { count -= index(ofTimeFrom: Int32(first.secondOfDay)) }
        if dates.contains(day: last.day) { count += index(ofTimeFrom: Int32(last.secondOfDay)) }
        return count
    }

    /// The index of the first time of day that is not before a second; the count of times when none is left.
    private func index(ofTimeFrom second: Int32) -> Int {
        var low = 0
        var high = times.count
        while low < high {
            let middle = (low + high) / 2
            if times[middle] < second { low = middle + 1 } else { high = middle }
        }
        return low
    }

    private static func seconds(_ day: Int, _ time: Int32) -> Int64 {
        Int64(day) * LocalReading.secondsInDay + Int64(time)
    }
}
