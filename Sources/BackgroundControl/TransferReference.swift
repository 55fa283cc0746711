// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

/// A transfer as a person names it: `APP/SESSION/IDENTIFIER`, or the end of that where it is clear.
package struct TransferReference: Hashable, Sendable {
    package let app: String
    package let session: String
    package let id: String

    package init(app: String, session: String, id: String) {
        self.app = app
        self.session = session
        self.id = id
    }

    /// `APP/SESSION/IDENTIFIER`.
    package var name: String { app + "/" + session + "/" + id }

    /// What words may mean.
    package enum Choice: Hashable, Sendable {
        case app(String)
        case session(app: String, session: String)
        case transfer(TransferReference)

        package func includes(_ transfer: TransferReference) -> Bool {
            switch self {
            case .app(let app): transfer.app == app
            case .session(let app, let session): transfer.app == app && transfer.session == session
            case .transfer(let one): transfer == one
            }
        }

        package func includes(app: String, session: String) -> Bool {
            switch self {
            case .app(let one): one == app
            case .session(let one, let name): one == app && name == session
            case .transfer(let one): one.app == app && one.session == session
            }
        }

        var name: String {
            switch self {
            case .app(let app): app
            case .session(let app, let session): app + "/" + session
            case .transfer(let one): one.name
            }
        }
    }

    /// What the words mean. All of them may hold slashes themselves: whole names come first, then ends of names.
    package static func resolve(
        _ words: String, among known: [TransferReference], apps: [String]
    ) throws(TaskReference.Unresolved) -> Choice {
        var choices: Set<Choice> = Set(apps.map(Choice.app))
        for one in known {
            choices.insert(.app(one.app))
            choices.insert(.session(app: one.app, session: one.session))
            choices.insert(.transfer(one))
        }
        let whole = choices.filter { $0.name == words }
        let found = whole.isEmpty ? choices.filter { isShort(words, for: $0) } : whole
        if let only = found.first, found.count == 1 { return only }
        let shown = VisibleText.escaped(words)
        guard found.isEmpty else {
            let names = found.map(\.name).sorted()
            throw TaskReference.Unresolved(
                "\(shown) may be one of several:\n"
                    + names.prefix(20).map { "  " + VisibleText.escaped($0) + "\n" }.joined()
                    + (names.count > 20 ? "  and \(names.count - 20) more\n" : "")
                    + "Name it as APP/SESSION/IDENTIFIER.")
        }
        guard !known.isEmpty else {
            throw TaskReference.Unresolved("there is no \(shown): no app has any transfers")
        }
        // Of tens of thousands the nearest is not looked for.
        let names = choices.prefix(2000).flatMap { [$0.name] + ends(of: $0) }.sorted()
        let near = UsageError.nearest(to: words, in: names) ?? names.first { $0.contains(words) }
        throw TaskReference.Unresolved(
            "there is no app, session or transfer \(shown)"
                + (near.map { "; did you mean \(VisibleText.escaped($0))?" } ?? "")
                + "\n`backgroundctl transfers` shows them all.")
    }

    /// The one transfer that the words mean.
    package static func transfer(
        _ words: String, among known: [TransferReference], apps: [String]
    ) throws(TaskReference.Unresolved) -> TransferReference {
        switch try resolve(words, among: known, apps: apps) {
        case .transfer(let one): return one
        case .session, .app:
            throw TaskReference.Unresolved(
                "\(VisibleText.escaped(words)) is no single transfer: name it as APP/SESSION/IDENTIFIER")
        }
    }

    private static func ends(of choice: Choice) -> [String] {
        switch choice {
        case .app: []
        case .session(_, let session): [session]
        case .transfer(let one): [one.session + "/" + one.id, one.id]
        }
    }

    private static func isShort(_ words: String, for choice: Choice) -> Bool { ends(of: choice).contains(words) }
}
