// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

package import BackgroundSurroundings

/// The three forms of a date in HTTP (RFC 9110, section 5.6.7): all have to be read, the first is written.
package enum HTTPDate {
    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    private static let days = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]

    /// The instant, or nil. `now` tells which century a year of two digits is in.
    package static func parse(_ text: String, now: WallTime) -> WallTime? {
        guard text.utf8.count <= 64 else { return nil }
        let words = text.split(separator: " ", omittingEmptySubsequences: true)
        switch words.count {
        case 6:  // Sun, 06 Nov 1994 08:49:37 GMT
            guard words[0].hasSuffix(","), words[5] == "GMT", words[3].utf8.count == 4 else { return nil }
            return instant(day: words[1], month: words[2], year: number(words[3]), time: words[4])
        case 4:  // Sunday, 06-Nov-94 08:49:37 GMT
            let date = words[1].split(separator: "-", omittingEmptySubsequences: false)
            guard words[0].hasSuffix(","), words[3] == "GMT", date.count == 3, date[2].utf8.count == 2,
                let short = number(date[2])
            else { return nil }
            return instant(day: date[0], month: date[1], year: year(short, now: now), time: words[2])
        case 5:  // Sun Nov  6 08:49:37 1994
            guard words[4].utf8.count == 4 else { return nil }
            return instant(day: words[2], month: words[1], year: number(words[4]), time: words[3])
        default: return nil
        }
    }

    /// As it is sent: "Sun, 06 Nov 1994 08:49:37 GMT".
    package static func text(_ instant: WallTime) -> String {
        let seconds = instant.microseconds.flooredQuotient(by: 1_000_000)
        let day = Int(seconds.flooredQuotient(by: 86_400))
        let rest = Int(seconds) - day * 86_400
        let date = CivilDate(daysSinceEpoch: day)
        let time = [rest / 3600, rest / 60 % 60, rest % 60].map { pad($0, 2) }.joined(separator: ":")
        let weekday = days[CivilDate.weekday(ofDaysSinceEpoch: day)]
        return "\(weekday), \(pad(date.day, 2)) \(months[date.month - 1]) \(pad(date.year, 4)) \(time) GMT"
    }

    private static func pad(_ number: Int, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
    }

    private static func number(_ text: Substring) -> Int? {
        guard !text.isEmpty, text.utf8.count <= 4, text.utf8.allSatisfy(\.isDigit) else { return nil }
        return Int(text)
    }

    /// A date that seems to lie more than 50 years ahead is the last one in the past with these digits.
    private static func year(_ short: Int, now: WallTime) -> Int {
        let today = CivilDate(daysSinceEpoch: Int(now.microseconds.flooredQuotient(by: 86_400_000_000))).year
        let year = today - today % 100 + short
        return year > today + 50 ? year - 100 : year
    }

    private static func instant(day: Substring, month: Substring, year: Int?, time: Substring) -> WallTime? {
        let clock = time.split(separator: ":", omittingEmptySubsequences: false)
        guard let year, (1...9999).contains(year), let day = number(day),
            let month = months.firstIndex(of: String(month)), clock.count == 3,
            clock.allSatisfy({ $0.utf8.count == 2 }), let hour = number(clock[0]), let minute = number(clock[1]),
            let second = number(clock[2]), hour < 24, minute < 60, second <= 60,
            (1...CivilDate.length(ofMonth: month + 1, in: year)).contains(day)
        else { return nil }
        let date = CivilDate(year: year, month: month + 1, day: day)
        let seconds = date.daysSinceEpoch * 86_400 + hour * 3600 + minute * 60 + second
        return WallTime(microseconds: Int64(seconds) * 1_000_000)
    }
}
