// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Testing

@Suite("Rules of the house")
struct HouseRulesTests {
    @Test("The repository keeps every rule", arguments: RuleSample.all)
    func kept(sample: RuleSample) {
        let violations = sample.rule.check(Repository.files)
        #expect(violations.isEmpty, "\(violations.map(\.description).joined(separator: "\n"))")
    }

    @Test("Every rule is able to fail, and fails only where it should", arguments: RuleSample.all)
    func ableToFail(sample: RuleSample) {
        for files in sample.bad {
            #expect(!sample.rule.check(files).isEmpty, "passes: \(files.map(\.text))")
        }
        #expect(sample.rule.check(sample.good) == [])
    }

    @Test("The rules see the repository")
    func repositoryIsThere() {
        let paths = Set(Repository.files.map(\.path))
        #expect(paths.contains("Package.swift"))
        #expect(paths.contains("Tests/HouseRulesTests/HouseRulesTests.swift"))
        #expect(!paths.contains { $0.hasPrefix(".build/") || $0.hasPrefix(".git/") })
    }

    @Test("Every accepted exception is still one: the file exists")
    func exceptions() {
        let paths = Set(Repository.files.map(\.path))
        for path in ClockRules.accepted.keys { #expect(paths.contains(path)) }
    }

    @Test("Code is told from comments and strings")
    func tokens() {
        let text = ##"""
            let a = "x \(f("y")) // no" // yes
            /* one /* two */ three */ let b = #"\("# + """
                " {
                """
            @Test func c() { #expect(a!.b) }
            """##
        let scan = SwiftTokens(text)
        let words = scan.tokens.map(\.text).joined(separator: " ")
        #expect(words == ##"let a = ( f ( " ) ) " let b = " + " @Test func c ( ) { #expect ( a ! . b ) }"##)
        #expect(scan.tokens.last?.line == 5)
        #expect(scan.linesWithComment == [1, 2])
    }
}
