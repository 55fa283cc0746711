// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

/// Reads the text of a calendar schedule. Whatever the bytes are, the answer is parts or an error.
struct CalendarText {
    /// Room for 1,440 single times.
    static let maximumBytes = 16_384

    private(set) var dates = DatePattern()
    private(set) var times: Set<Int32> = []
    private let text: String

    /// What is wrong with a part.
    private struct Mistake: Error {
        let cause: String
        init(_ cause: String) { self.cause = cause }
    }

    init(_ text: String) throws(SchedulingFailure) {
        self.text = text
        do throws(Mistake) {
            guard text.utf8.count <= Self.maximumBytes else {
                throw Mistake("it has \(text.utf8.count) bytes, and \(Self.maximumBytes) is the limit")
            }
            try read(text.utf8.split { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }.map { Array($0) })
        } catch {
            throw .schedule(
                text, error.cause,
                "Write it as systemd does, \"Mon..Fri *-*-* 09:00:00\"; `systemd-analyze calendar` explains such a text."
            )
        }
    }

    private static let wholes: [String: String] = [
        "minutely": "*-*-* *:*:00", "hourly": "*-*-* *:00:00", "daily": "*-*-* 00:00:00",
        "weekly": "Mon *-*-* 00:00:00", "monthly": "*-*-01 00:00:00", "quarterly": "*-01,04,07,10-01 00:00:00",
        "semiannually": "*-01,07-01 00:00:00", "yearly": "*-01-01 00:00:00", "annually": "*-01-01 00:00:00",
    ]

    private mutating func read(_ words: [[UInt8]]) throws(Mistake) {
        if words.count == 1, let whole = Self.wholes[String(decoding: words[0], as: UTF8.self).lowercased()] {
            return try read(whole.utf8.split(separator: UInt8(ascii: " ")).map { Array($0) })
        }
        guard !words.isEmpty else { throw Mistake("it is empty") }
        var rest = words[...]
        if let word = rest.first, word.first.map(Self.isLetter) ?? false {
            dates.weekdays = try weekdays(word)
            rest.removeFirst()
        }
        let dateWords = rest.prefix { !$0.contains(UInt8(ascii: ":")) }
        for word in dateWords { try readDate(word) }
        if dateWords.isEmpty { dates.insert(days: DatePattern.everyDay, ofMonths: 0xFFF, fromEnd: false) }
        let timeWords = rest.dropFirst(dateWords.count)
        for word in timeWords { try readTime(word) }
        if timeWords.isEmpty { times = [0] }
    }

    // MARK: Weekdays

