// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Testing

/// A rule with what breaks it and what does not.
struct RuleSample: Sendable, CustomTestStringConvertible {
    let rule: HouseRule
    /// Each breaks the rule by itself.
    let bad: [[SourceFile]]
    let good: [SourceFile]

    var testDescription: String { rule.description }

    init(_ rule: HouseRule, bad: [(String, String)], good: [(String, String)]) {
        self.init(rule, badTrees: bad.map { [$0] }, good: good)
    }

    init(_ rule: HouseRule, badTrees: [[(String, String)]], good: [(String, String)]) {
        self.rule = rule
        bad = badTrees.map { $0.map(SourceFile.init) }
        self.good = good.map(SourceFile.init)
    }
}

extension RuleSample {
    /// Every rule of the house.
    static let all: [RuleSample] = [
        tests, cores, adapters, publics, conditions, clocks, eventually, map, licence, size, names, unchecked, force,
        machine,
    ]

    static let tests = RuleSample(
        TestRules.testsAreMarked,
        bad: [
            ("Tests/A/A.swift", "func testIt() { }"),
            ("Tests/A/A.swift", "struct S { func works() { #expect(1 == 1) } }"),
            ("Tests/A/A.swift", "@Test func a() { } \n func forgotten() throws -> Int { try #require(nil) }"),
            ("Tests/A/A.swift", "func again(_ n: Int = f({ 1 })) { #expect(n == 1); again(n - 1) }"),
        ],
        good: [
            ("Tests/A/A.swift", "@Test(\"a {\", arguments: [1, 2]) @MainActor func a(n: Int) async { check(n) }"),
            ("Tests/A/B.swift", "func check(_ n: Int) { #expect(n > 0) } // func testNothing() { }"),
            ("Tests/A/C.swift", "func plain() -> Int { 1 }\nlet text = \"func testX() { #expect(true) }\""),
            ("Tests/A/D.swift", "let sources = testSources()\nfunc testSources() -> Int { 1 }"),
            ("Sources/A/A.swift", "func test() { }"),
        ])

    static let cores = RuleSample(
        ImportRules.coresImportNothing,
        bad: [
            ("Sources/SchedulingCore/A.swift", "import Foundation"),
            ("Sources/BackgroundSurroundings/A.swift", "@preconcurrency import Dispatch"),
            ("Sources/TransfersCore/A.swift", "public import struct Synchronization.Mutex"),
        ],
        good: [
            ("Sources/SchedulingCore/A.swift", "// import Glibc\nimport BackgroundSurroundings"),
            ("Sources/BackgroundMonitors/A.swift", "import Glibc"),
        ])

    static let adapters = RuleSample(
        ImportRules.adaptersMeetInTheRuntime,
        bad: [
            ("Sources/SchedulingSystemd/A.swift", "import SchedulingStore"),
            ("Sources/SchedulingCore/A.swift", "package import BackgroundMonitors"),
            ("Sources/Scheduling/A.swift", "@_exported import SchedulingSystemd"),
        ],
        good: [
            ("Sources/SchedulingRuntime/A.swift", "import SchedulingStore\nimport SchedulingSystemd"),
            ("Tests/SchedulingStoreTests/A.swift", "import SchedulingStore"),
            ("Sources/SchedulingStore/A.swift", "import SchedulingCore"),
        ])

    static let publics = RuleSample(
        CodeRules.publicInItsPlaces,
        bad: [
            ("Sources/SchedulingStore/A.swift", "public struct A { }"),
            ("Sources/BackgroundMonitors/A.swift", "open class A { }"),
        ],
        good: [
            ("Sources/Scheduling/A.swift", "public struct A { }"),
            (
                "Sources/SchedulingStore/A.swift",
                "package struct A { let text = \"public\" } // public\nlet f = open(path, 0)"
            ),
            ("Sources/SchedulingStore/B.swift", "public import SchedulingCore"),
        ])

    static let conditions = RuleSample(
        CodeRules.noConditionInFunctions,
        bad: [
            ("Sources/A/A.swift", "struct A {\n func f() {\n #if os(Linux)\n #endif\n }\n}"),
            ("Sources/A/A.swift", "extension A {\n var x: Int {\n #if DEBUG\n 1\n #endif\n }\n}"),
            ("Tests/A/A.swift", "class A {\n class func f() { run {\n#if DEBUG\n#endif\n} }\n}"),
            ("Tests/A/A.swift", "let x = {\n#if DEBUG\n#endif\n}()"),
        ],
        good: [
            ("Sources/A/A.swift", "#if os(Linux)\nimport Glibc\nstruct A { let x = f { 1 }\n}\n#endif"),
            ("Sources/A/B.swift", "func f() { }\nextension A {\n#if os(Linux)\nvar x: Int { 1 }\n#endif\n}"),
            ("Sources/A/C.swift", "func f() { print(\"\\(x {1}) {\") }\n#if os(Linux)\n#endif"),
            ("Sources/A/Composition/C.swift", "func f() {\n#if os(Linux)\n#endif\n}"),
            ("Sources/A/Composition.swift", "func f() {\n#if os(Linux)\n#endif\n}"),
        ])

