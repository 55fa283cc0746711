// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

internal import BackgroundSurroundings

/// Resumable uploads for HTTP (draft-ietf-httpbis-resumable-upload), in every version that servers speak.
struct ResumableUpload: TransferCourse {
    enum Flight: Sendable, Equatable {
        case create(isWhole: Bool)
        case head
        case append(from: Int64, to: Int64)
    }

    let intent: TransferIntent
    let size: Int64
    let interop: ResumableInterop
    let creation: ResumableCreation
    var acknowledged: Int64
    /// Where the upload is; nil before the server said so.
    var upload: String?
    var expires: WallTime?
    var maxAppend: Int64?
    var minAppend: Int64?
    var mustAsk: Bool
    /// The server answered a careful creation as if it were a whole upload: it knows nothing of this.
    var isUnknown: Bool
    var creations: Int
    var conflicts = 0
    var flight: Flight?
    /// Why the exchange has to end now.
    var breach: TransferFailure?

    static let carefulAbove: Int64 = 8 << 20
    static let creationsAllowed = 8
    /// An upload that needs more requests than this is not worth them.
    static let appendsAllowed: Int64 = 10_000
    static let smallestTry: Int64 = 64 << 10

    init(
        _ intent: TransferIntent, source: SourceIdentity, checkpoint: TransferCheckpoint, position: TransferPosition
    ) {
        self.intent = intent
        size = source.sendable
        interop = intent.policy.resumableInterop
        creation = intent.policy.resumableCreation
        upload = position["upload"]
        acknowledged = upload == nil ? 0 : min(max(checkpoint.acknowledged, 0), source.sendable)
        expires = position[number: "expires"].map { WallTime(microseconds: $0) }
        maxAppend = position[number: "maxAppend"]
        minAppend = position[number: "minAppend"]
        mustAsk = upload != nil
        isUnknown = position["unknown"] != nil
        creations = Int(clamping: position[number: "creations"] ?? 0)
    }

    var total: Int64? { size }
    var isResumable: Bool? { isUnknown ? false : upload == nil ? nil : true }

    func save(into position: inout TransferPosition) {
        position["upload"] = upload
        position[number: "expires"] = expires?.microseconds
        position[number: "maxAppend"] = maxAppend
        position[number: "minAppend"] = minAppend
        position["unknown"] = isUnknown ? "1" : nil
        position[number: "creations"] = creations == 0 ? nil : Int64(creations)
    }

    private var isCareful: Bool {
        if isUnknown { return false }
        if maxAppend.map({ $0 < size }) == true || intent.policy.sentDigest != nil { return true }
        switch creation {
        case .automatic: return size > Self.carefulAbove
        case .optimistic: return false
        case .careful: return size > 0
        }
    }

    mutating func next(now: WallTime) -> CourseStep {
        breach = nil
        if let expires, expires <= now, upload != nil { forget() }
        var request: CourseRequest
        if let upload {
            if mustAsk {
                flight = .head
                request = CourseRequest("HEAD", upload)
                request.leavesBodyFields = true
                interop.version(&request.fields)
                return .exchange(request)
            }
            if let maxAppend, (size - acknowledged) / max(maxAppend, 1) > Self.appendsAllowed || maxAppend < 1 {
                return .fail(failure("the server takes at most \(maxAppend) bytes at once, which is too little"))
            }
            let longest = intent.policy.sentDigest == nil ? size : BodyDigest.longestPiece
            let end = min(size, acknowledged + min(maxAppend ?? size, longest))
            flight = .append(from: acknowledged, to: end)
            request = CourseRequest("PATCH", upload)
            request.leavesBodyFields = true
            request.fields["Upload-Offset"] = "\(acknowledged)"
            if interop.hasLengthAndType { request.fields["Content-Type"] = "application/partial-upload" }
            request.body = acknowledged < end ? [.file(range: acknowledged..<end)] : []
            request.digest = intent.policy.sentDigest.map {
                BodyDigest(algorithm: $0, range: acknowledged..<end, places: [.content])
            }
            interop.mark(&request.fields, isComplete: end == size)
        } else {
            guard creations < Self.creationsAllowed else {
                return .fail(failure("the upload was lost \(creations) times", .tooManyAttempts))
            }
            let isWhole = !isCareful
            flight = .create(isWhole: isWhole)
            request = CourseRequest(intent.httpMethod, intent.url)
            request.body = isWhole && size > 0 ? [.file(range: 0..<size)] : []
            request.digest = intent.policy.sentDigest.map {
                BodyDigest(algorithm: $0, range: 0..<size, places: [.representation])
            }
            if interop.hasLengthAndType { request.fields["Upload-Length"] = "\(size)" }
            request.expectsContinue = isWhole && size > 1 << 20
            interop.mark(&request.fields, isComplete: isWhole)
        }
        interop.version(&request.fields)
        return .exchange(request)
    }

    mutating func informed(_ head: ResponseHead, now: WallTime) -> Bool {
        guard head.status == 104, interop.speaks(head.fields), breach == nil, !isUnknown else { return breach == nil }
        if let location = head.fields["Location"] { learn(location: location, from: head.url) }
        if breach == nil { learn(limits: head, now) }
        let values = head.fields.values("Upload-Offset")
        if upload != nil, breach == nil, !values.isEmpty { learn(offset: values) }
        return breach == nil
    }

    func abandonment() -> CourseRequest? {
        guard let upload else { return nil }
        var request = CourseRequest("DELETE", upload)
        request.leavesBodyFields = true
        interop.version(&request.fields)
        return request
    }

    mutating func learn(location: String, from url: String) {
        guard let place = TusUpload.resolve(location, from: url) else {
            breach = failure("the server named a place for the upload that cannot be used")
            return
        }
        if let upload, upload != place {
            breach = failure("the server named two places for one upload")
        } else if upload == nil {
            upload = place
            creations += 1
            acknowledged = 0
        }
    }

    mutating func learn(limits head: ResponseHead, _ now: WallTime) {
        guard interop.hasLengthAndType, let limit = UploadLimit(head.fields) else { return }
        maxAppend = limit.maxAppendSize ?? maxAppend
        minAppend = limit.minAppendSize ?? minAppend
        if let age = limit.maxAge { expires = now.advanced(by: .seconds(min(age, 1 << 40))) }
        if let longest = limit.maxSize, longest < size {
            breach = failure("the server takes at most \(longest) bytes")
        } else if let shortest = limit.minSize, shortest > size {
            breach = failure("the server takes at least \(shortest) bytes")
        }
    }

    /// What the server has; it may be more than was sent ("the server obtained data"), and never less than before.
    mutating func learn(offset values: [String]) {
        guard values.count == 1, case .integer(let offset) = StructuredItem(values[0]), offset >= 0 else { return }
        if offset > size {
            breach = failure("the server says that it has \(offset) bytes of \(size)")
        } else if offset < acknowledged {
            breach = failure("the server lost bytes: it had \(acknowledged), and has \(offset)")
        } else {
            acknowledged = offset
        }
    }

    mutating func forget() {
        upload = nil
        expires = nil
        acknowledged = 0
        mustAsk = false
    }

    func failure(_ cause: String, _ code: TransferFailure.Code = .badAnswer) -> TransferFailure {
        let place = (try? HTTPAddress(intent.url))?.location ?? "the server"
        return TransferFailure(code, doing: "Uploading to", subject: place, cause: cause, remedy: "Check the server.")
    }
}
