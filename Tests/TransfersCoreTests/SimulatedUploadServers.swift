// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSurroundings
import TransfersCore

/// A server of tus 1.0.
struct SimulatedTusServer: SimulatedServer {
    struct Upload {
        var length: Int
        var bytes: [UInt8] = []
        var isGone = false
    }

    var uploads: [String: Upload] = [:]
    var isRelative: Bool
    var offers: String

    init(random: inout SeededNumbers) {
        isRelative = random.chance(50)
        offers = random.chance(50) ? "creation,creation-with-upload,expiration,termination" : "creation"
    }

    var objects: [[UInt8]] { uploads.values.filter { !$0.isGone && $0.bytes.count == $0.length }.map(\.bytes) }
    var leftovers: Int { uploads.values.filter { !$0.isGone && $0.bytes.count < $0.length }.count }

    mutating func receive(
        _ request: SimulatedRequest, mayMisbehave: Bool, random: inout SeededNumbers
    ) -> SimulatedReply {
        let url = request.url
        if request.method == "OPTIONS" {
            return SimulatedReply(
                204, [("Tus-Version", "1.0.0"), ("Tus-Resumable", "1.0.0"), ("Tus-Extension", offers)], url: url)
        }
        guard request.fields["Tus-Resumable"] == "1.0.0" else {
            return SimulatedReply(412, [("Tus-Version", "1.0.0")], url: url)
        }
        if request.method == "DELETE" {
            if mayMisbehave, random.chance(20) { return SimulatedReply(423, url: url) }
            uploads[url]?.isGone = true
            return SimulatedReply(204, url: url)
        }
        if mayMisbehave, let reply = trouble(url, random: &random) { return reply }
        if mayMisbehave, random.chance(3) { return SimulatedReply(423, url: url) }
        if request.method == "POST" { return create(request) }
        guard var upload = uploads[url], !upload.isGone else { return SimulatedReply(404, url: url) }
        if mayMisbehave, random.chance(2) {
            uploads[url]?.isGone = true
            return SimulatedReply(410, url: url)
        }
        if request.method == "HEAD" {
            if mayMisbehave, random.chance(8) { return lie(upload, url, &random) }
            return SimulatedReply(
                random.chance(50) ? 200 : 204,
                [("Upload-Offset", "\(upload.bytes.count)"), ("Upload-Length", "\(upload.length)")], url: url)
        }
        guard request.method == "PATCH", request.number("Upload-Offset") == upload.bytes.count,
            !(mayMisbehave && random.chance(3))
        else { return SimulatedReply(409, url: url) }
        if mayMisbehave, request.isWhole, random.chance(3) { return SimulatedReply(460, url: url) }
        upload.bytes += request.body
        uploads[url] = upload
        let isMute = mayMisbehave && random.chance(4)
        return SimulatedReply(
            random.chance(90) ? 204 : 200, isMute ? [] : [("Upload-Offset", "\(upload.bytes.count)")], url: url)
    }

    private mutating func create(_ request: SimulatedRequest) -> SimulatedReply {
        guard let length = request.number("Upload-Length"), request.isWhole || !request.body.isEmpty else {
            return SimulatedReply(400, url: request.url)
        }
        let name = "u\(uploads.count)"
        uploads["https://example.org/\(name)"] = Upload(length: length, bytes: request.body)
        var fields = [("Location", isRelative ? name : "https://example.org/\(name)")]
        if !request.body.isEmpty { fields.append(("Upload-Offset", "\(request.body.count)")) }
        return SimulatedReply(201, fields, url: request.url)
    }

    private func lie(_ upload: Upload, _ url: String, _ random: inout SeededNumbers) -> SimulatedReply {
        let offsets = ["-1", "many", "", "99999999999999999999", "\(upload.length + 1)", "1, 2"]
        var fields = [("Upload-Length", "\(upload.length)")]
        if random.chance(80) { fields.append(("Upload-Offset", offsets.randomElement(using: &random) ?? "")) }
        return SimulatedReply(200, fields, url: url)
    }
}

/// A server of resumable uploads for HTTP, in the version of its client.
struct SimulatedResumableServer: SimulatedServer {
    struct Upload {
        var bytes: [UInt8] = []
        var isComplete = false
        var isGone = false
        var length: Int?
    }

    let interop: ResumableInterop
    var uploads: [String: Upload] = [:]
    var informs: Bool
    var limit: Int?
    /// It knows nothing of resuming.
    var isPlain: Bool
    var object: [UInt8]?

    init(_ interop: ResumableInterop, random: inout SeededNumbers) {
        self.interop = interop
        informs = random.chance(60)
        limit =
            random.chance(30) && (interop == .final || interop.rawValue >= 6)
            ? Int.random(in: 5...40, using: &random) : nil
        isPlain = random.chance(8)
    }

