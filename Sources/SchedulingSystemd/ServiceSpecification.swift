// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

/// What the launched service looks like: everything that goes into the unit file. No secret belongs here, for anybody
/// may read a unit file.
package struct ServiceSpecification: Hashable, Sendable {
    /// One environment variable that the service gets.
    package struct Variable: Hashable, Sendable {
        package var name: String
        package var value: String

        package init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    package var appIdentifier: String
    /// An absolute path.
    package var executable: String
    /// The arguments after the executable's own name.
    package var arguments: [String]
    /// An absolute path; nil: where systemd starts services of this scope (home, or `/`).
    package var workingDirectory: String?
    /// The values of the variables that the app's owner listed. `BACKGROUND_APP_ID`, `BACKGROUND_STATE_DIRECTORY` and
    /// `BACKGROUND_LAUNCH` are always added and need not be in here.
    package var environment: [Variable]
    /// An absolute path: where the app's store is, and where the marker `enabled` is kept.
    package var stateDirectory: String
    /// How long after the end of a launch that did not arm anew the app is started again.
    package var retryAfterDeath: Duration

    package init(
        appIdentifier: String, executable: String, arguments: [String] = [], workingDirectory: String? = nil,
        environment: [Variable] = [], stateDirectory: String, retryAfterDeath: Duration = .seconds(900)
    ) {
        self.appIdentifier = appIdentifier
        self.executable = executable
        self.arguments = arguments
        self.workingDirectory = workingDirectory
        self.environment = environment
        self.stateDirectory = stateDirectory
        self.retryAfterDeath = retryAfterDeath
    }
}
