// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundMonitors
internal import BackgroundSurroundings
import Foundation
internal import TransfersCore

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

extension URLResponse {
    /// This answer as one of HTTP.
    ///
    /// - Throws: `NetworkResponseError.noHTTPResponse`.
    public var httpResponse: HTTPURLResponse {
        get throws {
            guard let answer = self as? HTTPURLResponse else { throw NetworkResponseError.noHTTPResponse(self) }
            return answer
        }
    }
}

extension HTTPURLResponse {
    /// How many seconds the server asks to be left alone: the field `Retry-After` in either of its forms, a number or a
    /// date (RFC 9110, section 10.2.3); nil without one, or if it is neither. A date in the past is 0.
    public var retryAfterInterval: TimeInterval? {
        RetryAfter.seconds(
            value(forHTTPHeaderField: "Retry-After"), now: SystemClocks().now().wall, longest: .greatestFiniteMagnitude)
    }
}

extension URLSessionTask {
    /// The same of the answer that this task has, if it has one.
    public var retryAfterInterval: TimeInterval? { (response as? HTTPURLResponse)?.retryAfterInterval }
}
