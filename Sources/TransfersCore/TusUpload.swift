// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

internal import BackgroundSurroundings

/// tus 1.0: an upload is created, and sent in one request for all the rest; after a cut the server is asked how far it came.
struct TusUpload: TransferCourse {
    enum Flight: Sendable, Equatable {
        case options, head
        case create(withBody: Bool)
        case patch(from: Int64, count: Int64)
    }

    let intent: TransferIntent
    let size: Int64
    private(set) var acknowledged: Int64
    /// Where the upload is; nil before it was created.
    private(set) var upload: String?
    private(set) var expires: WallTime?
    /// What the server says that it can; nil before it was asked.
    private(set) var extensions: Set<String>?
    /// The server is to be asked how far it came.
    private(set) var mustAsk: Bool
    /// The server cannot have more than this: what was handed to the network so far.
    private(set) var sentAtMost: Int64
    private(set) var creations: Int
    /// Times that the offset went back.
    private(set) var regressions: Int
    private var conflicts = 0
    private(set) var flight: Flight?

    static let withUploadBelow: Int64 = 8 << 20
    static let asksBeforeFrom: Int64 = 1 << 20
    static let creationsAllowed = 8
    static let regressionsAllowed = 3

    init(
        _ intent: TransferIntent, source: SourceIdentity, checkpoint: TransferCheckpoint, position: TransferPosition,
        extensions: Set<String>? = nil
    ) {
        self.intent = intent
        size = source.sendable
        upload = position["upload"]
        acknowledged = upload == nil ? 0 : min(max(checkpoint.acknowledged, 0), source.sendable)
        expires = position[number: "expires"].map { WallTime(microseconds: $0) }
        self.extensions = extensions ?? position["extensions"].map { Set($0.split(separator: ",").map(String.init)) }
        mustAsk = upload != nil
        sentAtMost = min(max(position[number: "sent"] ?? acknowledged, acknowledged), source.sendable)
        creations = Int(clamping: position[number: "creations"] ?? 0)
        regressions = Int(clamping: position[number: "regressions"] ?? 0)
    }

    var total: Int64? { size }
    var isResumable: Bool? { upload == nil ? nil : true }

    func save(into position: inout TransferPosition) {
        position["upload"] = upload
        position[number: "expires"] = expires?.microseconds
        position["extensions"] = extensions?.sorted().joined(separator: ",")
        position[number: "sent"] = upload == nil ? nil : sentAtMost
        position[number: "creations"] = creations == 0 ? nil : Int64(creations)
        position[number: "regressions"] = regressions == 0 ? nil : Int64(regressions)
    }

    mutating func next(now: WallTime) -> CourseStep {
        if let expires, expires <= now, upload != nil { forget() }
        guard let upload else {
            let mustKnow = size >= Self.asksBeforeFrom || intent.policy.sentDigest != nil
            if extensions == nil, mustKnow { return exchange(.options, "OPTIONS", intent.url) }
            guard creations < Self.creationsAllowed else {
                return .fail(failure("the upload was lost \(creations) times", .tooManyAttempts))
            }
            let isWhole =
                size > 0 && size <= Self.withUploadBelow && checksum == nil
                && extensions?.contains("creation-with-upload") == true
            return exchange(.create(withBody: isWhole), "POST", intent.url)
        }
        if mustAsk { return exchange(.head, "HEAD", upload) }
        let longest = checksum == nil ? size : BodyDigest.longestPiece
        return exchange(.patch(from: acknowledged, count: min(size - acknowledged, longest)), "PATCH", upload)
    }

    /// How the server checks what it is sent, if it was asked for and the server does.
    private var checksum: ContentDigest.Algorithm? {
        guard let wanted = intent.policy.sentDigest, let extensions, extensions.contains("checksum"),
            extensions.contains("checksum " + wanted.nameInTus)
        else { return nil }
        return wanted
    }

