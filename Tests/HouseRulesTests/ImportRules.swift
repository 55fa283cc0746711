// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

/// Law 1: arrows point inward.
enum ImportRules {
    /// Targets that decide; they import each other and nothing else.
    static let cores: Set<String> = ["SchedulingCore", "BackgroundSurroundings", "TransfersCore"]
    /// Targets that act.
    static let adapters: Set<String> = [
        "SchedulingStore", "SchedulingSystemd", "TransfersStore", "TransfersFiles", "TransfersCurl",
        "BackgroundMonitors",
    ]
    /// Targets that join cores and adapters; the simulated host of `SchedulingTesting` joins them too.
    static let joints: Set<String> = [
        "SchedulingRuntime", "SchedulingTesting", "TransfersRuntime", "Transfers", "backgroundctl",
    ]

    static let coresImportNothing = HouseRule("a core imports only cores: no I/O, no clock, no locks") { file in
        guard let target = file.target, cores.contains(target) else { return [] }
        return imports(file).filter { !cores.contains($0.module) && $0.module != "Swift" }
            .map { Violation(file, $0.line, "the core \(target) imports \($0.module)") }
    }

    static let adaptersMeetInTheRuntime = HouseRule("an adapter is imported only where it is joined to a core") {
        file in
        guard let target = file.target, !joints.contains(target) else { return [] }
        return imports(file).filter { adapters.contains($0.module) }
            .map { Violation(file, $0.line, "\(target) imports the adapter \($0.module)") }
    }

    static func imports(_ file: SourceFile) -> [(module: String, line: Int)] {
        guard file.isSwift else { return [] }
        let kinds: Set = ["struct", "class", "enum", "protocol", "typealias", "func", "var", "let", "actor"]
        return file.tokens.occurrences(of: ["import"]).compactMap { index in
            let rest = file.tokens[(index + 1)...].prefix(2).map(\.text)
            guard let module = rest.first(where: { !kinds.contains($0) }) else { return nil }
            return (module, file.tokens[index].line)
        }
    }
}
