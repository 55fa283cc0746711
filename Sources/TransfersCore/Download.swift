// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

internal import BackgroundSurroundings

/// A file from a server, continued where its bytes on stable storage end, if the server can prove that it is the same.
///
/// A byte is only ever written behind bytes of the same version: a 200 goes into an empty file, a 206 only at its end,
/// with a validator that matches. When the server has another version, the row is set to nothing and the file cut,
/// durably, before the first byte of it is asked for.
struct Download: TransferCourse {
    /// How the server is asked for the rest.
    enum Condition: String, Sendable {
        case ifRange
        /// After a 200 with our own entity tag: some servers heed `If-Range` with dates only.
        case ifMatch
        /// Without condition; the answer has to name our validator.
        case none
    }

    enum Stage: Sendable, Equatable { case opening, fetching, whole, placing, placed }

    let target: DownloadTarget
    let allowsUnknownLength: Bool
    let trustsDates: Bool
    let keepsSecrets: Bool
    /// The URL of the request.
    let asked: String
    private(set) var url: String
    private(set) var acknowledged: Int64
    private(set) var total: Int64?
    private(set) var validators: Validators
    private(set) var condition: Condition
    private(set) var stage: Stage
    /// In the file, on stable storage or not; meaningful while the stage is `fetching`.
    private(set) var written: Int64 = 0
    /// The first answer: what the caller hears of, however many parts it took.
    private(set) var head: ResponseHead?
    private(set) var digests: [ContentDigest]
    private(set) var restarts: Int
    /// The disk was full, and nobody knew how much is coming: so long the file has to be able to become before the rest is
    /// asked for.
    private(set) var room: Int64?
    /// Where the running answer is written from, and how much of it there is; nil while none is.
    private var running: (start: Int64, count: Int64?)?

    init(_ intent: TransferIntent, target: DownloadTarget, checkpoint: TransferCheckpoint, position: TransferPosition) {
        self.target = target
        allowsUnknownLength = intent.policy.allowsUnknownLength
        trustsDates = intent.policy.trustsDatesAndLength
        keepsSecrets = intent.policy.keepsSecrets
        asked = intent.url
        url = position["url"] ?? intent.url
        total = checkpoint.total
        validators = Validators(entityTag: position["etag"], lastModified: position["modified"])
        condition = position["condition"].flatMap(Condition.init) ?? .ifRange
        acknowledged = validators.isEmpty ? 0 : max(0, checkpoint.acknowledged)
        head = position[head: "head"]
        digests = (position["digests"] ?? "").split(separator: " ").compactMap { ContentDigest(word: String($0)) }
        restarts = Int(clamping: position[number: "restarts"] ?? 0)
        room = position[number: "room"]
        stage = .opening
        if position["stage"] == "placing", checkpoint.total == checkpoint.acknowledged {
            acknowledged = checkpoint.acknowledged
            stage = .placing
        }
    }

    var isResumable: Bool? { head == nil ? nil : !validators.isEmpty }

    func save(into position: inout TransferPosition) {
        // The caller's own URL may hold a secret, and stands in the intent; only where it moved to is kept.
        position["url"] = url == asked ? nil : url
        position["etag"] = validators.entityTag
        position["modified"] = validators.lastModified
        position["condition"] = condition.rawValue
        var kept = head
        if !keepsSecrets, let url = head?.url { kept?.url = (try? HTTPAddress(url))?.location ?? "" }
        position[head: "head"] = kept
        position["digests"] = digests.isEmpty ? nil : digests.map(\.word).joined(separator: " ")
        position[number: "restarts"] = restarts == 0 ? nil : Int64(restarts)
        position[number: "room"] = room
        position["stage"] = stage == .placing || stage == .placed ? "placing" : nil
    }