    private mutating func exchange(_ flight: Flight, _ method: String, _ url: String) -> CourseStep {
        self.flight = flight
        var request = CourseRequest(method, url)
        request.leavesBodyFields = true
        if flight != .options { request.fields["Tus-Resumable"] = "1.0.0" }
        switch flight {
        case .options, .head: break
        case .create(let isWhole):
            request.fields["Upload-Length"] = "\(size)"
            if intent.fields["Upload-Metadata"] == nil { request.fields["Upload-Metadata"] = metadata }
            if isWhole {
                request.fields["Content-Type"] = "application/offset+octet-stream"
                request.body = [.file(range: 0..<size)]
                request.expectsContinue = size > 1 << 20
                sentAtMost = size
            }
        case .patch(let start, let count):
            request.fields["Content-Type"] = "application/offset+octet-stream"
            request.fields["Upload-Offset"] = "\(start)"
            request.body = count > 0 ? [.file(range: start..<start + count)] : []
            if let checksum {
                request.digest = BodyDigest(algorithm: checksum, range: start..<start + count, places: [.tus])
            }
            // Written before the first byte goes: a later process does not know how many did.
            sentAtMost = start + count
        }
        return .exchange(request)
    }

    private var metadata: String {
        guard case .upload(let source, _) = intent.work else { return "" }
        let name = source.path.split(separator: "/").last.map(String.init) ?? "file"
        let type = intent.fields["Content-Type"] ?? "application/octet-stream"
        return "filename \(Base64.text(name.utf8)),filetype \(Base64.text(type.utf8))"
    }

    mutating func judge(_ end: ExchangeEnd, now: WallTime) -> CourseVerdict {
        guard let flight else { return .goOn }
        self.flight = nil
        if case .patch(let start, let count) = flight { sentAtMost = start + min(max(end.sent, 0), count) }
        if upload != nil { mustAsk = true }
        guard let head = end.head, end.failure == nil || !head.isSuccess else {
            var bare = end
            bare.head = nil
            return bare.verdict(doing: "Uploading to", subject: intent.url)
        }
        if head.status == 412, flight != .options {
            let theirs = (head.fields["Tus-Version"] ?? "another version").prefix(64)
            return .fail(failure("the server speaks \(theirs) of tus, not 1.0.0"), Answer(head: head, body: end.body))
        }
        if head.status == 423 { return later("somebody else writes to the upload", Answer(head: head, body: end.body)) }
        switch flight {
        case .options: return judge(options: head, end)
        case .create(let isWhole): return judge(creation: head, isWhole, end, now)
        case .head: return judge(offset: head, end, now)
        case .patch(let start, _): return judge(patch: head, from: start, end, now)
        }
    }

    func abandonment() -> CourseRequest? {
        guard let upload, acknowledged < size || size == 0 else { return nil }
        var request = CourseRequest("DELETE", upload)
        request.fields["Tus-Resumable"] = "1.0.0"
        request.leavesBodyFields = true
        return request
    }
}

extension TusUpload {
    private mutating func judge(options head: ResponseHead, _ end: ExchangeEnd) -> CourseVerdict {
        if StatusJudgement(status: head.status) == .retry { return end.verdict(doing: "Asking", subject: intent.url) }
        extensions = Self.extensions(head.fields)
        if let longest = head.fields["Tus-Max-Size"].flatMap({ ContentRange.number($0.trimmed) }), longest < size {
            return .fail(failure("the server takes at most \(longest) bytes"), Answer(head: head, body: end.body))
        }
        return .goOn
    }

    static func extensions(_ fields: HeaderFields) -> Set<String> {
        let names = (fields["Tus-Extension"] ?? "").split(separator: ",").map { String($0).trimmed.lowercased() }
        let algorithms = (fields["Tus-Checksum-Algorithm"] ?? "").split(separator: ",")
        return Set(names + algorithms.map { "checksum " + String($0).trimmed.lowercased() })
    }