    static let clocks = RuleSample(
        ClockRules.onlyTheAdapterReadsClocks,
        bad: [
            ("Sources/A/A.swift", "let now = Date()"),
            ("Sources/A/A.swift", "let now = Date.now"),
            ("Tests/A/A.swift", "try await Task.sleep(for: .seconds(1))"),
            ("Sources/A/A.c", "nanosleep(&time, 0);"),
            ("Tests/A/A.swift", "queue.asyncAfter(deadline: .now() + 1) { }"),
            ("Tests/A/A.swift", "sleep(1)"),
            ("Tests/A/A.swift", "let clock = ContinuousClock()"),
            ("Sources/A/A.swift", "func sleep(for duration: Duration) { }"),
            ("Tests/Host/A.swift", "usleep(1)"),
        ],
        good: [
            ("Sources/BackgroundMonitors/SystemClocksLinux.swift", "clock_gettime(CLOCK_REALTIME, &now)"),
            ("Sources/SchedulingTesting/ManualTime.swift", "func sleep(for duration: Duration) { }"),
            ("Tests/A/A.swift", "await time.sleep(for: .seconds(1)) // Date()\nDate(timeIntervalSince1970: 1)"),
            ("Tests/A/B.swift", "func sleep() { _ = bell.wait(timeout: .now() + 10) }"),
            ("Tests/Host/Eventually.swift", "try await Task.sleep(for: .seconds(1))"),
            ("Examples/A/A.swift", "Date()"),
        ])

    static let eventually = RuleSample(
        ClockRules.oneEventually,
        badTrees: [[("Tests/Host/A/Eventually.swift", ""), ("Tests/Host/A/B/Eventually.swift", "")]],
        good: [
            ("Tests/Host/A/Eventually.swift", ""), ("Tests/Host/B/Eventually.swift", ""),
            ("Tests/A/Eventually.swift", ""),
        ])

    static let map = RuleSample(
        TreeRules.everyFolderIsOnTheMap,
        badTrees: [
            [("Sources/A/A.swift", "")],
            [("Examples/a/main.swift", ""), (TreeRules.map, "- `Examples/ab/`: another one")],
        ],
        good: [
            ("Sources/A/A.swift", ""), ("Tests/A/Deeper/A.swift", ""), ("Examples/README.md", ""),
            (TreeRules.map, "| `Sources/A/` | decides |\n- `Tests/A/`: tests"),
        ])

    private static let header =
        "// SPDX-License-Identifier: Apache-2.0\n// Copyright (c) 2026 the swift-background authors\n"

    static let licence = RuleSample(
        TreeRules.everyFileIsLicensed,
        bad: [
            ("Sources/A/A.swift", "import Glibc\n"),
            ("Sources/A/a.c", "// SPDX-License-Identifier: Apache-2.0\n#include <a.h>"),
            ("Sources/A/a.h", String(header.replacing("Apache-2.0", with: "MIT"))),
            ("Tests/run", "#!/bin/sh\nset -e"),
        ],
        good: [
            ("Sources/A/A.swift", header + "import Glibc"), ("Package.swift", "// swift-tools-version: 6.1\n" + header),
            ("Tests/run", "#!/bin/sh\n" + header.replacing("//", with: "#")), ("README.md", "# A"),
        ])

    static let size = RuleSample(
        CodeRules.smallFiles,
        bad: [("Sources/A/A.swift", String(repeating: "\n", count: 401))],
        good: [
            ("Sources/A/A.swift", String(repeating: "\n", count: 400)), ("a.md", String(repeating: "\n", count: 999)),
        ])

    static let names = RuleSample(
        TreeRules.everyNameSays,
        bad: [
            ("Sources/A/StringUtils.swift", ""), ("Tests/A/TestHelpers.swift", ""), ("Sources/A/Common.swift", ""),
            ("Sources/A/TaskManager.swift", ""), ("Sources/A/misc.c", ""), ("Sources/A/A+Helper.swift", ""),
        ],
        good: [
            ("Sources/A/SystemdManager.swift", ""), ("Sources/SchedulingSystemd/ServiceManager.swift", ""),
            ("Tests/Host/A/ManagerTests.swift", ""), ("Sources/A/Commonwealth.swift", ""),
            ("Sources/A/Utilisation.swift", ""),
        ])

    static let unchecked = RuleSample(
        CodeRules.uncheckedIsRare,
        badTrees: [
            [("Sources/A/A.swift", "class A: @unchecked Sendable { }")],
            [("Sources/A/A.swift", "// far away\n\nclass A: @unchecked Sendable { }")],
            (1...5).map { ("Sources/A/A\($0).swift", "class A: @unchecked Sendable { } // guarded by its mutex") },
        ],
        good: [
            ("Sources/A/A.swift", "// guarded by its mutex\nclass A: @unchecked Sendable { }\n// @unchecked Sendable"),
            ("Tests/A/A.swift", "class A: @unchecked Sendable { }"),
        ])

    static let force = RuleSample(
        CodeRules.noForce,
        bad: [
            ("Sources/A/A.swift", "let x = y!"), ("Sources/A/A.swift", "let x = try! f()"),
            ("Sources/A/A.swift", "let x = y as! Int"), ("Sources/A/A.swift", "let x = f()!.g"),
            ("Sources/A/A.swift", "let x = a[0]!"), ("Sources/A/A.swift", "print(\"\\(x!)\")"),
        ],
        good: [
            ("Sources/A/A.swift", "if !x, x != y, x!=y, f(!x), [!x] == z { print(\"Hello!\") } // Oh no!"),
            ("Tests/A/A.swift", "let x = try! y!"),
        ])

    static let machine = RuleSample(
        TreeRules.nothingOfTheMachine,
        bad: TreeRules.forbidden.map { ("README.md", "one\nsee \($0)thing") }
            + [("Makefile", "SWIFT=" + TreeRules.forbidden[0] + "bin")],
        good: [("README.md", "/usr" + TreeRules.forbidden[0] + "x and a framework/")])
}
