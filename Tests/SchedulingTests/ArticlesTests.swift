// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Foundation
import Testing

@Suite("The articles")
struct ArticlesTests {
    private static let root = ReadmeTests.root

    @Test("every Swift block of the articles and guides is compiled by a test or an example")
    func blocks() throws {
        let articles = try Self.files(below: "Sources", "Documentation").filter { path in
            path.hasSuffix(".md") && (path.contains(".docc/") || path.hasSuffix("/Adopting.md"))
        }
        #expect(articles.count > 3)
        let compiled = try Self.compiled()
        for article in articles {
            for block in Self.blocks(in: try Self.text(article)) {
                let isCompiled = compiled.contains(block)
                #expect(isCompiled, "\(article) has a block that nothing compiles:\n\(block)")
            }
        }
    }

    @Test("every test that the list of Apple's differences names exists")
    func differences() throws {
        let list = try Self.text("Documentation/AppleDifferences.md")
        let names = list.split(separator: "“").dropFirst().compactMap { rest in
            rest.split(separator: "”").first.map(String.init)
        }
        #expect(names.count > 20)
        let tests = try Self.files(below: "Tests").filter { $0.hasSuffix(".swift") }.map(Self.text).joined()
        #expect(names.filter { !tests.contains("\"\($0)\"") }.isEmpty, "no tests are called so")
    }

    /// What stands between `// [example]` and `// [end]` in the sources of tests and examples.
    private static func compiled() throws -> Set<String> {
        var blocks: Set<String> = []
        for path in try files(below: "Tests", "Examples") where path.hasSuffix(".swift") {
            for rest in try text(path).components(separatedBy: "// [example]\n").dropFirst() {
                guard let end = rest.range(of: "// [end]") else { continue }
                blocks.insert(withoutIndentation(String(rest[..<end.lowerBound])))
            }
        }
        return blocks
    }

    /// The Swift blocks of an article, without the `@main` that a compiled copy cannot have.
    private static func blocks(in article: String) -> [String] {
        article.components(separatedBy: "```swift\n").dropFirst().compactMap { rest in
            rest.components(separatedBy: "```").first.map {
                withoutIndentation($0.replacingOccurrences(of: "@main\n", with: ""))
            }
        }
    }

    /// The lines less the blanks that all of them begin with.
    private static func withoutIndentation(_ text: String) -> String {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        while lines.last?.allSatisfy({ $0 == " " }) == true { lines.removeLast() }
        let common = lines.filter { !$0.isEmpty }.map { $0.prefix { $0 == " " }.count }.min() ?? 0
        return lines.map { $0.dropFirst(common) }.joined(separator: "\n")
    }

    private static func files(below folders: String...) throws -> [String] {
        try folders.flatMap { folder in
            let walk = try #require(FileManager.default.enumerator(atPath: root.path + "/" + folder))
            return walk.compactMap { $0 as? String }.filter { !$0.contains(".build/") }.map { folder + "/" + $0 }
        }
    }

    private static func text(_ path: String) throws -> String {
        try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
    }
}