    var objects: [[UInt8]] {
        uploads.values.filter { $0.isComplete && !$0.isGone }.map(\.bytes) + (object.map { [$0] } ?? [])
    }
    var leftovers: Int { uploads.values.filter { !$0.isComplete && !$0.isGone }.count }

    mutating func receive(
        _ request: SimulatedRequest, mayMisbehave: Bool, random: inout SeededNumbers
    ) -> SimulatedReply {
        let url = request.url
        if request.method == "OPTIONS" {
            return SimulatedReply(204, isPlain ? [] : [("Accept-Patch", "application/partial-upload")], url: url)
        }
        if isPlain {
            if request.isWhole { object = request.body }
            return SimulatedReply(200, url: url)
        }
        if request.method == "DELETE" {
            if mayMisbehave, random.chance(20) { return SimulatedReply(423, url: url) }
            uploads[url]?.isGone = true
            return SimulatedReply(204, url: url)
        }
        if mayMisbehave, let reply = trouble(url, random: &random) { return reply }
        if request.method != "HEAD", request.method != "PATCH" { return create(request, mayMisbehave, &random) }
        guard var upload = uploads[url], !upload.isGone else { return SimulatedReply(404, url: url) }
        if mayMisbehave, random.chance(2) {
            uploads[url]?.isGone = true
            return SimulatedReply(404, url: url)
        }
        if request.method == "HEAD" {
            var fields = state(upload)
            if mayMisbehave, random.chance(4) { fields = [("Upload-Offset", "lots")] }
            return SimulatedReply(204, fields, url: url)
        }
        guard request.number("Upload-Offset") == upload.bytes.count, !upload.isComplete,
            !(mayMisbehave && random.chance(3))
        else { return SimulatedReply(409, state(upload), url: url) }
        if let limit, request.body.count > limit { return SimulatedReply(413, limits, url: url) }
        upload.bytes += request.body
        return receive(request, into: upload, at: url, isNew: false, &random)
    }

    private mutating func create(
        _ request: SimulatedRequest, _ mayMisbehave: Bool, _ random: inout SeededNumbers
    ) -> SimulatedReply {
        guard isOurs(request.fields) else { return SimulatedReply(400, url: request.url) }
        if let limit, request.body.count > limit { return SimulatedReply(413, limits, url: request.url) }
        let place = "https://example.org/r\(uploads.count)"
        return receive(
            request, into: Upload(bytes: request.body, length: request.number("Upload-Length")), at: place, isNew: true,
            &random)
    }

    private mutating func receive(
        _ request: SimulatedRequest, into upload: Upload, at place: String, isNew: Bool,
        _ random: inout SeededNumbers
    ) -> SimulatedReply {
        var upload = upload
        upload.isComplete = request.isWhole && isComplete(request.fields) == true
        uploads[place] = upload
        var fields = state(upload)
        if isNew, !upload.isComplete || random.chance(30) { fields.append(("Location", place)) }
        var reply = SimulatedReply(upload.isComplete ? 200 : 201, fields, url: request.url)
        if informs {
            var first = ResponseHead(url: request.url, status: 104)
            first.fields["Upload-Draft-Interop-Version"] = version
            if isNew { first.fields["Location"] = place }
            reply.interims.append(first)
            if !request.body.isEmpty, random.chance(50) {
                var second = ResponseHead(url: request.url, status: 104)
                second.fields["Upload-Draft-Interop-Version"] = version
                let before = upload.bytes.count - request.body.count
                second.fields["Upload-Offset"] = "\(Int.random(in: before...upload.bytes.count, using: &random))"
                reply.interims.append(second)
            }
            if random.chance(20) {
                // Of another version, with a place that nobody may follow.
                var foreign = ResponseHead(url: request.url, status: 104)
                foreign.fields["Upload-Draft-Interop-Version"] = interop == .final ? nil : "2"
                if interop != .final { foreign.fields["Location"] = "https://elsewhere.example/" }
                reply.interims.append(foreign)
            }
        }
        return reply
    }

    private func isOurs(_ fields: HeaderFields) -> Bool {
        isComplete(fields) != nil
            && fields["Upload-Draft-Interop-Version"] == version
    }

    private func state(_ upload: Upload) -> [(String, String)] {
        let word = (upload.isComplete != (interop == .three)) ? "?1" : "?0"
        return [(completeness, word), ("Upload-Offset", "\(upload.bytes.count)")] + limits
    }

    // Said once more than in the client, so that both have to be wrong in the same way.
    private var completeness: String { interop == .three ? "Upload-Incomplete" : "Upload-Complete" }
    private var version: String? { interop == .final ? nil : "\(interop.rawValue)" }

