// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

/// A file of the repository, by its path from the root.
struct SourceFile {
    let path: String
    let text: String
    /// Swift and C only; empty for others.
    let code: SwiftTokens

    init(path: String, text: String) {
        self.path = path
        self.text = text
        let isCode = [".swift", ".c", ".h"].contains { path.hasSuffix($0) }
        code = SwiftTokens(isCode ? text : "")
    }

    var tokens: [Token] { code.tokens }
    var lines: [Substring] { text.split(separator: "\n", omittingEmptySubsequences: false) }
    var isSwift: Bool { path.hasSuffix(".swift") }
    var components: [Substring] { path.split(separator: "/") }
    var name: String { String(components.last ?? "") }

    /// The first two folders: "Sources/Scheduling".
    var topFolder: String? {
        components.count > 2 ? components.prefix(2).joined(separator: "/") : nil
    }

    /// The target's folder below Sources: "Scheduling".
    var target: String? {
        components.count > 2 && components[0] == "Sources" ? String(components[1]) : nil
    }

    func isBelow(_ folder: String) -> Bool { path.hasPrefix(folder + "/") }
}

/// A place where a rule is broken.
struct Violation: Hashable, CustomStringConvertible {
    let path: String
    let line: Int
    let what: String

    init(_ file: SourceFile, _ line: Int, _ what: String) {
        path = file.path
        self.line = line
        self.what = what
    }

    var description: String { "\(path):\(line): \(what)" }
}

/// One rule of the house over all files.
struct HouseRule: CustomStringConvertible, Sendable {
    /// The rule, as one would say it.
    let description: String
    let check: @Sendable ([SourceFile]) -> [Violation]

    init(_ description: String, check: @escaping @Sendable ([SourceFile]) -> [Violation]) {
        self.description = description
        self.check = check
    }

    /// A rule that judges each file by itself.
    init(_ description: String, eachFile check: @escaping @Sendable (SourceFile) -> [Violation]) {
        self.init(description) { files in files.flatMap(check) }
    }
}
