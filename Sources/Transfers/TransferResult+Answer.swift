// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Foundation
internal import TransfersCore

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// An end, as a URL session would tell it.
extension TransferResult {
    /// The answer, if the server gave one that counts; else there is an `error`.
    func response(to intent: TransferIntent) -> HTTPURLResponse? {
        guard isAnswer else { return nil }
        let url = URL(string: head?.url ?? intent.url) ?? URL(string: intent.url)
        guard let url = url ?? URL(string: "http://localhost/") else { return nil }
        var fields: [String: String] = [:]
        // As it came first; a server may send thousands, so they are not compared one with another.
        var names: [String: String] = [:]
        for field in head?.fields.all ?? [] {
            let name = names[field.name.lowercased(), default: field.name]
            names[field.name.lowercased()] = name
            fields[name] = fields[name].map { $0 + ", " + field.value } ?? field.value
        }
        return HTTPURLResponse(url: url, statusCode: status, httpVersion: head?.version, headerFields: fields)
    }

    func error(of intent: TransferIntent) -> (any Error)? {
        switch outcome {
        case _ where isAnswer: nil
        case .failed(let failure): URLError(failure, url: intent.url)
        case .succeeded, .rejected: NetworkResponseError.noResponseOrError
        case .cancelled:
            URLError(
                TransferFailure(
                    .cancelled, doing: "Transferring", subject: intent.identifier, cause: "it was cancelled",
                    remedy: "Begin it again."), url: intent.url)
        }
    }

    /// A server that failed until patience was at its end has still answered: programs judge its last word themselves.
    private var isAnswer: Bool {
        switch outcome {
        case .succeeded: true
        case .rejected: head != nil
        // An answer that says success without being one stays a failure.
        case .failed(let failure): failure.code == .tooManyAttempts && head.map { !$0.isSuccess } == true
        case .cancelled: false
        }
    }

    /// Of a success that took several requests the last may have any status ("416: there is no more"); it is 200 then.
    private var status: Int {
        guard let head else { return 200 }
        return outcome == .succeeded && !head.isSuccess ? 200 : head.status
    }
}
