// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

/// What one submission asks for, in the model's own words. Microseconds.
struct Wish: Equatable, CustomStringConvertible {
    enum Schedule: Equatable {
        /// On a grid from its first instant.
        case every(Int64)
        /// So long after the end of each run.
        case after(Int64)
        /// By the calendar of a zone of the model; nil is the host's.
        case calendar(ReferenceCalendar, zone: Int?)
    }
    enum Missed: Equatable { case once, all(Int64), skip(Int64) }
    enum Overlap { case queue, skip, replace }
    enum Conflict { case replace, keep, fail }
    struct Retry: Equatable {
        var delay: Int64
        var maximum: Int64
        var isLinear: Bool
        var attempts: Int64
        var isJittered: Bool

        /// The shortest and the longest wait after this many failures.
        func wait(after failures: Int64) -> ClosedRange<Int64> {
            let grown = isLinear ? delay * failures : delay << (failures - 1)
            let whole = min(grown, maximum)
            return (isJittered ? whole - whole / 10 - 1 : whole)...whole
        }
    }

    /// No other submission has it.
    var number: Int
    var identifier: String
    /// The earliest date that it names, and from when on it may run.
    var date: Int64?
    var start: Int64
    var schedule: Schedule?
    var flex: Int64 = 0
    var jitter: Int64 = 0
    var missed = Missed.once
    var deadline: Int64?
    var retry: Retry?
    var overlap = Overlap.queue
    var conflict = Conflict.replace
    var follows: String?

    /// Nothing beyond Apple's: the store keeps no terms and no input for it.
    var isPlain: Bool {
        self
            == Wish(
                number: number, identifier: identifier, date: date, start: start, conflict: conflict)
    }

    var description: String {
        if isPlain { return "\(identifier) at \(start)" }
        let words: [(String, String?)] = [
            ("", schedule.map { "\($0)" }), ("flex", flex > 0 ? "\(flex)" : nil),
            ("jitter", jitter > 0 ? "\(jitter)" : nil),
            ("missed", missed == .once ? nil : "\(missed)"), ("deadline", deadline.map(String.init)),
            ("retry", retry.map { "\($0)" }), ("overlap", overlap == .queue ? nil : "\(overlap)"),
            ("conflict", conflict == .replace ? nil : "\(conflict)"), ("follows", follows),
        ]
        let terms = words.compactMap { name, value in value.map { "\(name) \($0)" } }.joined(separator: ", ")
            .replacing("SchedulingSimulation.", with: "").replacing("Wish.", with: "")
        return "\(identifier) at \(start) (wish \(number)\(date == nil ? "" : ", dated"), \(terms))"
    }

    /// How late a run may start that was never started.
    var latestStart: Int64? {
        guard schedule != nil, case .skip(let age) = missed else { return deadline }
        return min(deadline ?? age, age)
    }

    /// Its attempts, and with them the deaths that one run may die.
    var limit: Int64 { retry?.attempts ?? Ledger.maximumAttempts }

    var isGrid: Bool {
        switch schedule {
        case .every, .calendar: true
        case .after, nil: false
        }
    }

    var isLocal: Bool { if case .calendar(_, nil) = schedule { true } else { false } }

    /// The grid of which this is an instant.
    func grid(through instant: Int64, local: Int) -> ReferenceGrid? {
        switch schedule {
        case .every(let interval): .every(interval, through: instant)
        case .calendar(let calendar, let zone): .calendar(calendar, ReferenceZone.all[zone ?? local])
        case .after, nil: nil
        }
    }

    /// Its first instant, where it may run from `start` on.
    func first(from start: Int64, local: Int) -> Int64 {
        guard case .calendar? = schedule else { return start }
        return grid(through: start, local: local)?.next(after: start - 1) ?? start
    }

    /// What comes after an instant that was left behind at `now`: all that passed are missed, but for so many of the newest
    /// that may still start.
    func successor(of instant: Int64, on grid: ReferenceGrid, now: Int64, _ manner: Ledger.Manner) -> Int64 {
        let oldest = max(instant, latestStart.map { now - $0 - 1 } ?? instant)
        var kept = grid.count(after: oldest, through: now)
        switch (missed, manner) {
        case (_, .overlapped): kept = 0
        case (.once, .claimed): kept = 0
        case (.once, .tooLate): kept = min(kept, 1)
        case (.all(let most), .claimed): kept = min(kept, most - 1)
        case (.all(let most), .tooLate): kept = min(kept, most)
        case (.skip, _): break
        }
        guard kept > 0 else { return grid.next(after: max(instant, now)) }
        if case .skip = missed { return grid.next(after: oldest) }
        var found = grid.last(atOrBefore: now)
        for _ in 1..<kept { found = grid.last(atOrBefore: found - 1) }
        return found
    }
}

extension Wish {
    private static let second: Int64 = 1_000_000
    private static let minute: Int64 = 60_000_000
    private static let hour: Int64 = 3_600_000_000

    /// Says something beyond Apple's, as `random` has it; nothing that contradicts itself.
    mutating func embellish(_ random: inout SeededRandom, others: [String]) {
        switch random.below(12) {
        case 0, 1: schedule = .every([5 * Self.minute, 15 * Self.minute, Self.hour, 24 * Self.hour][random.below(4)])
        case 2: schedule = .after([20 * Self.minute, 5 * Self.hour][random.below(2)])
        case 3, 4, 5: schedule = .calendar(Self.calendar(&random), zone: [nil, nil, 0, 1, 2][random.below(5)])
        case 6, 7: follows = random.pick(others)
        default: break
        }
        if schedule != nil {
            var room = 2 * Self.hour
            if case .every(let interval) = schedule { room = interval }
            if random.chance(300) { flex = room / [1, 2, 5][random.below(3)] }
            if random.chance(200) { jitter = (room - flex) / 2 }
            switch random.below(6) {
            case 0: missed = .all(Int64(1 + random.below(3)))
            case 1: missed = .skip(flex + jitter + [Self.minute, Self.hour][random.below(2)])
            default: break
            }
            overlap = [.queue, .queue, .skip, .replace][random.below(4)]
        } else if random.chance(100) {
            jitter = 5 * Self.minute
        }
        if random.chance(200) {
            deadline = flex + jitter + [Self.minute, 10 * Self.minute, Self.hour][random.below(3)]
        }
        if random.chance(400) {
            retry = Retry(
                delay: Int64(1 + random.below(100)) * Self.second, maximum: [100, 3600][random.below(2)] * Self.second,
                isLinear: random.chance(500), attempts: Int64(2 + random.below(4)), isJittered: random.chance(500))
        }
        conflict = [.replace, .replace, .replace, .replace, .keep, .fail][random.below(6)]
    }

    private static func calendar(_ random: inout SeededRandom) -> ReferenceCalendar {
        // Among them those that the changes of clocks skip and repeat.
        let times: [Int64] = [600, 2 * 3600, 2 * 3600 + 1800, 3 * 3600, 43200 + 5]
        if random.chance(200) {
            let minute = Int64(random.below(60)) * 60
            return ReferenceCalendar(times: (0..<24).map { $0 * 3600 + minute }, isHourly: true)
        }
        let chosen = times.filter { _ in random.chance(400) }
        var calendar = ReferenceCalendar(times: chosen.isEmpty ? [times[random.below(5)]] : chosen)
        switch random.below(5) {
        case 0: calendar.days = .weekdays([1, Int64(2 + random.below(6))])
        case 1: calendar.days = .endsOfMonths
        default: break
        }
        return calendar
    }
}
