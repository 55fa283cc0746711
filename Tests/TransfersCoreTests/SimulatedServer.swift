// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSurroundings
import TransfersCore

/// What arrived at a simulated server of one request.
struct SimulatedRequest {
    var method: String
    var url: String
    var fields: HeaderFields
    /// What of the body arrived before the connection broke, if it did.
    var body: [UInt8]
    var isWhole: Bool

    func number(_ name: String) -> Int? { fields[name].flatMap { Int($0) } }
}

struct SimulatedReply {
    var interims: [ResponseHead] = []
    var head: ResponseHead
    var body: [UInt8] = []

    init(_ status: Int, _ fields: [(String, String)] = [], url: String, body: [UInt8] = []) {
        head = ResponseHead(
            url: url, status: status, fields: HeaderFields(fields.map { HeaderFields.Field($0.0, $0.1) }))
        self.body = body
    }
}

/// A reference model of one protocol's server: it keeps the bytes that it was sent, and misbehaves as real ones do.
protocol SimulatedServer {
    /// `mayMisbehave` is off once a run has had its share of trouble, so that every run can end.
    mutating func receive(
        _ request: SimulatedRequest, mayMisbehave: Bool, random: inout SeededNumbers
    ) -> SimulatedReply

    /// Whole objects that it holds now, any of which a success may mean.
    var objects: [[UInt8]] { get }
    /// Begun and not complete.
    var leftovers: Int { get }
}

extension SimulatedServer {
    var leftovers: Int { 0 }
}

extension SeededNumbers {
    mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &self) < percent }

    mutating func bytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8.random(in: 0...255, using: &self) } }
}

/// Answers that any server gives when it is not well; nil mostly.
func trouble(_ url: String, random: inout SeededNumbers) -> SimulatedReply? {
    guard random.chance(6) else { return nil }
    switch Int.random(in: 0..<5, using: &random) {
    case 0: return SimulatedReply(503, [("Retry-After", "3")], url: url)
    case 1: return SimulatedReply(500, url: url)
    case 2: return SimulatedReply(429, [("Retry-After", "Sun, 06 Nov 1994 08:49:37 GMT")], url: url)
    case 3: return SimulatedReply(408, [("Retry-After", "soon")], url: url)
    default: return SimulatedReply(504, url: url)
    }
}

/// PUT and POST of whole files.
struct SimulatedPlainServer: SimulatedServer {
    var objects: [[UInt8]] = []

    mutating func receive(
        _ request: SimulatedRequest, mayMisbehave: Bool, random: inout SeededNumbers
    ) -> SimulatedReply {
        if request.method == "OPTIONS" { return SimulatedReply(405, url: request.url) }
        if mayMisbehave, let reply = trouble(request.url, random: &random) { return reply }
        if mayMisbehave, random.chance(5) {
            return SimulatedReply(307, [("Location", "there?\(request.body.count)")], url: request.url)
        }
        if request.isWhole { objects = [request.body] }
        return SimulatedReply(201, url: request.url)
    }
}

/// GET with ranges and validators, of a resource that may change.
struct SimulatedDownloadServer: SimulatedServer {
    /// Every version that there was; the last is the present one.
    var objects: [[UInt8]]
    var hasTag: Bool
    var hasDate: Bool
    var isWeak: Bool
    var hasRanges: Bool
    /// It heeds If-Range with dates only.
    var needsDate: Bool
    var tellsLength: Bool

    init(_ content: [UInt8], random: inout SeededNumbers) {
        objects = [content]
        hasTag = random.chance(70)
        hasDate = random.chance(50)
        isWeak = random.chance(20)
        hasRanges = random.chance(85)
        needsDate = random.chance(20)
        tellsLength = random.chance(80)
    }

    private var tag: String { (isWeak ? "W/" : "") + "\"v\(objects.count)\"" }
    private var date: String { "Sun, 06 Nov 1994 08:\(10 + objects.count):37 GMT" }

    mutating func receive(
        _ request: SimulatedRequest, mayMisbehave: Bool, random: inout SeededNumbers
    ) -> SimulatedReply {
        if mayMisbehave, let reply = trouble(request.url, random: &random) { return reply }
        if mayMisbehave, random.chance(4), objects.count < 40 {
            objects.append(random.bytes(random.chance(50) ? objects[0].count : Int.random(in: 0...200, using: &random)))
        }
        if mayMisbehave, random.chance(4) { return SimulatedReply(302, [("Location", "/mirror")], url: request.url) }
        let content = objects[objects.count - 1]
        var fields = [("Date", "Tue, 08 Nov 1994 08:49:37 GMT")]
        if hasTag { fields.append(("ETag", tag)) }
        if hasDate { fields.append(("Last-Modified", date)) }
        guard hasRanges, let range = request.fields["Range"], range.hasPrefix("bytes="),
            let start = Int(range.dropFirst(6).dropLast())
        else { return whole(content, fields, request) }
        if let match = request.fields["If-Match"], isWeak || match != tag {
            return SimulatedReply(412, fields, url: request.url)
        }
        if let condition = request.fields["If-Range"] {
            let isSame = condition.hasPrefix("\"") ? !needsDate && !isWeak && condition == tag : condition == date
            if !isSame { return whole(content, fields, request) }
        }
        guard start < content.count else {
            return SimulatedReply(416, fields + [("Content-Range", "bytes */\(content.count)")], url: request.url)
        }
        if mayMisbehave, random.chance(10) { return lie(content, start, fields, request, &random) }
        // A server may send less than was asked for.
        let last = random.chance(10) ? Int.random(in: start..<content.count, using: &random) : content.count - 1
        let part = Array(content[start...last])
        let named = [("Content-Range", "bytes \(start)-\(last)/\(content.count)"), ("Content-Length", "\(part.count)")]
        return SimulatedReply(206, fields + named, url: request.url, body: part)
    }

    private func whole(_ content: [UInt8], _ fields: [(String, String)], _ request: SimulatedRequest) -> SimulatedReply
    {
        let length = tellsLength ? ("Content-Length", "\(content.count)") : ("Transfer-Encoding", "chunked")
        return SimulatedReply(200, fields + [length], url: request.url, body: content)
    }

    /// Answers whose bytes are not those that the file needs next.
    private func lie(
        _ content: [UInt8], _ start: Int, _ fields: [(String, String)], _ request: SimulatedRequest,
        _ random: inout SeededNumbers
    ) -> SimulatedReply {
        let count = content.count
        let wrong = random.bytes(count - start)
        switch Int.random(in: 0..<6, using: &random) {
        case 0:
            let range = ("Content-Range", "bytes 0-\(count - 1)/\(count)")
            return SimulatedReply(206, fields + [range], url: request.url, body: content)
        case 1 where tellsLength:
            // Who was not told the length cannot know that this is another.
            let range = ("Content-Range", "bytes \(start)-\(count)/\(count + 1)")
            return SimulatedReply(206, fields + [range], url: request.url, body: wrong + [0])
        case 2: return SimulatedReply(206, fields, url: request.url, body: wrong)
        case 3:
            let type = ("Content-Type", "multipart/byteranges; boundary=b")
            return SimulatedReply(206, fields + [type], url: request.url, body: wrong)
        case 4:
            let range = ("Content-Range", "bytes \(start)-\(count - 1)/\(count)")
            return SimulatedReply(
                206, fields + [range, ("Content-Encoding", "gzip")], url: request.url, body: wrong)
        default:
            return SimulatedReply(416, fields + [("Content-Range", "bytes */\(count + 7)")], url: request.url)
        }
    }
}
