// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Foundation
internal import TransfersCore

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// What a server made of a request, as far as it decides what to do next.
///
/// A `switch` over it is all that most programs need: done, try again later, change the request, or look at the error.
public enum NetworkResponse<Value> {
    /// No usable answer came: ``NetworkResponseError`` says why. Trying the same again will hardly help.
    case failed(NetworkResponseError)
    /// The server answered and did not accept it: any status from 200 up that is neither success nor a passing fault.
    case rejected
    /// A passing fault: 408, 425, 429, 500, 502, 503 or 504. `retryAfterInterval` may say
    /// when. Transfers are retried before this is said (``TransferRetryPolicy``).
    case retry(HTTPURLResponse)
    /// 200, 201, 202 or 204, with what came.
    case success(Value, HTTPURLResponse)
}

extension NetworkResponse: Sendable where Value: Sendable {}

extension NetworkResponse: CustomStringConvertible {
    /// In a few words, without URL and header fields.
    public var description: String {
        switch self {
        case .failed(let error): "failed: \(error)"
        case .rejected: "rejected"
        case .retry(let response): "retry (status \(response.statusCode))"
        case .success(_, let response): "success (status \(response.statusCode))"
        }
    }
}

extension NetworkResponse {
    /// Judges what a URL session hands out: an error before everything else, then the answer's status.
    ///
    /// - Parameters:
    ///   - response: the answer, if one came.
    ///   - error: what went wrong, if something did.
    ///   - value: what came with the answer; a success without it is `expectedContentMissing`.
    public init(response: URLResponse?, error: (any Error)? = nil, value: Value?) {
        if let error {
            self = .failed(.protocolError(error))
            return
        }
        guard let response else {
            self = .failed(.noResponseOrError)
            return
        }
        guard let answer = response as? HTTPURLResponse else {
            self = .failed(.noHTTPResponse(response))
            return
        }
        switch (StatusJudgement(status: answer.statusCode), value) {
        case (.success, let value?): self = .success(value, answer)
        case (.success, nil): self = .failed(.expectedContentMissing)
        case (.retry, _): self = .retry(answer)
        case (.rejected, _): self = .rejected
        case (.failure, _): self = .failed(.httpReponseInvalid)
        }
    }
}

extension NetworkResponse where Value == Void {
    /// Judges an answer that nothing is expected to come with.
    public init(response: URLResponse?, error: (any Error)? = nil) {
        self.init(response: response, error: error, value: ())
    }

    /// Judges what the handler of an upload hears.
    public init(_ result: Result<URLResponse, any Error>) {
        switch result {
        case .success(let response): self.init(response: response)
        case .failure(let error): self.init(response: nil, error: error)
        }
    }
}

extension NetworkResponse where Value == URL {
    /// Judges what the handler of a download hears; a success comes with the file.
    public init(_ result: Result<(URL, URLResponse), any Error>) {
        switch result {
        case .success(let (file, response)): self.init(response: response, value: file)
        case .failure(let error): self.init(response: nil, error: error, value: nil)
        }
    }
}
