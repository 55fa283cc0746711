// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

internal import BackgroundSurroundings

/// The whole file as the body of one request: it either arrives, or begins anew.
struct PlainUpload: TransferCourse {
    let method: String
    let url: String
    let fields: HeaderFields
    let pieces: [Exchange.Piece]
    let digest: BodyDigest?
    let total: Int64?
    private(set) var acknowledged: Int64 = 0
    /// The server refused to be asked first (417).
    private var isExpectRefused = false

    init(_ intent: TransferIntent, pieces: [Exchange.Piece], fields: HeaderFields = HeaderFields()) {
        method = intent.httpMethod
        url = intent.url
        self.fields = fields
        self.pieces = pieces
        digest = Self.digest(intent)
        total = pieces.reduce(0) { $0 + $1.count }
    }

    /// Nobody has the digest of a form before it is put together.
    private static func digest(_ intent: TransferIntent) -> BodyDigest? {
        guard case .upload(let source, let method) = intent.work, let algorithm = intent.policy.sentDigest else {
            return nil
        }
        if case .form = method { return nil }
        return BodyDigest(algorithm: algorithm, range: 0..<source.sendable, places: [.content, .representation])
    }

    var isResumable: Bool? { false }

    func save(into position: inout TransferPosition) {}

    mutating func next(now: WallTime) -> CourseStep {
        var request = CourseRequest(method, url)
        request.fields = fields
        request.body = pieces
        request.digest = digest
        // Asking first costs a round trip, and saves the body where it is not wanted (RFC 9110, section 10.1.1).
        request.expectsContinue = !isExpectRefused && (total ?? 0) > 1 << 20
        return .exchange(request)
    }

    mutating func judge(_ end: ExchangeEnd, now: WallTime) -> CourseVerdict {
        if end.head?.status == 417, !isExpectRefused {
            isExpectRefused = true
            return .goOn
        }
        let verdict = end.verdict(doing: "Uploading to", subject: url)
        guard case .succeed(let answer) = verdict else { return verdict }
        guard end.sent >= total ?? 0 else {
            let place = (try? HTTPAddress(url))?.location ?? "the server"
            let cause = "the server said \(answer.head?.status ?? 0) before the whole file was sent"
            return .fail(.badAnswer(cause, doing: "Uploading to", subject: place), answer)
        }
        acknowledged = total ?? 0
        return verdict
    }
}

extension ExchangeEnd {
    /// What this end means to a request that is the whole work.
    func verdict(doing: String, subject: String) -> CourseVerdict {
        let answer = Answer(head: head, body: body)
        let place = (try? HTTPAddress(subject))?.location ?? "the server"
        guard let head else {
            let failure = self.failure ?? ExchangeFailure(.connectionLost)
            let words = TransferFailure(failure, doing: doing, subject: place)
            return failure.kind.isPassing ? .again(Setback(kind: .network, failure: words)) : .fail(words, answer)
        }
        // An error that is the server's word counts even if its body was cut, or if the server did not read all of ours.
        let judgement = StatusJudgement(status: head.status)
        if let failure, judgement == .success || failure.kind != .connectionLost {
            let words = TransferFailure(failure, doing: doing, subject: place)
            return failure.kind.isPassing ? .again(Setback(kind: .network, failure: words)) : .fail(words, answer)
        }
        switch judgement {
        case .success: return .succeed(answer)
        case .rejected: return .reject(answer)
        case .retry:
            let words = TransferFailure.badAnswer("the server answered \(head.status)", doing: doing, subject: place)
            return .again(Setback(kind: .server, failure: words, answer: answer))
        case .failure:
            return .fail(.badAnswer("the status \(head.status) is none", doing: doing, subject: place), answer)
        }
    }
}
