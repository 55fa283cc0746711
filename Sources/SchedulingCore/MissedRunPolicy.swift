// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

/// What happens to the runs of a schedule whose instants passed while nothing could start them.
public struct MissedRunPolicy: Hashable, Sendable, Codable, CustomStringConvertible {
    package enum Rule: Hashable, Sendable, Codable {
        case runOnce
        case runAll(max: Int)
        case skip(olderThan: Int64)
    }
    package let rule: Rule

    /// One run, late, stands for all that were missed. The default.
    public static let runOnce = MissedRunPolicy(rule: .runOnce)

    /// Each missed run is made up for, one after the other: the oldest, and the newest up to `max` in all; history says how
    /// many in between were skipped. From 1 to 1000.
    public static func runAll(max: Int) -> MissedRunPolicy { MissedRunPolicy(rule: .runAll(max: max)) }

    /// A run that could not start within a minute of its instant is skipped.
    public static let skip = skip(olderThan: .seconds(60))

    /// A run that could not start within this time after its instant is skipped, and history says so.
    public static func skip(olderThan age: Duration) -> MissedRunPolicy {
        MissedRunPolicy(rule: .skip(olderThan: age.clampedMicroseconds))
    }

    /// A few words for people.
    public var description: String {
        switch rule {
        case .runOnce: "missed runs: one late run stands for all"
        case .runAll(let max): "missed runs: up to \(max) are made up for"
        case .skip(let age): "missed runs: skipped when later than \(Duration.microseconds(age).spoken)"
        }
    }

    package func validate() throws(SchedulingFailure) {
        switch rule {
        case .runOnce: break
        case .runAll(let max) where (1...1000).contains(max): break
        case .skip(let age) where age > 0: break
        case .runAll(let max):
            throw .impossible("missed-run policy", "runAll(max: \(max))", "Use a number from 1 to 1000.")
        case .skip:
            throw .impossible("missed-run policy", description, "Use an age above zero.")
        }
    }
}

extension SchedulingFailure {
    /// A value of a request that cannot be meant.
    package static func impossible(_ what: String, _ value: String, _ remedy: String) -> SchedulingFailure {
        SchedulingFailure(
            .invalidArgument, doing: "use the \(what)", subject: value, cause: "it cannot be kept", remedy: remedy)
    }
}
