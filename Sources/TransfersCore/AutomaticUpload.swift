// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

internal import BackgroundSurroundings

/// Asks the server what it speaks (`OPTIONS`), and goes on in the best that it offers: tus, resumable uploads, or plain.
struct AutomaticUpload: TransferCourse {
    enum Choice: String, Sendable { case plain, tus, resumable }

    let intent: TransferIntent
    let source: SourceIdentity
    private(set) var choice: Choice?
    private var chosen: (any TransferCourse)?

    init(
        _ intent: TransferIntent, source: SourceIdentity, checkpoint: TransferCheckpoint, position: TransferPosition
    ) {
        self.intent = intent
        self.source = source
        choice = position["protocol"].flatMap(Choice.init)
        if let choice { chosen = Self.course(choice, intent, source, checkpoint, position) }
    }

    private static func course(
        _ choice: Choice, _ intent: TransferIntent, _ source: SourceIdentity, _ checkpoint: TransferCheckpoint,
        _ position: TransferPosition, extensions: Set<String>? = nil
    ) -> any TransferCourse {
        switch choice {
        case .plain: PlainUpload(intent, pieces: source.pieces)
        case .tus:
            TusUpload(intent, source: source, checkpoint: checkpoint, position: position, extensions: extensions)
        case .resumable: ResumableUpload(intent, source: source, checkpoint: checkpoint, position: position)
        }
    }

    var acknowledged: Int64 { chosen?.acknowledged ?? 0 }
    var total: Int64? { source.size }
    var isResumable: Bool? { chosen?.isResumable }

    func save(into position: inout TransferPosition) {
        chosen?.save(into: &position)
        position["protocol"] = choice?.rawValue
    }

    mutating func next(now: WallTime) -> CourseStep {
        if chosen != nil { return chosen?.next(now: now) ?? .fail(nothing) }
        var request = CourseRequest("OPTIONS", intent.url)
        request.leavesBodyFields = true
        return .exchange(request)
    }

    mutating func informed(_ head: ResponseHead, now: WallTime) -> Bool { chosen?.informed(head, now: now) ?? true }
    mutating func headed(_ head: ResponseHead, now: WallTime) { chosen?.headed(head, now: now) }
    func abandonment() -> CourseRequest? { chosen?.abandonment() }

    mutating func judge(_ end: ExchangeEnd, now: WallTime) -> CourseVerdict {
        if chosen != nil { return chosen?.judge(end, now: now) ?? .fail(nothing, Answer()) }
        guard let head = end.head else { return end.verdict(doing: "Asking", subject: intent.url) }
        if StatusJudgement(status: head.status) == .retry, head.status != 500 {
            return end.verdict(doing: "Asking", subject: intent.url)
        }
        let best = Self.best(head.fields)
        choice = best
        chosen = Self.course(
            best, intent, source, TransferCheckpoint(state: .running), TransferPosition(),
            extensions: best == .tus ? TusUpload.extensions(head.fields) : nil)
        return .goOn
    }

    static func best(_ fields: HeaderFields) -> Choice {
        let versions = (fields["Tus-Version"] ?? fields["Tus-Resumable"] ?? "").split(separator: ",")
        if versions.contains(where: { String($0).trimmed == "1.0.0" }) { return .tus }
        let patches = fields.values("Accept-Patch").joined(separator: ",").lowercased()
        if patches.contains("application/partial-upload") || UploadLimit(fields) != nil { return .resumable }
        return .plain
    }

    private var nothing: TransferFailure {
        .badAnswer("no way to upload was found", doing: "Asking", subject: intent.identifier)
    }
}
