// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSurroundings
import Testing

@testable import SchedulingCore

@Suite("Why a task waits, for people")
struct UnmetReasonsTests {
    @Test("each unmet requirement is told alone: what, its value, its source, when it was seen, and what helps")
    func each() {
        for (index, (requirement, _, lose)) in RequirementTests.lacks.enumerated() {
            var conditions = RequirementTests.fine
            lose(&conditions)
            let reasons = TaskExplanation.Reason.unmet(RequirementTests.everything, by: conditions)
            #expect(reasons.map(\.what) == requirement.names, "\(index)")
            #expect(reasons.allSatisfy { $0.source == "test" && $0.seen == .epoch && !$0.remedy.isEmpty })
            #expect(reasons.allSatisfy { $0.observed.hasSuffix(", says test") })
        }
    }

    @Test("several at once are all told, with numbers where there are some")
    func several() {
        var conditions = RequirementTests.fine
        for (_, _, lose) in RequirementTests.lacks { lose(&conditions) }
        conditions.network = RequirementTests.fine.network
        let reasons = TaskExplanation.Reason.unmet(RequirementTests.everything, by: conditions)
        #expect(
            reasons.map(\.description) == [
                "external power (on battery, says test); plug the machine in",
                "an unmetered network (metered, says test); connect to another network, or declare this one as "
                    + "unmetered (connection.metered, nm-settings(5))",
                "an unconstrained network (constrained, says test); log in at the network's portal, or connect to "
                    + "another network",
                "a charged battery (10 % left, says test); plug the machine in, or charge it above 20 %",
                "free storage (0 MiB of 1048576 MiB free, says test); remove files from where the app keeps its state, "
                    + "until more than 600 MiB are free",
                "low load (work waited 90 % of the time, says test); wait until that is below 20 %, or stop what keeps "
                    + "the machine busy",
                "an idle user (in use, says test); leave it alone until its session is idle",
            ])
    }

    @Test("nothing unmet has no reason, and neither has what nobody can tell")
    func none() {
        #expect(TaskExplanation.Reason.unmet(RequirementTests.everything, by: RequirementTests.fine).isEmpty)
        #expect(TaskExplanation.Reason.unmet(RequirementTests.everything, by: Conditions()).isEmpty)
    }
}