    private func weekdays(_ word: [UInt8]) throws(Mistake) -> UInt8 {
        var set: UInt8 = 0
        for item in word.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) {
            let ends = Self.split(item[...], at: "..")
            let first = try weekday(ends[0])
            let last = ends.count > 1 ? try weekday(ends[1]) : first
            guard ends.count <= 2, first <= last else {
                throw Mistake("the weekdays \(Self.quoted(item)) do not go from an earlier one to a later one")
            }
            for day in first...last { set |= 1 << UInt8(day - 1) }
        }
        return set
    }

    private func weekday(_ name: ArraySlice<UInt8>) throws(Mistake) -> Int {
        let lowercase = String(decoding: name, as: UTF8.self).lowercased()
        for day in Weekday.allCases where lowercase == day.name || lowercase == day.shortName.lowercased() {
            return day.rawValue
        }
        throw Mistake(
            "\(Self.quoted(name)) is no weekday; time zones and other words are not part of a schedule's text")
    }

    // MARK: Dates

    /// `*-MONTHS-DAYS`, `MONTHS-DAYS`, and `~` in the place of the last `-` for days from the end.
    private mutating func readDate(_ word: [UInt8]) throws(Mistake) {
        let isSeparator = { (byte: UInt8) in byte == UInt8(ascii: "-") || byte == UInt8(ascii: "~") }
        guard let split = word.lastIndex(where: isSeparator) else {
            throw Mistake("\(Self.quoted(word[...])) is neither a date, as *-*-15 is one, nor a time, as 09:30 is one")
        }
        var months = word[..<split]
        if let year = months.firstIndex(where: isSeparator) {
            guard word[year] == UInt8(ascii: "-"), months[..<year] == [UInt8(ascii: "*")] else {
                throw Mistake("\(Self.quoted(word[...])) names a year, and only * is possible there")
            }
            months = months[(year + 1)...]
        }
        let isFromEnd = word[split] == UInt8(ascii: "~")
        let monthSet = try field(months, 1...12, "month", descending: false)
        let daySet = try field(word[(split + 1)...], 1...31, "day", descending: isFromEnd)
        dates.insert(
            days: UInt32(truncatingIfNeeded: daySet >> 1), ofMonths: UInt16(truncatingIfNeeded: monthSet >> 1),
            fromEnd: isFromEnd)
    }

    // MARK: Times

    /// `HOURS:MINUTES` or `HOURS:MINUTES:SECONDS`.
    private mutating func readTime(_ word: [UInt8]) throws(Mistake) {
        let fields = word.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        guard fields.count <= 3 else { throw Mistake("\(Self.quoted(word[...])) is no time, as 09:30:00 is one") }
        guard fields.count >= 2 else {
            if word.contains(where: Self.isLetter) {
                throw Mistake("\(Self.quoted(word[...])) is no time; a time zone is not part of a schedule's text")
            }
            throw Mistake("\(Self.quoted(word[...])) comes after a time; dates come before times")
        }
        let hours = try field(fields[0], 0...23, "hour", descending: false)
        let minutes = try field(fields[1], 0...59, "minute", descending: false)
        let seconds = fields.count == 3 ? try field(fields[2], 0...59, "second", descending: false) : 1
        let product = hours.nonzeroBitCount * minutes.nonzeroBitCount * seconds.nonzeroBitCount
        guard product <= CalendarSchedule.maximumTimesPerDay else {
            throw Mistake(
                "\(Self.quoted(word[...])) has \(product) times a day, and \(CalendarSchedule.maximumTimesPerDay) is the limit"
            )
        }
        for hour in hours.bits {
            for minute in minutes.bits {
                for second in seconds.bits { times.insert(Int32(hour * 3600 + minute * 60 + second)) }
            }
        }
    }

    // MARK: Fields

    /// `*`, or a list of `a`, `a..b`, `a/step` and `a..b/step`, as a set of bits. From a month's end, a step leads
    /// towards it, that is to lower numbers.
    private func field(
        _ bytes: ArraySlice<UInt8>, _ range: ClosedRange<Int>, _ what: String, descending: Bool
    ) throws(Mistake) -> UInt64 {
        var set: UInt64 = 0
        if bytes.elementsEqual([UInt8(ascii: "*")]) {
            for value in range { set |= 1 << UInt64(value) }
            return set
        }
        for item in bytes.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) {
            let parts = item.split(separator: UInt8(ascii: "/"), maxSplits: 1, omittingEmptySubsequences: false)
            let ends = Self.split(parts[0], at: "..")
            guard ends.count <= 2 else { throw Mistake("\(Self.quoted(item)) is no \(what)") }
            let first = try number(ends[0], range, what)
            var last = first
            if ends.count == 2 {
                last = try number(ends[1], range, what)
                guard first <= last else {
                    throw Mistake("the \(what)s \(Self.quoted(item)) do not go from a lower number to a higher one")
                }
            } else if parts.count == 2 {
                last = descending ? range.lowerBound : range.upperBound
            }
            let step = parts.count == 2 ? try number(parts[1], 1...59, "step") : 1
            let values =
                last < first
                ? stride(from: first, through: last, by: -step) : stride(from: first, through: last, by: step)
            for value in values { set |= 1 << UInt64(value) }
        }
        return set
    }

    private func number(
        _ digits: ArraySlice<UInt8>, _ range: ClosedRange<Int>, _ what: String
    ) throws(Mistake) -> Int {
        var value = 0
        var isNumber = !digits.isEmpty && digits.count <= 4
        for digit in digits.prefix(4) {
            isNumber = isNumber && (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit)
            value = value * 10 + Int(digit & 0x0F)
        }
        guard isNumber else { throw Mistake("\(Self.quoted(digits)) is no \(what)") }
        guard range.contains(value) else {
            throw Mistake("the \(what) \(value) is not between \(range.lowerBound) and \(range.upperBound)")
        }
        return value
    }

    // MARK: Bytes

    private static func isLetter(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20) || byte >= 0x80
    }

    /// Around each occurrence of a mark of two equal characters.
    private static func split(_ bytes: ArraySlice<UInt8>, at mark: StaticString) -> [ArraySlice<UInt8>] {
        let byte = mark.utf8Start.pointee
        var parts: [ArraySlice<UInt8>] = []
        var start = bytes.startIndex
        var index = start
        while index + 1 < bytes.endIndex {
            if bytes[index] == byte, bytes[index + 1] == byte {
                parts.append(bytes[start..<index])
                index += 2
                start = index
            } else {
                index += 1
            }
        }
        parts.append(bytes[start...])
        return parts
    }

    private static func quoted(_ bytes: some Collection<UInt8>) -> String {
        String(decoding: bytes.prefix(40), as: UTF8.self).debugDescription
    }
}

extension UInt64 {
    /// The numbers of the bits that are set.
    fileprivate var bits: some Sequence<Int> { (0..<64).lazy.filter { self & (1 << UInt64($0)) != 0 } }
}