    private func isComplete(_ fields: HeaderFields) -> Bool? {
        switch fields[completeness] {
        case "?1": interop != .three
        case "?0": interop == .three
        default: nil
        }
    }

    private var limits: [(String, String)] { limit.map { [("Upload-Limit", "max-append-size=\($0), new-key")] } ?? [] }
}

/// S3 behind presigned URLs, which the world's hook makes: `?what&number`, and a serial that may have expired.
struct SimulatedS3Server: SimulatedServer {
    var parts: [Int: [UInt8]] = [:]
    var isBegun = false
    var isAborted = false
    var object: [UInt8]?

    var objects: [[UInt8]] { object.map { [$0] } ?? [] }
    var leftovers: Int { isBegun && !isAborted && object == nil ? 1 : 0 }

    mutating func receive(
        _ request: SimulatedRequest, mayMisbehave: Bool, random: inout SeededNumbers
    ) -> SimulatedReply {
        let url = request.url
        let query = url.split(separator: "?").last.map { $0.split(separator: "&").map(String.init) } ?? []
        let what = query.first ?? ""
        if mayMisbehave, let reply = trouble(url, random: &random) { return reply }
        if mayMisbehave, random.chance(8) {
            return SimulatedReply(403, url: url, body: Array("<Error><Code>AccessDenied</Code></Error>".utf8))
        }
        if what != "create", isAborted {
            return SimulatedReply(404, url: url, body: Array("<Error><Code>NoSuchUpload</Code></Error>".utf8))
        }
        switch what {
        case "create":
            isBegun = true
            let text =
                "<?xml version=\"1.0\"?>\n<InitiateMultipartUploadResult><UploadId>up&amp;1</UploadId></InitiateMultipartUploadResult>"
            return SimulatedReply(200, url: url, body: Array(text.utf8))
        case "part":
            guard request.isWhole, let number = Int(query[1]) else { return SimulatedReply(400, url: url) }
            parts[number] = request.body
            if mayMisbehave, random.chance(4) { return SimulatedReply(200, url: url) }
            return SimulatedReply(200, [("ETag", tag(number))], url: url)
        case "list":
            if mayMisbehave, random.chance(5), let lost = parts.keys.randomElement(using: &random) { parts[lost] = nil }
            let after = Int(query[1]) ?? 0
            let page = parts.sorted { $0.key < $1.key }.filter { $0.key > after }
            let shown = page.prefix(3)
            var text = "<ListPartsResult><IsTruncated>\(page.count > 3)</IsTruncated>"
            text += "<NextPartNumberMarker>\(shown.last?.key ?? 0)</NextPartNumberMarker>"
            for (number, bytes) in shown {
                let quoted = tag(number).split(separator: "\"").map { "&quot;\($0)&quot;" }.joined()
                text +=
                    "<Part><PartNumber>\(number)</PartNumber><ETag>\(quoted)</ETag><Size>\(bytes.count)</Size></Part>"
            }
            return SimulatedReply(200, url: url, body: Array((text + "</ListPartsResult>").utf8))
        case "complete":
            if mayMisbehave, random.chance(10) {
                return SimulatedReply(200, url: url, body: Array("\n<Error><Code>InternalError</Code></Error>".utf8))
            }
            return complete(request)
        case "abort":
            isAborted = true
            return SimulatedReply(204, url: url)
        default: return SimulatedReply(400, url: url)
        }
    }

    private mutating func complete(_ request: SimulatedRequest) -> SimulatedReply {
        let text = String(decoding: request.body, as: UTF8.self)
        let named = parts.keys.sorted()
        let isGood = named.allSatisfy { number in
            let tag = tag(number).split(separator: "\"").map { "&quot;\($0)&quot;" }.joined()
            return text.contains("<PartNumber>\(number)</PartNumber><ETag>\(tag)</ETag>")
        }
        guard isGood, text.split(separator: "<Part>").count - 1 == named.count, request.isWhole else {
            return SimulatedReply(200, url: request.url, body: Array("<Error><Code>InvalidPart</Code></Error>".utf8))
        }
        object = named.flatMap { parts[$0] ?? [] }
        let done = "<CompleteMultipartUploadResult><Key>k</Key></CompleteMultipartUploadResult>"
        return SimulatedReply(200, url: request.url, body: Array(done.utf8))
    }

    /// Of the bytes, so that a part that was sent twice with other bytes is noticed.
    private func tag(_ number: Int) -> String {
        "\"\(number)-\((parts[number] ?? []).reduce(UInt64(7)) { ($0 &* 31) &+ UInt64($1) })\""
    }
}
