// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSurroundings

/// How a condition that is not met is told to people: what is required, what was seen, by whom and when, and what would
/// change it.
extension TaskExplanation.Reason {
    /// A reason for each of the requirements that the conditions do not meet.
    package static func unmet(_ requirements: Requirement, by conditions: Conditions) -> [TaskExplanation.Reason] {
        let unmet = requirements.unmet(by: conditions)
        return tellers.compactMap { requirement, reason in unmet.contains(requirement) ? reason(conditions) : nil }
    }

    private static let tellers: [(Requirement, @Sendable (Conditions) -> TaskExplanation.Reason)] = [
        (.externalPower, { reason("external power", $0.power, "on battery", "plug the machine in") }),
        (.network, { reason("a network", $0.network, "offline", "connect the machine") }),
        (
            .unmeteredNetwork,
            {
                reason(
                    "an unmetered network", $0.isMetered, "metered",
                    "connect to another network, or declare this one as unmetered (connection.metered, nm-settings(5))")
            }
        ),
        (
            .unconstrainedNetwork,
            {
                reason(
                    "an unconstrained network", $0.isConstrained, "constrained",
                    "log in at the network's portal, or connect to another network")
            }
        ),
        (
            .batteryNotLow,
            { conditions in
                let level = conditions.battery.value?.level.map { "\(percent($0)) left" } ?? "low"
                return reason(
                    "a charged battery", conditions.battery, level,
                    "plug the machine in, or charge it above \(percent(BatteryCharge.hysteresis.met))")
            }
        ),
        (
            .storageNotLow,
            { conditions in
                let space = conditions.storage.value
                let left = space.map { "\(mebibytes($0.available)) of \(mebibytes($0.capacity)) free" } ?? "low"
                let met = space.map { "more than \(mebibytes(Int64($0.hysteresis.met))) are" } ?? "more is"
                return reason(
                    "free storage", conditions.storage, left,
                    "remove files from where the app keeps its state, until \(met) free")
            }
        ),
        (
            .lowLoad,
            { conditions in
                let level = conditions.load.value.map { "work waited \(percent($0.level)) of the time" } ?? "busy"
                return reason(
                    "low load", conditions.load, level,
                    "wait until that is below \(percent(SystemLoad.hysteresis.met)), or stop what keeps the machine busy"
                )
            }
        ),
        (
            .userIdle,
            {
                reason(
                    "an idle user", $0.isUserIdle, "in use", "leave it alone until its session is idle")
            }
        ),
    ]

    private static func reason<Value>(
        _ what: String, _ seen: Observed<Value>, _ value: String, _ remedy: String
    ) -> TaskExplanation.Reason {
        TaskExplanation.Reason(
            what: what, observed: "\(value), says \(seen.source)", remedy: remedy, source: seen.source, seen: seen.at)
    }

    private static func percent(_ share: Double) -> String { "\(Int((share * 100).rounded())) %" }

    private static func mebibytes(_ bytes: Int64) -> String { "\(bytes >> 20) MiB" }
}
