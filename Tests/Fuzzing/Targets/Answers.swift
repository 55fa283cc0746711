// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSurroundings
import TransfersCore

/// What servers say in header fields: dates, waits, ranges, structured fields and limits.
func feedAnswers(_ text: String) {
    let now = WallTime(microseconds: 1_767_225_600_000_000)
    if let seconds = RetryAfter.seconds(text, now: now, longest: 86_400) {
        hold((0...86_400).contains(seconds), "a wait of \(seconds)")
    }
    if let date = HTTPDate.parse(text, now: now) {
        hold(HTTPDate.parse(HTTPDate.text(date), now: now) == date, "\(text) is written as \(HTTPDate.text(date))")
    }
    switch ContentRange(text) {
    case .part(let first, let last, let total)?:
        hold(first >= 0 && first <= last && last < total ?? .max, "a range of \(first) to \(last)")
    case .unsatisfied(let total)?: hold(total >= 0, "a total of \(total)")
    case nil: break
    }
    if let bytes = Base64.bytes(text) { hold(Base64.bytes(Base64.text(bytes)) == bytes, "other bytes of \(text)") }
    _ = StructuredItem(text)
    _ = StructuredDictionary(text)
    if let limit = UploadLimit(text) {
        let numbers = [limit.maxSize, limit.minSize, limit.maxAppendSize, limit.minAppendSize, limit.maxAge]
        hold(numbers.allSatisfy { $0 ?? 0 >= 0 }, "a limit below nothing")
    }
    let fields = HeaderFields([HeaderFields.Field("Repr-Digest", text), HeaderFields.Field("ETag", text)])
    hold(ContentDigest.all(in: fields).allSatisfy { [32, 64].contains($0.bytes.count) }, "a digest of no length")
    // By bytes: a quote and a combining mark behind it are one Character.
    if let tag = Validators(fields, now: now).entityTag {
        hold(tag.utf8.first == 0x22 && tag.utf8.last == 0x22, "a tag without quotes")
    }
}

/// What S3 says in a body.
func feedDocument(_ bytes: [UInt8]) {
    guard let answer = S3Answer(bytes) else { return }
    hold(!answer.root.isEmpty, "a document without root")
    hold(answer.parts.allSatisfy { $0.size >= 0 }, "a part below nothing")
}

/// A head of an answer, from its status line to its empty line.
func feedHead(_ bytes: [UInt8]) {
    bytes.withUnsafeBufferPointer { buffer in
        guard let head = try? ResponseHead(buffer, url: "https://example.org/") else { return }
        hold((100...999).contains(head.status), "a status of \(head.status)")
        hold(head.fields.all.allSatisfy { !$0.name.isEmpty && !$0.name.contains(":") }, "a field without name")
        for kept in [nil, DownloadExpectation(offset: 5, total: 10), DownloadExpectation()] {
            let plan = AnswerPlan(download: kept).plan(for: head)
            if case .write(let start, let count) = plan {
                hold(start == kept?.offset && count ?? 0 >= 0, "written at \(start), \(count ?? 0) bytes")
            }
        }
    }
}

/// URLs of callers and places that servers name.
func feedAddress(_ text: String) {
    let halves = text.split(separator: "\n", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    guard let base = try? HTTPAddress(halves[0]) else { return }
    check(base)
    guard halves.count > 1, let place = try? base.resolving(halves[1]) else { return }
    check(place)
}

private func check(_ address: HTTPAddress) {
    let text = address.text
    hold(text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f }, "not plain: \(text)")
    hold(!address.host.isEmpty && !address.host.contains("@"), "no host: \(text)")
    hold((try? HTTPAddress(text))?.text == text, "\(text) is read as another address")
}

/// What was kept of a transfer.
func feedPosition(_ bytes: [UInt8]) {
    let position = TransferPosition(bytes)
    hold(TransferPosition(position.bytes) == position, "another position")
    _ = position[head: "head"]
}