    mutating func next(now: WallTime) -> CourseStep {
        switch stage {
        case .opening:
            return .prepareSink(length: acknowledged, total: total, room: total == nil ? room : nil)
        case .fetching where written == total:
            stage = .whole
            return next(now: now)
        case .fetching: return .exchange(request())
        case .whole:
            let asked = target.digest.map { [$0] } ?? []
            return .verify(length: written, digests: asked + digests.filter { !asked.contains($0) })
        case .placing: return .place(length: acknowledged)
        case .placed:
            var head = head
            // The last part was a 206, or the answer is of an earlier process; what the caller asked for is whole.
            if head?.status == 206 { head?.status = 200 }
            return .done(Answer(head: head))
        }
    }

    mutating func sinkReady(length: Int64) {
        if length != acknowledged, acknowledged > 0 {
            // Somebody else touched the file: nothing of it can be trusted.
            begin(anew: "")
        } else {
            written = acknowledged
            stage = .fetching
        }
    }

    mutating func headed(_ head: ResponseHead, now: WallTime) {
        let expectation = self.expectation
        switch expectation.judge(head) {
        case .whole(let count):
            self.head = head
            validators = Validators(head.fields, now: now)
            if trustsDates, let changed = head.fields["Last-Modified"]?.trimmed, count != nil {
                // Mirrors may name each copy differently; the caller says that date and length tell them well enough.
                validators = Validators(lastModified: changed)
            }
            total = count
            digests = ContentDigest.all(in: head.fields)
            running = (0, count)
        case .part(let count, let whole):
            if self.head == nil { self.head = head }
            total = total ?? whole
            running = (expectation.offset, count)
        case .other, .restart, .unusable: running = nil
        }
    }

    mutating func madeDurable(upTo offset: Int64) {
        guard let running, offset <= running.start + (running.count ?? .max - running.start) else { return }
        written = max(written, offset)
        // Without a validator nothing can be continued, so nothing is promised.
        if !validators.isEmpty { acknowledged = max(acknowledged, offset) }
    }

    mutating func judge(_ end: ExchangeEnd, now: WallTime) -> CourseVerdict {
        defer { running = nil }
        if let running {
            let (end, received) = (end, max(0, end.received))
            written = max(written, running.start + min(received, running.count ?? received))
            let isWhole = running.count.map { received >= $0 } ?? (end.failure == nil)
            if isWhole, !end.isLocal {
                total = total ?? written
                // A shorter part than was asked for is a part all the same: the rest is asked for next.
                stage = written == total ? .whole : .fetching
                return .goOn
            }
            // Only what is on stable storage counts in the next attempt; the file is cut to it.
            stage = .opening
            if end.isLocal, let failure = end.failure {
                // The server has done nothing wrong: whose disk it is, is told.
                let place = target.destination ?? target.partial
                return unwritable(TransferFailure(failure, doing: "Writing", subject: place), Answer(head: end.head))
            }
            var cut = end
            if cut.failure == nil { cut.failure = ExchangeFailure(.connectionLost, detail: "the body ended early") }
            cut.head = nil
            return cut.verdict(doing: "Downloading", subject: url)
        }
        stage = .opening
        guard let head = end.head else { return end.verdict(doing: "Downloading", subject: url) }
        switch expectation.judge(head) {
        case .restart: return another(head)
        case .unusable(let cause): return .fail(failure(cause), Answer(head: head))
        case .whole, .part: return .again(Setback(kind: .network, failure: failure("the answer was not read")))
        case .other: break
        }
        if written > 0 || acknowledged > 0 {
            if head.status == 412 { return begin(anew: "the server has another version") }
            if head.status == 416 {
                let range = head.fields["Content-Range"].flatMap(ContentRange.init)
                if case .unsatisfied(acknowledged) = range, total == nil || total == acknowledged {
                    total = acknowledged
                    stage = .opening
                    return .goOn
                }
                return begin(anew: "the server has fewer bytes")
            }
        }
        return end.verdict(doing: "Downloading", subject: url)
    }

