// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Foundation

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// Why there is no usable answer.
public enum NetworkResponseError: Error {
    /// The transfer failed: of this package's transfers the error is a `URLError`, whose
    /// `transferFailure` has the details.
    case protocolError(any Error)
    /// Neither an answer nor an error.
    case noResponseOrError
    /// An answer of another protocol than HTTP.
    case noHTTPResponse(URLResponse)
    /// A status below 200. Spelt as programs know it.
    case httpReponseInvalid
    /// The request cannot be sent; for programs to use, never made here.
    case requestInvalid
    /// A task without a request; for programs to use, never made here.
    case missingOriginalRequest
    /// A passing fault, and after how many seconds to try again; for programs to use, never made here.
    case transientFailure(TimeInterval?)
    /// A success without what should have come with it.
    case expectedContentMissing
}

extension NetworkResponseError: CustomStringConvertible {
    /// In a few words, without the URL.
    public var description: String {
        switch self {
        case .protocolError(let error):
            (error as? URLError)?.transferFailure?.description ?? Self.words(error as NSError)
        case .noResponseOrError: "neither an answer nor an error"
        case .noHTTPResponse: "an answer that is not of HTTP"
        case .httpReponseInvalid: "an answer with a status below 200"
        case .requestInvalid: "the request cannot be sent"
        case .missingOriginalRequest: "the task has no request"
        case .transientFailure(let seconds): seconds.map { "a passing fault, for \($0) s" } ?? "a passing fault"
        case .expectedContentMissing: "a success without its content"
        }
    }

    /// Errors of others may have the URL in them, and with it a signature.
    private static func words(_ error: NSError) -> String { "\(error.domain) \(error.code)" }
}
