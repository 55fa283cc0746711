// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

/// A function as it is written in a file.
struct FunctionDeclaration {
    let name: String
    let line: Int
    let isTest: Bool
    /// The tokens from `func` to the end of the body.
    let range: Range<Int>
}

enum FunctionScan {
    /// Every function with a body, nested ones too.
    static func functions(in tokens: [Token]) -> [FunctionDeclaration] {
        var functions: [FunctionDeclaration] = []
        var isMarked = false
        var index = 0
        while index < tokens.count {
            switch tokens[index].text {
            case "@Test":
                isMarked = true
                if index + 1 < tokens.count, tokens[index + 1].text == "(" { index = tokens.closing(index + 1) }
            case "func" where index + 1 < tokens.count:
                let isTest = isMarked
                isMarked = false
                guard let open = bodyStart(tokens, after: index) else { break }
                functions.append(
                    FunctionDeclaration(
                        name: tokens[index + 1].text, line: tokens[index].line, isTest: isTest,
                        range: index..<(tokens.closing(open) + 1)))
            default: break
            }
            index += 1
        }
        return functions
    }

    /// The brace that opens the body: the first one outside the parameters. A requirement of a protocol has none before
    /// the next declaration.
    private static func bodyStart(_ tokens: [Token], after start: Int) -> Int? {
        var index = start + 1
        while index < tokens.count {
            switch tokens[index].text {
            case "(", "[": index = tokens.closing(index)
            case "{": return index
            case "}", "func", "var", "let", "init": return nil
            default: break
            }
            index += 1
        }
        return nil
    }

    /// For each `#if`, whether it lies in the body of a function, a property or a closure: inside any brace that does not
    /// belong to a type.
    static func conditionals(in tokens: [Token]) -> [(line: Int, isInBody: Bool)] {
        let types: Set = ["struct", "class", "enum", "protocol", "extension", "actor"]
        let bodies: Set = ["func", "init", "deinit", "subscript", "var", "let", "case"]
        var braces: [Bool] = []
        var isBody = false
        var found: [(line: Int, isInBody: Bool)] = []
        for (index, token) in tokens.enumerated() {
            switch token.text {
            case "{":
                braces.append(isBody)
                // A second brace without a declaration of its own is a closure's or a statement's.
                isBody = true
            case "}":
                if !braces.isEmpty { braces.removeLast() }
                isBody = true
            case "#if": found.append((token.line, braces.contains(true)))
            case "class" where index + 1 < tokens.count && bodies.contains(tokens[index + 1].text): break
            case let word where types.contains(word): isBody = false
            case let word where bodies.contains(word): isBody = true
            default: break
            }
        }
        return found
    }
}
