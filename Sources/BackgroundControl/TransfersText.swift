// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

/// Transfers, for people: a line each with a bar, or one with everything that is known of it.
package struct TransfersText: Sendable {
    private let terminal: Terminal
    private let time: InstantText
    /// More lines of one session are counted only.
    private static let mostRows = 200

    package init(terminal: Terminal, time: InstantText) {
        self.terminal = terminal
        self.time = time
    }

    /// Where there are none.
    package static let nothing = "No transfers: nothing moves or waits, and every end was taken by its app."

    package func lines(_ report: TransfersReport) -> [String] {
        var lines: [String] = []
        let rows = Dictionary(grouping: report.transfers) { $0.app + "\u{0}" + $0.session }
        for session in report.sessions {
            if !lines.isEmpty { lines.append("") }
            lines.append(head(session))
            lines += self.lines(rows[session.app + "\u{0}" + session.session] ?? [])
        }
        if lines.isEmpty, report.unreadable.isEmpty { lines.append(TransfersText.nothing) }
        for app in report.unreadable {
            guard let trouble = app.trouble else { continue }
            lines.append(
                "The transfers of " + VisibleText.escaped(app.app) + " "
                    + terminal.styled("cannot be read: ", .bad) + VisibleText.escaped(trouble.message) + "; "
                    + VisibleText.escaped(trouble.remedy))
        }
        return lines
    }

    private func head(_ session: TransferSessionReport) -> String {
        let mover =
            if let pid = session.pid {
                "moved by process \(pid)"
            } else if let next = session.next {
                "the app is started for it " + time.near(next.wall)
            } else {
                "no process of the app moves it"
            }
        let name = VisibleText.escaped(session.app + "/" + session.session)
        let more = TransferWords.counts(session) + "; " + mover
        guard let width = terminal.width else { return terminal.styled(name, .bold) + "  " + more }
        let shown = VisibleText.cut(name, to: width, ellipsis: terminal.ellipsis)
        let room = max(0, width - VisibleText.width(shown) - 2)
        return terminal.styled(shown, .bold) + "  "
            + terminal.styled(VisibleText.cut(more, to: room, ellipsis: terminal.ellipsis), .dim)
    }

    private func lines(_ transfers: [TransferReport]) -> [String] {
        // The bar is for a terminal; a program that reads columns has no use for it.
        let hasBar = terminal.width != nil
        var columns = Columns(
            ["TRANSFER", "", hasBar ? "PROGRESS" : "BYTES", hasBar ? "" : "TOTAL", "TRY", "STATE"], indent: 2)
        let bar = ProgressBar(terminal: terminal)
        let arrows = terminal.hasUnicode ? (up: "↑", down: "↓") : (up: "up", down: "down")
        for transfer in transfers.prefix(TransfersText.mostRows) {
            let state = TransferWords(time: time).state(transfer)
            columns.add(
                .init(transfer.id), .init(transfer.kind == "upload" ? arrows.up : arrows.down, .dim),
                hasBar
                    ? .init(bar.short(transfer.fraction), transfer.isMoving ? .good : .dim)
                    : .init("\(transfer.completed)"),
                .init(hasBar ? TransferWords.bytes(transfer) : transfer.total.map { "\($0)" } ?? ""),
                .init(transfer.attempts > 0 ? "\(transfer.attempts)" : ""), .init(state.text, state.style))
        }
        var lines = columns.isEmpty ? [] : columns.lines(terminal)
        if transfers.count > TransfersText.mostRows {
            lines.append("  and \(transfers.count - TransfersText.mostRows) more; --json shows them all")
        }
        return lines
    }

    // MARK: One of them

    package func lines(_ report: TransferDetailReport) -> [String] {
        let transfer = report.transfer
        let state = TransferWords(time: time).state(transfer)
        let arrow = terminal.hasUnicode ? "→ " : "-> "
        var fields = Fields(terminal: terminal)
        let remedy = TransferWords.remedy(transfer, authorizer: report.authorizer)
        fields.add(
            "State", [Columns.Cell(state.text, state.style)] + (remedy.map { [.init(arrow + $0, .dim)] } ?? []))
        if terminal.width != nil, let fraction = transfer.fraction {
            fields.add(
                "Progress", ProgressBar(terminal: terminal).short(fraction) + "  " + TransferWords.bytes(transfer))
        }
        fields.add(
            "Bytes", "\(transfer.completed)" + (transfer.total.map { " of \($0)" } ?? "; nobody knows of how many"))
        fields.add("Attempts", transfer.attempts == 0 ? nil : "\(transfer.attempts) since the last progress")
        fields.add("Answer", report.status.map { "status \($0)" })
        fields.add("Failure", report.failure)
        fields.add("Ended", report.ended.map { time.near($0.wall) })
        fields.add("Handed over", transfer.deliveries == 0 ? nil : "\(transfer.deliveries) times")
        fields.add("Request", report.method + " " + report.url)
        fields.add("Protocol", report.transferProtocol)
        fields.add("Fields", report.fields.isEmpty ? nil : report.fields.joined(separator: ", "))
        fields.add("Not kept", report.withheld.isEmpty ? nil : report.withheld.joined(separator: ", "))
        fields.add("Authorized by", report.authorizer.map { "the app's hook " + $0 })
        fields.add("Policy", report.policy.map { .init($0) })
        fields.add("Source", report.sources.map { .init($0) })
        if transfer.kind == "download" { fields.add("Destination", report.destination ?? "a file of the library") }
        fields.add("File", report.file)
        fields.add("Checkpoint", checkpoint(report.checkpoint))
        fields.add("Begun", transfer.begun.map { time.near($0.wall) })
        fields.add("Not before", report.earliest.map { time.whole($0.wall) })
        fields.add("Not after", time.whole(report.deadline.wall))
        fields.add("Described as", transfer.description)
        fields.add("Session", transfer.session)
        fields.add("App", transfer.app)
        fields.add("Moved by", transfer.pid.map { "process \($0)" })
        return [terminal.styled(VisibleText.escaped(transfer.id), .bold)] + fields.lines
    }

    private func checkpoint(_ checkpoint: TransferDetailReport.Checkpoint) -> [Columns.Cell] {
        var words: [String] = []
        switch checkpoint.isResumable {
        case true?: words.append("goes on from byte \(checkpoint.acknowledged)")
        case false?: words.append("begins anew when it is cut")
        case nil: words.append("whether it can go on after a cut is not known yet")
        }
        if let upload = checkpoint.upload { words.append("the server keeps what it has, at " + upload) }
        if let expires = checkpoint.expires { words.append("until " + time.whole(expires.wall)) }
        if let parts = checkpoint.parts { words.append("\(parts) parts are there") }
        if let validator = checkpoint.validator { words.append("of the version " + validator) }
        return words.map { .init($0) }
    }
}
