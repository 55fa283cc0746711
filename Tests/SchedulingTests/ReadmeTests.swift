// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Foundation
import Testing

@Suite("The README")
struct ReadmeTests {
    /// Two folders above this one.
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    let readme: String

    init() throws {
        readme = try String(contentsOf: Self.root.appendingPathComponent("README.md"), encoding: .utf8)
    }

    @Test(
        "its examples are the ones that are compiled here",
        arguments: ["ReadmeExample", "ReadmeTestingExample", "ReadmeScheduleExample"])
    func examples(file: String) throws {
        let source = try String(
            contentsOf: Self.root.appendingPathComponent("Tests/SchedulingTests/\(file).swift"), encoding: .utf8)
        let found = try #require(Self.between("// [example]\n", "// [end]", in: source))
        let example = Self.unindented(found)
        #expect(blocks().contains(example), "README.md has no such example:\n\(example)")
    }

    @Test("every test that it names as a proof exists")
    func proofs() throws {
        let tests = try Self.testSources()
        let names = readme.split(separator: "\n").filter { $0.contains("Proof:") }.flatMap(Self.quoted)
        #expect(names.count > 8, "the README has at least one proof for each promise")
        let missing = names.filter { !tests.contains("\"\($0)\"") }
        #expect(missing.isEmpty, "no tests are called so")
    }

    /// The Swift blocks of the README, without the `@main` that the compiled copy cannot have.
    private func blocks() -> [String] {
        readme.components(separatedBy: "```swift\n").dropFirst().compactMap { rest in
            rest.components(separatedBy: "```").first?.replacingOccurrences(of: "@main\n", with: "")
        }
    }

    private static func between(_ start: String, _ end: String, in text: String) -> String? {
        guard let from = text.range(of: start), let to = text.range(of: end, range: from.upperBound..<text.endIndex)
        else { return nil }
        return String(text[from.upperBound..<to.lowerBound])
    }

    /// One that stands inside a function stands at the margin of the README.
    private static func unindented(_ text: String) -> String {
        let lines = text.components(separatedBy: "\n")
        let margin = lines.first.map { $0.prefix { $0 == " " }.count } ?? 0
        return lines.map { String($0.dropFirst(min(margin, $0.prefix { $0 == " " }.count))) }.joined(separator: "\n")
    }

    private static func quoted(_ line: Substring) -> [String] {
        line.split(separator: "“").dropFirst().compactMap { $0.split(separator: "”").first.map(String.init) }
    }

    private static func testSources() throws -> String {
        let folder = root.appendingPathComponent("Tests")
        let walk = try #require(FileManager.default.enumerator(atPath: folder.path))
        var text = ""
        for case let path as String in walk where path.hasSuffix(".swift") {
            text += try String(contentsOf: folder.appendingPathComponent(path), encoding: .utf8)
        }
        return text
    }
}
