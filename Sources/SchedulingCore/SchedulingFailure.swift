// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

/// What went wrong: what was being done, to what, the cause, and what to do next.
public struct SchedulingFailure: Error, Hashable, Sendable, CustomStringConvertible {
    /// The sort of failure, to be matched in a `catch`.
    public struct Code: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
        /// The stable name.
        public let rawValue: String
        /// A code from its name.
        public init(rawValue: String) { self.rawValue = rawValue }
        /// The stable name.
        public var description: String { rawValue }

        /// An argument that cannot be used: an identifier, a date, an app id.
        public static let invalidArgument = Code(rawValue: "invalidArgument")
        /// The state directory or a file in it cannot be used.
        public static let stateUnusable = Code(rawValue: "stateUnusable")
        /// The database is damaged; it was set aside.
        public static let storeCorrupt = Code(rawValue: "storeCorrupt")
        /// The database was written by a newer version of this library.
        public static let storeTooNew = Code(rawValue: "storeTooNew")
        /// The database was made on another machine.
        public static let storeForeign = Code(rawValue: "storeForeign")
        /// Another process held the database for too long.
        public static let storeBusy = Code(rawValue: "storeBusy")
        /// The disk is full.
        public static let diskFull = Code(rawValue: "diskFull")
        /// Another input or output error of the store.
        public static let storeFailed = Code(rawValue: "storeFailed")
        /// Nothing can wake the program.
        public static let noWakeup = Code(rawValue: "noWakeup")
        /// A call to systemd or logind failed.
        public static let busFailed = Code(rawValue: "busFailed")
        /// The call was made at the wrong time, or twice.
        public static let misuse = Code(rawValue: "misuse")
        /// The task cannot run at once, and may not wait.
        public static let runIneligible = Code(rawValue: "runIneligible")
        /// Too many requests are pending.
        public static let tooManyPending = Code(rawValue: "tooManyPending")
        /// The identifier is not permitted, or has no handler.
        public static let notPermitted = Code(rawValue: "notPermitted")
        /// A time zone is not known here, or its rules cannot be read.
        public static let timeZoneUnusable = Code(rawValue: "timeZoneUnusable")
    }

    /// The sort of failure.
    public let code: Code
    /// What was being done: "open the store".
    public let doing: String
    /// To what: a path, an identifier, a unit.
    public let subject: String
    /// The cause, as it was told to us.
    public let cause: String
    /// What to do next.
    public let remedy: String

    package init(_ code: Code, doing: String, subject: String, cause: String, remedy: String) {
        self.code = code
        self.doing = doing
        self.subject = subject
        self.cause = cause
        self.remedy = remedy
    }

    /// One sentence with all of it.
    public var description: String {
        "Could not \(doing) \(subject.debugDescription): \(cause). \(remedy)"
    }
}
