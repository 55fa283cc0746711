// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import SchedulingCore

extension BGTaskScheduler {
    /// What a scheduler can be told; everything has a default that suits an ordinary program.
    public struct Configuration: Hashable, Sendable {
        /// The app's name in units, directories and logs. Nil: `$BACKGROUND_APP_ID`, then the bundle identifier in an
        /// `Info.plist` (or `<executable>.plist`) beside the executable, then the executable's name, with a warning.
        public var appIdentifier: String?

        /// Where the store lives. Nil: the directory pinned by the unit that launched us, then `$STATE_DIRECTORY`, then
        /// `$XDG_STATE_HOME/<app id>`. A local file system; made with mode 0700.
        public var stateDirectory: String?

        /// How systemd starts the program.
        public var launch: Launch

        /// How long tasks may run.
        public var budgets: Budgets

        /// How many requests may be pending.
        public var limits: RequestLimits

        /// When a task whose conditions are not met is looked at again, while no program of the app runs; the last one
        /// repeats. Default: after 15, 30 and 60 minutes.
        public var recheckIntervals: [Duration]

        /// How often a task is started before it is given up, when the process that runs it dies each time. Default: 5.
        public var maximumAttempts: Int

        /// Before the second retry of a task whose process died; it doubles from there, up to an hour. The first retry is
        /// at once. Default: 30 seconds.
        public var retryDelay: Duration

        /// How many tasks run at once in a process. Default: 16.
        public var maximumConcurrentTasks: Int

        /// See `RunPolicy.watchdog`; for tests that cannot wait that long.
        package var watchdog = RunPolicy().watchdog

        /// A configuration; what is not named has its default.
        public init(
            appIdentifier: String? = nil, stateDirectory: String? = nil, launch: Launch = Launch(),
            budgets: Budgets = Budgets(), limits: RequestLimits = .apple,
            recheckIntervals: [Duration] = [.seconds(15 * 60), .seconds(30 * 60), .seconds(60 * 60)],
            maximumAttempts: Int = 5, retryDelay: Duration = .seconds(30), maximumConcurrentTasks: Int = 16
        ) {
            self.appIdentifier = appIdentifier
            self.stateDirectory = stateDirectory
            self.launch = launch
            self.budgets = budgets
            self.limits = limits
            self.recheckIntervals = recheckIntervals
            self.maximumAttempts = maximumAttempts
            self.retryDelay = retryDelay
            self.maximumConcurrentTasks = maximumConcurrentTasks
        }

        /// How systemd starts the program for its tasks.
        public struct Launch: Hashable, Sendable {
            /// The arguments after the program's name. Default: none.
            public var arguments: [String]
            /// The working directory. Nil: the home directory of the user manager, `/` for the system manager.
            public var workingDirectory: String?
            /// The names of environment variables whose present values the launched program gets too. They are written to
            /// a unit file that others can read: never name a secret here.
            public var environment: [String]

            /// A launch; what is not named has its default.
            public init(arguments: [String] = [], workingDirectory: String? = nil, environment: [String] = []) {
                self.arguments = arguments
                self.workingDirectory = workingDirectory
                self.environment = environment
            }
        }

        package var policy: RunPolicy {
            var policy = RunPolicy()
            policy.budgets = budgets
            // A list that is empty, or an interval that is no time at all, would look again in a circle.
            let rechecks = recheckIntervals.filter { $0 >= .seconds(1) }
            if !rechecks.isEmpty { policy.rechecks = rechecks }
            policy.maximumAttempts = max(1, maximumAttempts)
            policy.retryDelay = max(.seconds(1), retryDelay)
            policy.maximumConcurrentTasks = max(1, maximumConcurrentTasks)
            policy.watchdog = watchdog
            policy.heartbeat = watchdog / 2
            return policy
        }
    }
}