    /// A place with secrets in it is not written down: it is asked again where it is.
    mutating func moved(to url: String) {
        if keepsSecrets || RequestSecrets(url: url, fields: HeaderFields()).withheld.isEmpty { self.url = url }
    }

    mutating func verified(_ verdict: SinkVerdict) -> CourseVerdict {
        switch verdict {
        case .good:
            acknowledged = written
            total = written
            stage = .placing
            return .goOn
        case .wrongLength(let length):
            return begin(anew: "the file has \(length) bytes instead of \(written)")
        case .digestMismatch(let algorithm):
            let cause = "its \(algorithm.rawValue) digest is another than was announced"
            return begin(anew: cause, code: .digestMismatch)
        }
    }

    mutating func placed() { stage = .placed }
}

extension Download {
    var expectation: DownloadExpectation {
        var expectation = DownloadExpectation(offset: written, total: written > 0 ? total : nil)
        expectation.validators = validators
        expectation.needsValidator = condition == .none
        expectation.allowsUnknownLength = allowsUnknownLength
        return expectation
    }

    private func request() -> CourseRequest {
        var request = CourseRequest("GET", url)
        // Offsets count bytes of the resource itself, not of some encoding of it.
        request.fields["Accept-Encoding"] = "identity"
        if target.digest == nil { request.fields["Want-Repr-Digest"] = "sha-256=10, sha-512=5" }
        if written > 0 {
            request.fields["Range"] = "bytes=\(written)-"
            switch condition {
            case .ifRange: request.fields["If-Range"] = validators.entityTag ?? validators.lastModified
            case .ifMatch: request.fields["If-Match"] = validators.entityTag
            case .none: break
            }
        }
        request.plan = AnswerPlan(download: expectation)
        // What is whole is synced when it is verified.
        request.durability = Exchange.Durability()
        request.durability?.whole = false
        return request
    }

    /// A success that does not continue our bytes: the same version without its range, or another version.
    private mutating func another(_ head: ResponseHead) -> CourseVerdict {
        let tag = head.fields["ETag"].flatMap(Validators.strong)
        if head.status == 200, let tag, tag == validators.entityTag {
            switch condition {
            case .ifRange:
                condition = .ifMatch
                return .goOn
            case .ifMatch:
                condition = .none
                return .goOn
            case .none: break
            }
        }
        return begin(anew: "the server did not continue where the file ends")
    }

    private mutating func unwritable(_ failure: TransferFailure, _ answer: Answer) -> CourseVerdict {
        guard failure.code == .diskFull else { return .fail(failure, answer) }
        // Where nobody says how much is coming, there has to be clearly more room than there was: else all that cannot be
        // continued would be loaded again and again.
        room = written + max(written / 16, 1 << 20)
        return .again(Setback(kind: .storage, failure: failure, answer: answer))
    }

    private static let restartsAllowed = 5

    @discardableResult
    private mutating func begin(anew cause: String, code: TransferFailure.Code = .badAnswer) -> CourseVerdict {
        restarts += 1
        acknowledged = 0
        written = 0
        total = nil
        validators = Validators()
        condition = .ifRange
        head = nil
        digests = []
        room = nil
        stage = .opening
        let isLast = restarts > Self.restartsAllowed || (code == .digestMismatch && restarts > 1)
        return isLast ? .fail(failure(cause, code: code), Answer()) : .goOn
    }

    private func failure(_ cause: String, code: TransferFailure.Code = .badAnswer) -> TransferFailure {
        let place = (try? HTTPAddress(url))?.location ?? "the server"
        return TransferFailure(
            code, doing: "Downloading", subject: place, cause: cause, remedy: "Check the server, and begin again.")
    }
}

extension ExchangeEnd {
    /// It failed on this side: what was received may not be in the file.
    var isLocal: Bool {
        if case .sinkUnwritable = failure?.kind { true } else { false }
    }
}
