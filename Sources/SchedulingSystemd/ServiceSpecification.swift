// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import SchedulingCore

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

extension ServiceSpecification {
    /// How many bytes of it the unit file has, without what stands between them.
    var size: Int {
        var size = appIdentifier.utf8.count + executable.utf8.count + stateDirectory.utf8.count
        size += workingDirectory?.utf8.count ?? 0
        for argument in arguments { size += argument.utf8.count }
        for variable in environment { size += variable.name.utf8.count + variable.value.utf8.count }
        return size
    }

    /// Throws `.invalidArgument` for what systemd would refuse or understand in another way. Looks at no file.
    package func validate() throws(SchedulingFailure) {
        try check(executable, "start the executable", "Install it under another path.", reason: executableReason)
        try check(stateDirectory, "use the state directory", "Choose another directory.", reason: pathReason)
        if let workingDirectory {
            try check(workingDirectory, "use the working directory", "Choose another directory.", reason: pathReason)
        }
        for argument in arguments {
            try check(argument, "pass the argument", "Leave it out.") { $0.utf8.contains(0) ? "it contains NUL" : nil }
        }
        for variable in environment {
            try check(variable.name, "keep the environment variable", "Take it off the list.", reason: nameReason)
            // The value may be long, and whoever listed a secret by mistake must not find it in a log.
            if let reason = valueReason(variable.value) {
                try check(variable.name, "keep the environment variable", "Take it off the list.") { _ in reason }
            }
        }
        guard retryAfterDeath >= .seconds(1) else {
            throw SchedulingFailure(
                .invalidArgument, doing: "start the app again after", subject: "\(retryAfterDeath)",
                cause: "it is less than a second", remedy: "Choose a minute or more.")
        }
    }

    private func check(
        _ subject: String, _ doing: String, _ remedy: String, reason: (String) -> String?
    ) throws(SchedulingFailure) {
        guard let cause = reason(subject) else { return }
        throw SchedulingFailure(
            .invalidArgument, doing: doing, subject: String(subject.prefix(200)), cause: cause, remedy: remedy)
    }

    private func pathReason(_ path: String) -> String? {
        if !path.hasPrefix("/") { return "its path is not absolute" }
        return hasControl(path) ? "its path contains a control character" : nil
    }

    /// systemd starts no executable whose path has quotes, backslashes or control characters ("Executable name
    /// contains special characters"), however they are written.
    private func executableReason(_ path: String) -> String? {
        if let reason = pathReason(path) { return reason }
        if path.hasSuffix("/") { return "its path is that of a directory" }
        return path.contains(where: { "\"'\\".contains($0) })
            ? "its path contains a quote or a backslash, and systemd starts no such program" : nil
    }

    private func nameReason(_ name: String) -> String? {
        let isPlain = name.utf8.allSatisfy {
            switch $0 {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
                true
            default: false
            }
        }
        guard isPlain, let first = name.utf8.first, first > UInt8(ascii: "9") else {
            return "a name has letters, digits and _ only, and starts with no digit"
        }
        return nil
    }

    private func valueReason(_ value: String) -> String? {
        hasControl(value.filter { $0 != "\n" && $0 != "\t" }) ? "its value contains a control character" : nil
    }

    private func hasControl(_ text: String) -> Bool { text.utf8.contains { $0 < 0x20 || $0 == 0x7f } }
}
