// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

/// One thing that `doctor` looked at.
package struct Finding: Hashable, Sendable, Encodable {
    /// How bad it is.
    package enum Weight: String, Hashable, Sendable, Encodable, Comparable {
        case fine
        /// Tasks run all the same, but not as well as they could.
        case warning
        /// Something may never run.
        case problem

        package static func < (left: Weight, right: Weight) -> Bool { left.rank < right.rank }

        private var rank: Int {
            switch self {
            case .fine: 0
            case .warning: 1
            case .problem: 2
            }
        }
    }

    /// A stable name: "manager", "lingering", "bus", …
    package var check: String
    package var weight: Weight
    /// Nil for what concerns all apps.
    package var app: String?
    package var message: String
    /// The command, or the deed, that mends it.
    package var remedy: String?

    package init(
        _ check: String, _ weight: Weight, app: String? = nil, _ message: String, remedy: String? = nil
    ) {
        self.check = check
        self.weight = weight
        self.app = app
        self.message = message
        self.remedy = remedy
    }
}

/// All findings, in the order in which they keep tasks from running.
package struct DoctorReport: Hashable, Sendable, Encodable {
    package var findings: [Finding]
    package var problems: Int
    package var warnings: Int

    package init(findings: [Finding]) {
        self.findings = findings
        problems = findings.count { $0.weight == .problem }
        warnings = findings.count { $0.weight == .warning }
    }
}
