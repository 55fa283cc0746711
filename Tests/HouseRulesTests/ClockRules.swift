// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

/// Time is an argument everywhere but in the clock adapter.
enum ClockRules {
    static let words: [[String]] = [
        ["Date", "(", ")"], ["Date", ".", "now"], ["clock_gettime"], ["gettimeofday"], ["DispatchTime", ".", "now"],
        ["DispatchWallTime", ".", "now"], [".", "now", "(", ")", "+"], ["ContinuousClock"], ["SuspendingClock"],
        ["timeIntervalSinceNow"], ["Task", ".", "sleep"], ["Thread", ".", "sleep"], ["usleep"], ["nanosleep"],
        ["clock_nanosleep"],
    ]

    static let onlyTheAdapterReadsClocks = HouseRule("clocks are read, and slept on, only in the clock adapter") {
        files in
        files.filter(isJudged).flatMap { file in
            let tokens = file.tokens
            let named = words.flatMap { words in
                tokens.occurrences(of: words).map { Violation(file, tokens[$0].line, words.joined()) }
            }
            let bare = tokens.occurrences(of: ["sleep", "("]).filter { index in
                // `time.sleep` of a time that is moved by hand is no sleep; nor is its declaration.
                let before = index > 0 ? tokens[index - 1].text : ""
                return before != "." && !(before == "func" && file.target == "SchedulingTesting")
            }
            return named + bare.map { Violation(file, tokens[$0].line, "sleep(") }
        }
    }

    static let oneEventually = HouseRule("tests wait for events of a real host in one file only, Eventually.swift") {
        files in
        files.filter { isEventually($0) }.dropFirst().map { Violation($0, 1, "a second Eventually.swift") }
    }

    private static func isEventually(_ file: SourceFile) -> Bool {
        file.isBelow("Tests/Host") && file.name == "Eventually.swift"
    }

    private static func isJudged(_ file: SourceFile) -> Bool {
        guard file.isBelow("Sources") || (file.isBelow("Tests") && file.isSwift) else { return false }
        // Benchmarks measure: their clocks are what they are about.
        return !file.path.hasPrefix("Sources/BackgroundMonitors/SystemClocks") && !isEventually(file)
            && !file.isBelow("Tests/Benchmarks")
    }
}
