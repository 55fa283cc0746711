// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSurroundings

/// What was seen of one app, for `doctor` to judge.
package struct AppExamination: Hashable, Sendable {
    /// The unit file of an app.
    package struct Unit: Hashable, Sendable {
        package var name: String
        package var path: String
        /// Whether it is word for word what the library wrote.
        package var isAsWritten: Bool
        /// Whether it says what it starts.
        package var isReadable: Bool
        /// "enabled", "disabled", "masked", …; nil: the manager knows no such file, or cannot be asked.
        package var state: String?
        /// The library enabled the launch at login, so that another state was set by hand.
        package var wasEnabled: Bool
        /// The file was written and the manager has not read it.
        package var needsReload: Bool
        /// A file of the same name that the manager prefers.
        package var shadow: String?

        package init(
            name: String, path: String, isAsWritten: Bool, isReadable: Bool, state: String?, wasEnabled: Bool,
            needsReload: Bool, shadow: String?
        ) {
            self.name = name
            self.path = path
            self.isAsWritten = isAsWritten
            self.isReadable = isReadable
            self.state = state
            self.wasEnabled = wasEnabled
            self.needsReload = needsReload
            self.shadow = shadow
        }
    }

    /// What can be said of a program's file.
    package enum Executable: Hashable, Sendable {
        case fine
        case missing
        case notExecutable
        case unknown
    }

    package var app: String
    package var isSystemWide = false
    package var managerAnswers = true
    package var unit: Unit?
    package var executable: String?
    package var executableState = Executable.unknown
    package var stateDirectory: String
    /// Why the store cannot be used; nil: it can.
    package var trouble: AppReport.Trouble?
    package var now: WallTime
    package var pending = 0
    package var running = 0
    /// The earliest instant at which something pending is to be looked at.
    package var earliest: WallTime?
    package var hasLiveResident = false
    /// A launch is under way.
    package var isLaunching = false
    package var wakeup: AppReport.Wakeup?
    /// The newest rows of history first.
    package var history: [RunReport] = []
    /// Launches that ended without being handled, and that no process has recorded yet.
    package var unhandledLaunches = 0
    /// Services of the app that systemd waits to start again, or could not start.
    package var failingServices: [FailingService] = []

    package init(app: String, stateDirectory: String, now: WallTime) {
        self.app = app
        self.stateDirectory = stateDirectory
        self.now = now
    }
}
