// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

internal import BackgroundSurroundings

/// Multipart upload into S3 by presigned URLs: parts one after another, each acknowledged by its entity tag.
///
/// The hook gives a URL for every request, so it may expire: it is asked again. What `ListParts` says is the truth; a hook
/// that gives no URL for it leaves the tags that were kept.
struct S3Upload: TransferCourse {
    enum Flight: Sendable, Equatable { case create, list, part(Int), complete }

    static let smallestPart: Int64 = 8 << 20
    static let mostParts: Int64 = 10_000

    let intent: TransferIntent
    let size: Int64
    let partSize: Int64
    private(set) var upload: String?
    /// Entity tags by part number, as they came.
    private(set) var tags: [Int: String] = [:]
    private(set) var mustList: Bool
    /// `Complete` was asked at least once.
    private(set) var isCompleting: Bool
    /// Times that parts were missing that had been acknowledged.
    private(set) var losses: Int
    static let lossesAllowed = 8
    private var listed: [Int: String] = [:]
    private var listAfter = 0
    private(set) var flight: Flight?

    init(
        _ intent: TransferIntent, source: SourceIdentity, checkpoint: TransferCheckpoint, position: TransferPosition
    ) {
        self.intent = intent
        size = source.sendable
        let fewest = max(Self.smallestPart, (size + Self.mostParts - 1) / Self.mostParts)
        // The size of a part never changes once an upload has begun, or numbers would mean other bytes.
        partSize = max(
            position[number: "partSize"] ?? intent.policy.partSize ?? fewest, 1,
            (size + Self.mostParts - 1) / Self.mostParts)
        upload = position["upload"]
        isCompleting = position["completing"] != nil
        losses = Int(clamping: position[number: "losses"] ?? 0)
        mustList = upload != nil && !isCompleting
        guard upload != nil else { return }
        for line in (position["parts"] ?? "").split(separator: "\n") {
            let halves = line.split(separator: " ", maxSplits: 1)
            guard halves.count == 2, let number = Int(halves[0]), (1...count).contains(number) else { continue }
            tags[number] = String(halves[1])
        }
    }

    /// An empty file is one empty part.
    var count: Int { size == 0 ? 1 : Int(clamping: (size - 1) / partSize + 1) }

    func range(of part: Int) -> Range<Int64> {
        let start = Int64(part - 1) * partSize
        return start..<(size - start > partSize ? start + partSize : size)
    }

    var total: Int64? { size }
    var isResumable: Bool? { upload == nil ? nil : true }
    var acknowledged: Int64 { tags.keys.reduce(0) { $0 + Int64(range(of: $1).count) } }

    func save(into position: inout TransferPosition) {
        position["upload"] = upload
        position[number: "partSize"] = upload == nil ? nil : partSize
        position["completing"] = isCompleting ? "1" : nil
        position[number: "losses"] = losses == 0 ? nil : Int64(losses)
        position["parts"] =
            tags.isEmpty
            ? nil
            : tags.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
                .joined(separator: "\n")
    }

    mutating func next(now: WallTime) -> CourseStep {
        guard let upload else { return exchange(.create, "POST", .s3Create) }
        if mustList { return exchange(.list, "GET", .s3List(upload: upload, after: listAfter)) }
        if let part = (1...count).first(where: { tags[$0] == nil }) {
            return exchange(.part(part), "PUT", .s3Part(number: part, upload: upload))
        }
        isCompleting = true
        return exchange(.complete, "POST", .s3Complete(upload: upload))
    }

    private mutating func exchange(
        _ flight: Flight, _ method: String, _ purpose: AuthorizationRequest.Purpose
    ) -> CourseStep {
        self.flight = flight
        var request = CourseRequest(method, intent.url)
        request.isPresigned = true
        request.purpose = purpose
        switch flight {
        case .create: break
        case .list: request.plan.kept = 2 << 20
        case .part(let number):
            let range = range(of: number)
            request.body = range.isEmpty ? [] : [.file(range: range)]
        case .complete:
            request.fields["Content-Type"] = "application/xml"
            request.body = [.bytes(S3Answer.completion(tags))]
        }
        return .exchange(request)
    }

