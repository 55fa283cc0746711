// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

/// Rules on what is written inside one file.
enum CodeRules {
    /// Products, and the vocabulary that they re-export.
    static let publicTargets: Set<String> = [
        "Scheduling", "SchedulingRuntime", "SchedulingTesting", "SchedulingCore", "BackgroundSurroundings",
        "BackgroundTasks", "TransfersCore", "Transfers", "Background",
    ]

    static let publicInItsPlaces = HouseRule("`public` is for products and the vocabulary they re-export") { file in
        guard file.isSwift, let target = file.target, !publicTargets.contains(target) else { return [] }
        let declarations: Set = ["class", "func", "var", "subscript", "override"]
        return file.tokens.indices.compactMap { index in
            let next = index + 1 < file.tokens.count ? file.tokens[index + 1].text : ""
            switch file.tokens[index].text {
            case "public" where next != "import": break
            case "open" where declarations.contains(next): break
            default: return nil
            }
            return Violation(file, file.tokens[index].line, "\(file.tokens[index].text) in \(target)")
        }
    }

    static let noConditionInFunctions = HouseRule("a platform is a file or a target, not an `#if` inside a function") {
        file in
        guard file.isSwift, !file.components.contains(where: { $0 == "Composition" || $0 == "Composition.swift" })
        else { return [] }
        return FunctionScan.conditionals(in: file.tokens).filter(\.isInBody)
            .map { Violation(file, $0.line, "#if inside a function") }
    }

    static let uncheckedLimit = 4

    static let uncheckedIsRare = HouseRule(
        "`@unchecked Sendable` occurs at most four times, each with its reason beside it"
    ) {
        files in
        let places = files.filter { $0.isSwift && $0.isBelow("Sources") }.flatMap { file in
            file.tokens.occurrences(of: ["@unchecked"]).map { (file: file, line: file.tokens[$0].line) }
        }
        let silent = places.filter { place in
            !place.file.code.linesWithComment.contains(place.line)
                && !place.file.code.linesWithComment.contains(place.line - 1)
        }
        return places.dropFirst(uncheckedLimit).map { Violation($0.file, $0.line, "one @unchecked Sendable too many") }
            + silent.map {
                Violation($0.file, $0.line, "@unchecked Sendable without its reason on this line or the one before")
            }
    }

    static let noForce = HouseRule("nothing in Sources is forced: no `!` behind a value, no `try!`, no `as!`") { file in
        guard file.isSwift, file.isBelow("Sources") else { return [] }
        let tokens = file.tokens
        return tokens.indices.dropFirst().compactMap { index in
            guard tokens[index].text == "!", tokens[index].isAttached else { return nil }
            // `a != b` and `a !== b`, written without a blank before them.
            if index + 1 < tokens.count, tokens[index + 1].text == "=", tokens[index + 1].isAttached { return nil }
            let before = tokens[index - 1].text
            guard let last = before.last, last.isLetter || last.isNumber || "_)]}?\"`".contains(last) else {
                return nil
            }
            return Violation(file, tokens[index].line, "\(before)!")
        }
    }

    static let smallFiles = HouseRule("a file has at most 400 lines") { file in
        let isCode = [".swift", ".c", ".h", ".sh", ".py"].contains { file.path.hasSuffix($0) }
        let count = file.lines.count - (file.text.hasSuffix("\n") ? 1 : 0)
        return isCode && count > 400 ? [Violation(file, 401, "\(count) lines")] : []
    }
}