    private mutating func judge(
        creation head: ResponseHead, _ isWhole: Bool, _ end: ExchangeEnd, _ now: WallTime
    ) -> CourseVerdict {
        guard head.isSuccess else { return end.verdict(doing: "Creating an upload at", subject: intent.url) }
        let answer = Answer(head: head, body: end.body)
        guard let location = head.fields["Location"], let url = Self.resolve(location, from: head.url) else {
            return .fail(failure("the server named no place for the upload"), answer)
        }
        upload = url
        creations += 1
        acknowledged = 0
        mustAsk = false
        if !isWhole { sentAtMost = 0 }
        note(expiry: head, now)
        if isWhole {
            guard let offset = offset(head) else {
                mustAsk = true
                return .goOn
            }
            acknowledged = offset
        }
        // An empty upload is complete as soon as it is created.
        return acknowledged == size ? .succeed(answer) : .goOn
    }

    private mutating func judge(offset head: ResponseHead, _ end: ExchangeEnd, _ now: WallTime) -> CourseVerdict {
        let answer = Answer(head: head, body: end.body)
        switch head.status {
        case 200, 204: break
        case 400, 403, 404, 410:
            forget()
            return .goOn
        default: return end.verdict(doing: "Asking how far", subject: intent.url)
        }
        note(expiry: head, now)
        guard let offset = offset(head) else { return later("the server does not say how far it came", answer) }
        if let length = head.fields["Upload-Length"].flatMap({ ContentRange.number($0.trimmed) }), length != size {
            forget()
            return .goOn
        }
        // More than was ever sent is not our file.
        if offset > sentAtMost {
            forget()
            return .goOn
        }
        if offset < acknowledged {
            regressions += 1
            guard regressions <= Self.regressionsAllowed else {
                return .fail(failure("the server lost bytes \(regressions) times"), answer)
            }
        }
        if offset > acknowledged { conflicts = 0 }
        acknowledged = offset
        sentAtMost = offset
        mustAsk = false
        return offset == size ? .succeed(answer) : .goOn
    }

    private mutating func judge(
        patch head: ResponseHead, from start: Int64, _ end: ExchangeEnd, _ now: WallTime
    ) -> CourseVerdict {
        let answer = Answer(head: head, body: end.body)
        switch head.status {
        case 200, 201, 204:
            note(expiry: head, now)
            guard let offset = offset(head), offset >= start, offset <= sentAtMost else { return conflict(answer) }
            guard offset > start || size == start else { return later("the server took no byte", answer) }
            acknowledged = offset
            mustAsk = false
            conflicts = 0
            return offset == size ? .succeed(answer) : .goOn
        case 403, 404, 410:
            forget()
            return .goOn
        case 409: return conflict(answer)
        case 460: return later("the bytes were damaged on their way", answer)
        default: return end.verdict(doing: "Uploading to", subject: intent.url)
        }
    }

    /// Our offset is not the server's: it is asked at once, and from the second time on later.
    private mutating func conflict(_ answer: Answer) -> CourseVerdict {
        conflicts += 1
        return conflicts == 1 ? .goOn : later("the server wants another offset than it tells", answer)
    }

    private func later(_ cause: String, _ answer: Answer) -> CourseVerdict {
        .again(Setback(kind: .server, failure: failure(cause), answer: answer))
    }

    private mutating func forget() {
        upload = nil
        expires = nil
        acknowledged = 0
        sentAtMost = 0
        mustAsk = false
    }

    private mutating func note(expiry head: ResponseHead, _ now: WallTime) {
        guard let value = head.fields["Upload-Expires"] else { return }
        expires = HTTPDate.parse(value.trimmed, now: now) ?? expires
    }

    private func offset(_ head: ResponseHead) -> Int64? {
        let values = head.fields.values("Upload-Offset")
        guard values.count == 1, let offset = ContentRange.number(values[0].trimmed), offset <= size else { return nil }
        return offset
    }

    /// Where a `Location` leads; nil if not to a place that is as safe as the one that named it.
    static func resolve(_ location: String, from url: String) -> String? {
        guard let base = try? HTTPAddress(url), let place = try? base.resolving(location) else { return nil }
        return base.isSecure && !place.isSecure ? nil : place.text
    }

    private func failure(_ cause: String, _ code: TransferFailure.Code = .badAnswer) -> TransferFailure {
        let place = (try? HTTPAddress(intent.url))?.location ?? "the server"
        return TransferFailure(code, doing: "Uploading to", subject: place, cause: cause, remedy: "Check the server.")
    }
}
