// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

/// What is known of one app.
package struct AppReport: Hashable, Sendable, Encodable {
    /// Why something of it could not be read.
    package struct Trouble: Hashable, Sendable, Encodable {
        /// The stable name of the sort of failure.
        package var code: String
        package var message: String
        package var remedy: String

        package init(code: String, message: String, remedy: String) {
            self.code = code
            self.message = message
            self.remedy = remedy
        }
    }

    /// The timer that will start the program.
    package struct Wakeup: Hashable, Sendable, Encodable {
        package var timer: String
        package var at: Instant
        /// Whether the manager has it; nil where it cannot be asked.
        package var isArmed: Bool?

        package init(timer: String, at: Instant, isArmed: Bool?) {
            self.timer = timer
            self.at = at
            self.isArmed = isArmed
        }
    }

    package var app: String
    /// "user" or "system".
    package var scope: String
    /// The unit file that starts it; nil: it runs by its own timers while it lives.
    package var unitFile: String?
    package var executable: String?
    package var stateDirectory: String
    package var trouble: Trouble?
    package var wakeup: Wakeup?
    package var tasks: [TaskReport] = []
    /// The newest of them; more may be there.
    package var continued: [ContinuedReport] = []
    /// Sessions that have transfers.
    package var sessions: [TransferSessionReport] = []
    /// Those of their transfers that move; more may be there.
    package var transfers: [TransferReport] = []

    package init(app: String, scope: String, unitFile: String?, executable: String?, stateDirectory: String) {
        self.app = app
        self.scope = scope
        self.unitFile = unitFile
        self.executable = executable
        self.stateDirectory = stateDirectory
    }
}
