// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

/// Time is an argument everywhere but in the clock adapter.
enum ClockRules {
    /// What reads a clock although it is not the clock adapter; the reason decides whether it may stay.
    static let accepted: [String: String] = [
        "Sources/SchedulingSystemd/Bus.swift":
            "a bounded wait for the bus: sd_bus_wait(3) counts from now, and adapters do not know the clock adapter",
        "Sources/SchedulingSystemd/ServiceManager.swift": "lets go of a bus connection that nobody used for a second",
        "Sources/SchedulingRuntime/Events/EventHub.swift":
            "gathers what observers are told for ten milliseconds: nothing is decided by it, and `flush` does not wait for it",
        "Sources/SchedulingRuntime/HandlerThreads.swift":
            "looks again whether a handler keeps its thread: others are called a little later, and nothing is decided by it",
        "Sources/CTransferCurl/Threads.c":
            "how long a sync took: the next one waits in proportion, and nothing else is decided by it",
        "Sources/BackgroundStore/DoorbellWatch.swift":
            "a watch rests after each ring that it has told (decision 140); nothing is decided by it",
        "Sources/SchedulingTesting/TestScheduler+Settling.swift":
            "after ten real seconds a test that does not settle fails",
    ]

    static let words: [[String]] = [
        ["Date", "(", ")"], ["Date", ".", "now"], ["clock_gettime"], ["gettimeofday"], ["DispatchTime", ".", "now"],
        ["DispatchWallTime", ".", "now"], [".", "now", "(", ")", "+"], ["ContinuousClock"], ["SuspendingClock"],
        ["Task", ".", "sleep"], ["Thread", ".", "sleep"], ["usleep"], ["nanosleep"],
        ["clock_nanosleep"],
    ]

    static let onlyTheAdapterReadsClocks = HouseRule("clocks are read, and slept on, only in the clock adapter") {
        files in
        files.filter(isJudged).flatMap { file in
            let tokens = file.tokens
            let named = words.flatMap { words in
                tokens.occurrences(of: words).filter { index in
                    // A wait for an event may have an end: `semaphore.wait(timeout: .now() + 10)`.
                    !(words == [".", "now", "(", ")", "+"]
                        && tokens[..<index].suffix(2).map(\.text) == ["timeout", ":"])
                }.map { Violation(file, tokens[$0].line, words.joined()) }
            }
            let bare = tokens.occurrences(of: ["sleep", "("]).filter { index in
                // `time.sleep` of a time that is moved by hand is no sleep; nor is its declaration, nor a test of the name.
                let before = index > 0 ? tokens[index - 1].text : ""
                let mayDeclare = file.target == "SchedulingTesting" || file.isBelow("Tests")
                return before != "." && !(before == "func" && mayDeclare)
            }
            return named + bare.map { Violation(file, tokens[$0].line, "sleep(") }
        }
    }

    static let oneEventually = HouseRule("a target of tests on a real host waits in one file only, Eventually.swift") {
        files in
        // Host/<target>/…: two programs cannot share a file.
        let groups = Dictionary(grouping: files.filter(isEventually)) { $0.components.prefix(3).joined(separator: "/") }
        return groups.values.flatMap { $0.dropFirst().map { Violation($0, 1, "a second Eventually.swift") } }
    }

    private static func isEventually(_ file: SourceFile) -> Bool {
        file.isBelow("Tests/Host") && file.name == "Eventually.swift"
    }

    private static func isJudged(_ file: SourceFile) -> Bool {
        guard file.isBelow("Sources") || (file.isBelow("Tests") && file.isSwift) else { return false }
        // Benchmarks measure: their clocks are what they are about.
        return !file.path.hasPrefix("Sources/BackgroundMonitors/SystemClocks") && !isEventually(file)
            && !file.isBelow("Tests/Benchmarks") && accepted[file.path] == nil
    }
}
