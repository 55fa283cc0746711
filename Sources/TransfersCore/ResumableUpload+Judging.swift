// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

internal import BackgroundSurroundings

extension ResumableUpload {
    mutating func judge(_ end: ExchangeEnd, now: WallTime) -> CourseVerdict {
        guard let flight else { return .goOn }
        self.flight = nil
        let answer = Answer(head: end.head, body: end.body)
        if let breach { return .fail(breach, answer) }
        mustAsk = upload != nil
        guard let head = end.head, end.failure == nil || !head.isSuccess else {
            var bare = end
            bare.head = nil
            return bare.verdict(doing: "Uploading to", subject: intent.url)
        }
        if flight == .head { return judge(offset: head, end, answer, now) }
        let isComplete = interop.isComplete(head.fields)
        if isComplete == true { return last(flight, end, answer) }
        if case .create(let isWhole) = flight {
            return judge(creation: head, isWhole, isComplete, end, answer, now)
        }
        if case .append(let start, let to) = flight { return judge(append: head, start, to, end, answer, now) }
        return .goOn
    }

    /// The answer of the resource itself: final, whatever it is.
    private func last(_ flight: Flight, _ end: ExchangeEnd, _ answer: Answer) -> CourseVerdict {
        guard let head = end.head else { return .goOn }
        guard StatusJudgement(status: head.status) == .success else { return .reject(answer) }
        return isAllSent(flight, end)
            ? .succeed(answer)
            : .fail(failure("the server says that the upload is complete, and it was not all sent"), answer)
    }

    private func isAllSent(_ flight: Flight, _ end: ExchangeEnd) -> Bool {
        switch flight {
        case .create(let isWhole): isWhole && end.sent >= size
        case .append(let start, let to): to == size && end.sent >= to - start
        case .head: false
        }
    }

    private mutating func judge(
        creation head: ResponseHead, _ isWhole: Bool, _ isComplete: Bool?, _ end: ExchangeEnd, _ answer: Answer,
        _ now: WallTime
    ) -> CourseVerdict {
        let wasKnown = upload != nil
        let isOurs = isComplete != nil || head.fields["Upload-Offset"] != nil || wasKnown
        if head.isSuccess, !isUnknown, isOurs || !isWhole {
            if let location = head.fields["Location"], isOurs { learn(location: location, from: head.url) }
            if breach == nil { learn(limits: head, now) }
        } else if head.status == 413, !isWhole || !wasKnown {
            learn(limits: head, now)
        }
        if let breach { return .fail(breach, answer) }
        guard head.isSuccess else {
            if head.status == 413, isWhole, !isUnknown, maxAppend.map({ $0 < size }) == true { return .goOn }
            // Without a place to resume at, the next attempt begins anew.
            return end.verdict(doing: "Creating an upload at", subject: intent.url)
        }
        if upload == nil {
            if isWhole {
                // It knows nothing of resuming: an upload like any other.
                let verdict = end.verdict(doing: "Uploading to", subject: intent.url)
                return isAllSent(.create(isWhole: true), end)
                    ? verdict : .fail(failure("the server answered before the whole file was sent"), answer)
            }
            if isComplete == false { return .fail(failure("the server named no place for the upload"), answer) }
            isUnknown = true
            return .goOn
        }
        if isWhole, isComplete == nil, interop.mayLeaveOutComplete, isAllSent(.create(isWhole: true), end) {
            return .succeed(answer)
        }
        mustAsk = isWhole
        let values = head.fields.values("Upload-Offset")
        if !values.isEmpty {
            learn(offset: values)
            if let breach { return .fail(breach, answer) }
        }
        return .goOn
    }

    private mutating func judge(
        append head: ResponseHead, _ start: Int64, _ to: Int64, _ end: ExchangeEnd, _ answer: Answer, _ now: WallTime
    ) -> CourseVerdict {
        switch head.status {
        case 200..<300:
            learn(limits: head, now)
            let before = acknowledged
            let values = head.fields.values("Upload-Offset")
            if !values.isEmpty { learn(offset: values) }
            if let breach { return .fail(breach, answer) }
            if to == size, interop.isComplete(head.fields) == nil, interop.mayLeaveOutComplete, end.sent >= to - start {
                return .succeed(answer)
            }
            if !values.isEmpty, acknowledged > before {
                mustAsk = false
                conflicts = 0
                return .goOn
            }
            return conflict(answer)
        case 409:
            let values = head.fields.values("Upload-Offset")
            let before = acknowledged
            if !values.isEmpty { learn(offset: values) }
            if let breach { return .fail(breach, answer) }
            mustAsk = acknowledged == before
            return conflict(answer)
        case 404, 410:
            forget()
            return .goOn
        case 413: return smaller(head, start, to, answer, now)
        case 400 where intent.policy.sentDigest != nil && answer.isOfDamagedBytes:
            return later("the bytes were damaged on their way", answer)
        default: return end.verdict(doing: "Uploading to", subject: intent.url)
        }
    }

    /// The server refused a piece for its size: a smaller one, within its limits.
    private mutating func smaller(
        _ head: ResponseHead, _ start: Int64, _ to: Int64, _ answer: Answer, _ now: WallTime
    ) -> CourseVerdict {
        let tried = to - start
        learn(limits: head, now)
        if let breach { return .fail(breach, answer) }
        if let maxAppend, maxAppend < tried { return .goOn }
        let half = max(tried / 2, minAppend ?? 0, Self.smallestTry)
        guard half < tried else { return .reject(answer) }
        maxAppend = half
        return .goOn
    }

    private mutating func judge(
        offset head: ResponseHead, _ end: ExchangeEnd, _ answer: Answer, _ now: WallTime
    ) -> CourseVerdict {
        switch head.status {
        case 200, 204: break
        case 403, 404, 410:
            forget()
            return .goOn
        default: return end.verdict(doing: "Asking how far", subject: intent.url)
        }
        learn(limits: head, now)
        let length = head.fields["Upload-Length"].flatMap { ContentRange.number($0.trimmed) }
        if interop.hasLengthAndType, let length, length != size {
            return .fail(failure("the server thinks that the file has \(length) bytes"), answer)
        }
        let values = head.fields.values("Upload-Offset")
        guard values.count == 1, case .integer = StructuredItem(values[0]),
            let offset = ContentRange.number(values[0].trimmed)
        else { return later("the server does not say how far it came", answer) }
        if offset > acknowledged { conflicts = 0 }
        learn(offset: values)
        if let breach { return .fail(breach, answer) }
        mustAsk = false
        guard interop.isComplete(head.fields) == true else { return .goOn }
        // Its own answer was lost on the way; that it is complete is what is left of it.
        return offset == size
            ? .succeed(answer) : .fail(failure("the server says that \(offset) of \(size) bytes are all"), answer)
    }

    private mutating func conflict(_ answer: Answer) -> CourseVerdict {
        conflicts += 1
        return conflicts == 1 ? .goOn : later("the server wants another offset than it tells", answer)
    }

    private func later(_ cause: String, _ answer: Answer) -> CourseVerdict {
        .again(Setback(kind: .server, failure: failure(cause), answer: answer))
    }
}

extension Answer {
    /// The problem document of a digest that did not match (RFC 9530, section 6; RFC 9457).
    fileprivate var isOfDamagedBytes: Bool {
        String(decoding: body.prefix(4096), as: UTF8.self).contains("digest-mismatching-values")
    }
}
