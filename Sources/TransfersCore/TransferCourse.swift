// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

internal import BackgroundSurroundings

/// The way of one protocol to its end: which request is next, and what an answer to it means.
///
/// A course knows nothing of retries, redirects, hooks, pauses or deadlines: those are `TransferMachine`'s.
protocol TransferCourse: Sendable {
    /// What is known to be there: the server's offset, or the length on stable storage.
    var acknowledged: Int64 { get }
    var total: Int64? { get }
    /// A cut does not begin it anew; nil while nobody knows.
    var isResumable: Bool? { get }
    /// What a later process needs.
    func save(into position: inout TransferPosition)

    mutating func next(now: WallTime) -> CourseStep
    /// An interim answer; false ends the exchange at once.
    mutating func informed(_ head: ResponseHead, now: WallTime) -> Bool
    mutating func headed(_ head: ResponseHead, now: WallTime)
    mutating func madeDurable(upTo offset: Int64)
    mutating func judge(_ end: ExchangeEnd, now: WallTime) -> CourseVerdict
    /// A permanent redirect (301, 308) of the request that `next` gave.
    mutating func moved(to url: String)
    /// The hook gave no URL for a presigned request.
    mutating func declined(_ purpose: AuthorizationRequest.Purpose) -> CourseVerdict?
    /// The request that removes at the server what was begun there; nil if there is nothing.
    func abandonment() -> CourseRequest?

    mutating func sinkReady(length: Int64)
    mutating func verified(_ verdict: SinkVerdict) -> CourseVerdict
    mutating func placed()
}

extension TransferCourse {
    var isResumable: Bool? { nil }
    mutating func informed(_ head: ResponseHead, now: WallTime) -> Bool { true }
    mutating func headed(_ head: ResponseHead, now: WallTime) {}
    mutating func madeDurable(upTo offset: Int64) {}
    mutating func moved(to url: String) {}
    mutating func declined(_ purpose: AuthorizationRequest.Purpose) -> CourseVerdict? { nil }
    func abandonment() -> CourseRequest? { nil }
    mutating func sinkReady(length: Int64) {}
    mutating func verified(_ verdict: SinkVerdict) -> CourseVerdict { .goOn }
    mutating func placed() {}
}

/// A request before the hook has completed it.
struct CourseRequest: Sendable, Equatable {
    var method: String
    var url: String
    /// What the protocol says; the caller's fields are added, unless `isPresigned`.
    var fields = HeaderFields()
    var body: [Exchange.Piece] = []
    var plan = AnswerPlan()
    var expectsContinue = false
    var durability: Exchange.Durability?
    var purpose = AuthorizationRequest.Purpose.request
    /// What is to be computed of the source, and said in its fields, before it is sent.
    var digest: BodyDigest?
    /// The caller's fields that describe a body are not of this request's.
    var leavesBodyFields = false
    /// The hook gives the whole URL, and its signature covers the fields: none of the caller's are added.
    var isPresigned = false

    init(_ method: String, _ url: String) {
        self.method = method
        self.url = url
    }

    /// Whether bytes of the source travel with it.
    var carriesSource: Bool {
        body.contains {
            if case .file = $0 { true } else { false }
        }
    }
}

enum CourseStep: Sendable, Equatable {
    case exchange(CourseRequest)
    case prepareSink(length: Int64, total: Int64?, room: Int64?)
    case verify(length: Int64, digests: [ContentDigest])
    case place(length: Int64)
    case done(Answer)
    case fail(TransferFailure)
}

/// What the server said at last.
struct Answer: Sendable, Equatable {
    var head: ResponseHead?
    var body: [UInt8] = []
}

enum CourseVerdict: Sendable, Equatable {
    /// On with `next`, now.
    case goOn
    /// The same again, later.
    case again(Setback)
    case succeed(Answer)
    case reject(Answer)
    case fail(TransferFailure, Answer)
}

/// Why an attempt came to nothing, without being the end.
struct Setback: Sendable, Equatable {
    enum Kind: Sendable, Equatable {
        /// Something between here and there; not the server's word.
        case network
        /// The server's word: 408, 425, 429, 5xx.
        case server
        /// The hook's work was not good enough (401, an expired URL).
        case authorization
        /// The disk is full.
        case storage
    }

    var kind: Kind
    var failure: TransferFailure
    var answer = Answer()
}
