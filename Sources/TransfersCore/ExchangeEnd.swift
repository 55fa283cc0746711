// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

/// How an exchange ended; `failure` is nil if the whole answer came.
package struct ExchangeEnd: Sendable, Equatable {
    /// The final head, if one came before the end.
    package var head: ResponseHead?
    /// What was kept of the body in memory (`BodyPlan.keep`).
    package var body: [UInt8] = []
    /// There was more of the body than the plan kept.
    package var bodyWasCut = false
    /// Bytes of the request's body that were handed to the network, the whole body if all of it was; what the server
    /// has of them, nobody knows here.
    package var sent: Int64 = 0
    /// Bytes of the answer's body that were written to the sink or kept.
    package var received: Int64 = 0
    package var failure: ExchangeFailure?

    package init(head: ResponseHead? = nil, failure: ExchangeFailure? = nil) {
        self.head = head
        self.failure = failure
    }
}

/// Why an exchange has no whole answer.
package struct ExchangeFailure: Error, Sendable, Equatable, Codable {
    package enum Kind: Sendable, Equatable, Codable {
        /// Cancelled by us, or stopped by the plan for its body.
        case cancelled
        case stoppedByPlan
        /// The name has no address (`isFinal`: the resolver is sure), or nobody could be asked.
        case nameNotResolved
        case notConnected
        /// The connection ended, was reset or broke before the answer was whole.
        case connectionLost
        case stalled
        case connectTimedOut
        case tls(TLSFault)
        /// The server's bytes are no HTTP, or their head is too long.
        case malformedAnswer
        /// The answer's body is shorter or longer than it said, or than the plan allows.
        case wrongLength
        /// The source gave fewer bytes than were announced, or could not be read: `errno`, 0 if it only ended early.
        case sourceEnded
        case sourceUnreadable(Int32)
        /// The sink could not be written: `errno` (ENOSPC, EDQUOT, EROFS, EIO…).
        case sinkUnwritable(Int32)
        /// The URL or its scheme is nothing that we speak.
        case unsupported
        /// Anything else, by libcurl's code.
        case engine(Int32)
    }

    package enum TLSFault: String, Sendable, Equatable, Codable {
        case handshake, expired, untrusted, wrongHost, pinMismatch, clientCertificate
    }

    package var kind: Kind
    /// For people: what the layer below said, without URL, query or fields.
    package var detail: String

    package init(_ kind: Kind, detail: String = "") {
        self.kind = kind
        self.detail = detail
    }
}
