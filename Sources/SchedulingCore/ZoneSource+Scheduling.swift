// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSurroundings

extension ZoneSource {
    /// The rules of a zone, nil being the system's; what is wrong with it as a failure for the caller of the scheduler.
    package func schedulingRules(for identifier: String?) throws(SchedulingFailure) -> ZoneRules {
        do throws(ZoneFailure) {
            return try rules(for: identifier)
        } catch {
            throw SchedulingFailure(
                .timeZoneUnusable, doing: "use the time zone", subject: error.subject, cause: error.cause,
                remedy: error.remedy)
        }
    }
}
