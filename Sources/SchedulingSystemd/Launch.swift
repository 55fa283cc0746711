// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

#if os(Linux) && Systemd

import Glibc
import SchedulingCore

/// How this process was started, as its environment told at the first look; the variables are gone afterwards, so that
/// children do not take our launch for theirs.
package struct Launch: Hashable, Sendable {
    package let context: LaunchContext
    package let notifier: ServiceNotifier
    /// Whom the unit launches, and where its store is; nil in an ordinary launch.
    package let appIdentifier: String?
    package let stateDirectory: String?

    package init(
        context: LaunchContext, notifier: ServiceNotifier, appIdentifier: String? = nil, stateDirectory: String? = nil
    ) {
        self.context = context
        self.notifier = notifier
        self.appIdentifier = appIdentifier
        self.stateDirectory = stateDirectory
    }

    package static let instanceVariable = "BACKGROUND_LAUNCH"
    package static let socketVariable = "NOTIFY_SOCKET"
    package static let processVariable = "SYSTEMD_EXEC_PID"
    package static let appVariable = "BACKGROUND_APP_ID"
    package static let directoryVariable = "BACKGROUND_STATE_DIRECTORY"

    /// This process's launch. Changes the environment at the first use, which no other thread should read just then
    /// (unsetenv(3), "Attributes"): look early.
    package static let current: Launch = {
        var environment: [String: String] = [:]
        for name in [instanceVariable, socketVariable, processVariable, appVariable, directoryVariable] {
            if let value = getenv(name) { environment[name] = String(cString: value) }
        }
        let (launch, consumed) = read(environment, processIdentifier: getpid())
        for name in consumed { unsetenv(name) }
        return launch
    }()

    /// What the environment says, and which variables are ours to remove.
    ///
    /// It is believed only if systemd started this very process (`SYSTEMD_EXEC_PID`, systemd.exec(5)). Else a launch is
    /// inherited from a parent, and forgotten; the socket then belongs to whatever else the program is a service of.
    package static func read(
        _ environment: [String: String], processIdentifier: Int32
    ) -> (launch: Launch, consumed: [String]) {
        let ordinary = Launch(context: .ordinary, notifier: ServiceNotifier(socket: nil))
        guard let instance = environment[instanceVariable] else { return (ordinary, []) }
        guard !instance.isEmpty, environment[processVariable] == String(processIdentifier) else {
            return (ordinary, [instanceVariable])
        }
        let launch = Launch(
            context: .background(instance: instance),
            notifier: ServiceNotifier(socket: environment[socketVariable]),
            appIdentifier: environment[appVariable], stateDirectory: environment[directoryVariable])
        // The app's own two as well: a child that is another app of ours must not take itself for this one.
        return (launch, [instanceVariable, socketVariable, processVariable, appVariable, directoryVariable])
    }
}

#endif
