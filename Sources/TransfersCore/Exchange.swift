// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

/// One request to a server and its answer, as a machine wants it: a value, complete before anything is sent.
///
/// Redirects are never followed by the engine: a 3xx is an answer like any other, and the machine judges it.
package struct Exchange: Sendable, Equatable {
    /// A piece of the request's body.
    package enum Piece: Sendable, Equatable {
        case bytes([UInt8])
        /// Bytes of a source file, by absolute offsets; `source` counts in the files that the exchange is started with.
        case file(source: Int = 0, range: Range<Int64>)

        package var count: Int64 {
            switch self {
            case .bytes(let bytes): Int64(bytes.count)
            case .file(_, let range): range.upperBound - range.lowerBound
            }
        }
    }

    /// How long and how fast.
    package struct Limits: Sendable, Equatable, Codable {
        /// Seconds until a connection stands, name resolution and TLS included.
        package var connect: Int = 60
        /// Seconds without one byte in either direction after which it has stalled (`timeoutIntervalForRequest`).
        package var stall: Int = 60
        /// Bytes a second; nil for no limit.
        package var sendRate: Int64?
        package var receiveRate: Int64?
        /// The longest answer head, in bytes; beyond it the exchange fails as malformed.
        package var head: Int = 300 * 1024

        package init() {}
    }

    package typealias Trust = TransferTrust

    package var method: String
    package var url: String
    package var fields: HeaderFields
    package var body: [Piece]
    /// Send `Expect: 100-continue`, and wait a second for the word. A 417 then ends the exchange at its head, without
    /// failure and body: to send again without the expectation is the machine's.
    package var expectsContinue: Bool
    package var limits: Limits
    package var trust: Trust
    /// A download's body is made durable while it comes: every so many bytes or seconds, whichever is first. Nil: never.
    package var durability: Durability?

    package struct Durability: Sendable, Equatable {
        package var bytes: Int64 = 64 << 20
        package var seconds: Int = 2
        /// A body that came whole, too, before `ended`; else whoever wants that sees to it.
        package var whole = true

        package init() {}
    }

    package init(
        _ method: String, _ url: String, fields: HeaderFields = HeaderFields(), body: [Piece] = [],
        expectsContinue: Bool = false, limits: Limits = Limits(), trust: Trust = Trust(), durability: Durability? = nil
    ) {
        self.method = method
        self.url = url
        self.fields = fields
        self.body = body
        self.expectsContinue = expectsContinue
        self.limits = limits
        self.trust = trust
        self.durability = durability
    }

    package var bodyCount: Int64 { body.reduce(0) { $0 + $1.count } }
}

/// What becomes of the body of an answer, said when its head is there.
package enum BodyPlan: Sendable, Equatable {
    /// Keep so many bytes in memory; the rest is read and dropped.
    case keep(limit: Int)
    /// Write it into the sink file from this offset on. More than `count` bytes are an error; nil: until the answer ends.
    case write(at: Int64, count: Int64?)
    /// Do not read it: end the exchange here, and drop the connection.
    case stop
}
