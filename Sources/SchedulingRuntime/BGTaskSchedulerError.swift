// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Foundation
import SchedulingCore

extension BGTaskScheduler {
    /// The domain of the scheduler's errors, as `NSError` shows it.
    public static let errorDomain = "BGTaskSchedulerErrorDomain"

    /// What `submit` throws: Apple's codes; the sentence says what to do, and `failure` holds the details.
    public struct Error: CustomNSError, Hashable, Sendable, LocalizedError, CustomStringConvertible {
        /// Apple's codes. There may be more one day: an exhaustive `switch` needs `@unknown default`, as Apple's does.
        #if hasAttribute(nonexhaustive)
        @nonexhaustive(warn)
        #endif
        public enum Code: Int, Hashable, Sendable {
            /// The scheduler cannot be used here: no state directory, no store.
            case unavailable = 1
            /// Too many requests of this kind are pending.
            case tooManyPendingTaskRequests = 2
            /// The identifier is not permitted, has no handler, or is no identifier.
            case notPermitted = 3
            /// The task cannot run at once, and asked not to queue.
            case immediateRunIneligible = 4

            /// Matches a caught error by its code.
            public static func ~= (code: Code, error: any Swift.Error) -> Bool {
                (error as? BGTaskScheduler.Error)?.code == code
            }
        }

        /// Apple's code.
        public let code: Code
        /// What happened, to what, why, and what to do next.
        public let failure: SchedulingFailure?
        private let message: String?

        /// An error with this code; of `userInfo` the localized description is kept.
        public init(_ code: Code, userInfo: [String: Any] = [:]) {
            self.code = code
            failure = nil
            message = userInfo[NSLocalizedDescriptionKey] as? String
        }

        package init(_ failure: SchedulingFailure) {
            switch failure.code {
            case .tooManyPending: code = .tooManyPendingTaskRequests
            case .notPermitted, .invalidArgument: code = .notPermitted
            case .runIneligible: code = .immediateRunIneligible
            default: code = .unavailable
            }
            self.failure = failure
            message = nil
        }

        /// The domain of the scheduler's errors.
        public static var errorDomain: String { BGTaskScheduler.errorDomain }
        /// The code's number.
        public var errorCode: Int { code.rawValue }
        /// The sentence under `NSLocalizedDescriptionKey`.
        public var errorUserInfo: [String: Any] { userInfo }
        /// The sentence under `NSLocalizedDescriptionKey`.
        public var userInfo: [String: Any] { [NSLocalizedDescriptionKey: description] }
        /// The sentence.
        public var errorDescription: String? { description }
        /// The sentence.
        public var description: String { failure?.description ?? message ?? "The task scheduler failed: \(code)." }

        /// Shorthand for the code, as in `catch BGTaskScheduler.Error.unavailable`.
        public static var unavailable: Code { .unavailable }
        /// Shorthand for the code.
        public static var tooManyPendingTaskRequests: Code { .tooManyPendingTaskRequests }
        /// Shorthand for the code.
        public static var notPermitted: Code { .notPermitted }
        /// Shorthand for the code.
        public static var immediateRunIneligible: Code { .immediateRunIneligible }
    }
}
