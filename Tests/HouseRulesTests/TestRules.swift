// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

/// A test that never runs proves nothing: a function without `@Test` is passed over in silence.
enum TestRules {
    static let testsAreMarked = HouseRule("a function in Tests that checks something is a test, or is called by one") {
        files in
        let tests = files.filter { $0.isSwift && $0.isBelow("Tests") }
        return Dictionary(grouping: tests) { $0.topFolder ?? "" }.values.flatMap(unmarked)
    }

    private static let checks: Set = ["#expect", "#require"]

    private static func unmarked(in folder: [SourceFile]) -> [Violation] {
        let scans = folder.map { (file: $0, functions: FunctionScan.functions(in: $0.tokens)) }
        var uses: [String: Int] = [:]
        for file in folder {
            for token in file.tokens { uses[token.text, default: 0] += 1 }
        }
        return scans.flatMap { file, functions in
            functions.filter { !$0.isTest }.compactMap { function -> Violation? in
                let body = file.tokens[function.range]
                let isNamedSo = function.name.hasPrefix("test")
                guard isNamedSo || body.contains(where: { checks.contains($0.text) }) else { return nil }
                let inside = body.count { $0.text == function.name }
                guard uses[function.name, default: 0] == inside else { return nil }
                let why = isNamedSo ? "is named like a test" : "checks something"
                return Violation(file, function.line, "\(function.name) \(why), has no @Test and is called nowhere")
            }
        }
    }
}