    mutating func declined(_ purpose: AuthorizationRequest.Purpose) -> CourseVerdict? {
        guard case .s3List = purpose else { return nil }
        mustList = false
        return .goOn
    }

    mutating func judge(_ end: ExchangeEnd, now: WallTime) -> CourseVerdict {
        guard let flight else { return .goOn }
        self.flight = nil
        let verdict = end.verdict(doing: "Uploading to", subject: intent.url)
        let answer = Answer(head: end.head, body: end.body)
        let said = S3Answer(end.body)
        if end.head?.status == 404, said?.code == "NoSuchUpload" { return lost(answer) }
        guard case .succeed = verdict else { return verdict }
        switch flight {
        case .create:
            if end.bodyWasCut { return again("the answer to the creation was cut", answer) }
            guard let id = said?.uploadID, !id.isEmpty else {
                return .fail(failure("the answer to the creation names no upload"), answer)
            }
            upload = id
            return .goOn
        case .part(let number):
            guard end.sent >= Int64(range(of: number).count) else { return again("the part was not all read", answer) }
            guard let tag = end.head?.fields["ETag"]?.trimmed, !tag.isEmpty, tag.utf8.count <= 256,
                !tag.utf8.contains(0x0a)
            else { return again("the server gave no entity tag for part \(number)", answer) }
            tags[number] = tag
            return .goOn
        case .list:
            guard let said, said.isList, !end.bodyWasCut else { return again("the list of parts is none", answer) }
            for part in said.parts where (1...count).contains(part.number) {
                if part.size == Int64(range(of: part.number).count) { listed[part.number] = part.tag }
            }
            if let next = said.nextPart, next > listAfter, next < count {
                listAfter = next
                return .goOn
            }
            if tags.keys.contains(where: { listed[$0] == nil }) { losses += 1 }
            guard losses <= Self.lossesAllowed else {
                return .fail(failure("the server lost parts \(losses) times"), answer)
            }
            tags = listed
            (listed, listAfter, mustList) = ([:], 0, false)
            return .goOn
        case .complete:
            // A 200 may have been sent before the work was done, and tell in its body that it failed.
            if said?.isCompletion == true, !end.bodyWasCut { return .succeed(answer) }
            switch said?.code {
            case "InvalidPart", "InvalidPartOrder", "EntityTooSmall":
                isCompleting = false
                mustList = true
                return again("the server misses a part", answer)
            case "NoSuchUpload": return lost(answer)
            case "InternalError", "SlowDown", "ServiceUnavailable", "RequestTimeout", nil:
                return again("the server did not complete the upload", answer)
            case let code?:
                return .fail(failure("the server did not complete the upload: \(code.prefix(64))"), answer)
            }
        }
    }

    private mutating func lost(_ answer: Answer) -> CourseVerdict {
        // After a completion whose answer was lost, nobody but the bucket's owner can tell whether it is there.
        isCompleting
            ? .fail(failure("the upload is gone; it may have been completed before the answer was lost"), answer)
            : .fail(failure("the upload is gone: somebody aborted it, or it expired"), answer)
    }

    func abandonment() -> CourseRequest? {
        guard let upload else { return nil }
        var request = CourseRequest("DELETE", intent.url)
        request.isPresigned = true
        request.purpose = .s3Abort(upload: upload)
        return request
    }

    private func again(_ cause: String, _ answer: Answer) -> CourseVerdict {
        .again(Setback(kind: .server, failure: failure(cause), answer: answer))
    }

    private func failure(_ cause: String) -> TransferFailure {
        let place = (try? HTTPAddress(intent.url))?.location ?? "the server"
        return .badAnswer(cause, doing: "Uploading to", subject: place)
    }
}
