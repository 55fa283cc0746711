// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

/// A task as a person names it: `APP/ID`, or `ID` where only one app has it.
package struct TaskReference: Hashable, Sendable {
    package let app: String
    package let id: String

    package init(app: String, id: String) {
        self.app = app
        self.id = id
    }

    /// `APP/ID`.
    package var name: String { app + "/" + id }

    /// Why no single task was meant.
    package struct Unresolved: Error, Hashable, Sendable, CustomStringConvertible {
        package let description: String

        init(description: String) { self.description = description }
        package init(_ description: String) { self.description = description }
    }

    /// What stands before a session's name in the identifier of its task.
    package static let transfersPrefix = "background.transfers."

    /// The one that the words mean, of all that are known. Identifiers may hold slashes themselves; the task of a session of
    /// transfers may be called by the session's name.
    package static func resolve(_ words: String, among known: [TaskReference]) throws(Unresolved) -> TaskReference {
        let known = Array(Set(known)).sorted { $0.name < $1.name }
        let named = known.filter { $0.name == words }
        var found = named.isEmpty ? known.filter { $0.id == words } : named
        if found.isEmpty { found = known.filter { $0.id == transfersPrefix + words } }
        if let only = found.first, found.count == 1 { return only }
        let shown = VisibleText.escaped(words)
        guard found.isEmpty else {
            throw Unresolved(
                description: "\(shown) may be one of several tasks:\n" + list(found) + "Name it as APP/ID.")
        }
        guard !known.isEmpty else { throw Unresolved(description: "there is no task \(shown): no app has any") }
        let near =
            UsageError.nearest(to: words, in: known.map(\.id))
            ?? UsageError.nearest(to: words, in: known.map(\.name))
            ?? known.first { $0.name.contains(words) }?.name
        throw Unresolved(
            description: "there is no task \(shown)"
                + (near.map { "; did you mean \(VisibleText.escaped($0))?" } ?? "")
                + "\n`backgroundctl list` shows them all.")
    }

    private static func list(_ references: [TaskReference]) -> String {
        references.prefix(20).map { "  " + VisibleText.escaped($0.name) + "\n" }.joined()
            + (references.count > 20 ? "  and \(references.count - 20) more\n" : "")
    }
}
