// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

/// One word or sign of Swift (or C) code. Comments are left out, and a string is one token without its contents.
struct Token: Hashable {
    /// The word; "#if" and "@Test" are one word each; a string literal is `"`.
    var text: String
    var line: Int
    /// Whether it stands directly behind the token before it.
    var isAttached: Bool
}

/// Code as its tokens: enough to tell code from comment and string, and to count braces.
struct SwiftTokens {
    private(set) var tokens: [Token] = []
    private(set) var linesWithComment: Set<Int> = []

    private let bytes: [UInt8]
    private var position = 0
    private var line = 1
    private var isAttached = false

    init(_ text: String) {
        bytes = Array(text.utf8)
        while position < bytes.count { next() }
    }

    private func at(_ offset: Int) -> UInt8 {
        position + offset < bytes.count ? bytes[position + offset] : 0
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), 128...:
            true
        default: false
        }
    }

    private mutating func step(_ count: Int = 1) {
        for _ in 0..<count where position < bytes.count {
            if bytes[position] == UInt8(ascii: "\n") { line += 1 }
            position += 1
        }
    }

    private mutating func emit(_ text: String, on line: Int) {
        tokens.append(Token(text: text, line: line, isAttached: isAttached))
        isAttached = true
    }

    private mutating func next() {
        let byte = at(0)
        if byte <= UInt8(ascii: " ") {
            isAttached = false
            step()
        } else if byte == UInt8(ascii: "/"), at(1) == UInt8(ascii: "/") {
            lineComment()
        } else if byte == UInt8(ascii: "/"), at(1) == UInt8(ascii: "*") {
            blockComment()
        } else if byte == UInt8(ascii: "\"") {
            string(hashes: 0)
        } else if byte == UInt8(ascii: "#"), let hashes = rawStringHashes() {
            string(hashes: hashes)
        } else {
            word()
        }
    }

    private mutating func lineComment() {
        linesWithComment.insert(line)
        while position < bytes.count, at(0) != UInt8(ascii: "\n") { position += 1 }
        isAttached = false
    }

    private mutating func blockComment() {
        var depth = 0
        repeat {
            linesWithComment.insert(line)
            if at(0) == UInt8(ascii: "/"), at(1) == UInt8(ascii: "*") {
                depth += 1
                step(2)
            } else if at(0) == UInt8(ascii: "*"), at(1) == UInt8(ascii: "/") {
                depth -= 1
                step(2)
            } else {
                step()
            }
        } while depth > 0 && position < bytes.count
        isAttached = false
    }

    private func rawStringHashes() -> Int? {
        var hashes = 0
        while at(hashes) == UInt8(ascii: "#") { hashes += 1 }
        return at(hashes) == UInt8(ascii: "\"") ? hashes : nil
    }

    /// A string literal with this many `#` around it, one line or many, whatever is interpolated in it.
    private mutating func string(hashes: Int) {
        let start = line
        step(hashes)
        let quotes = at(1) == UInt8(ascii: "\"") && at(2) == UInt8(ascii: "\"") ? 3 : 1
        step(quotes)
        while position < bytes.count, !isClosing(quotes: quotes, hashes: hashes) {
            if at(0) == UInt8(ascii: "\\"), isRun(of: UInt8(ascii: "#"), count: hashes, from: 1) {
                step(1 + hashes)
                if at(0) == UInt8(ascii: "(") { interpolation() } else { step() }
            } else if quotes == 1, at(0) == UInt8(ascii: "\n") {
                break
            } else {
                step()
            }
        }
        step(quotes + hashes)
        emit("\"", on: start)
    }

    private func isRun(of byte: UInt8, count: Int, from offset: Int) -> Bool {
        for index in 0..<count where at(offset + index) != byte { return false }
        return true
    }

    private func isClosing(quotes: Int, hashes: Int) -> Bool {
        isRun(of: UInt8(ascii: "\""), count: quotes, from: 0)
            && isRun(of: UInt8(ascii: "#"), count: hashes, from: quotes)
    }

    /// The code in an interpolation, as tokens of its own.
    private mutating func interpolation() {
        var depth = 0
        repeat {
            if at(0) == UInt8(ascii: "(") { depth += 1 }
            if at(0) == UInt8(ascii: ")") { depth -= 1 }
            next()
        } while depth > 0 && position < bytes.count
    }

    private mutating func word() {
        let start = position
        let first = at(0)
        step()
        let isMark = first == UInt8(ascii: "#") || first == UInt8(ascii: "@")
        if isMark || Self.isWord(first) {
            while position < bytes.count, Self.isWord(at(0)) { step() }
        }
        emit(String(decoding: bytes[start..<position], as: UTF8.self), on: line)
    }
}

extension Array where Element == Token {
    /// Where this sequence of words begins, each time it occurs.
    func occurrences(of words: [String]) -> [Int] {
        indices.filter { start in
            start + words.count <= count
                && words.indices.allSatisfy { self[start + $0].text == words[$0] }
        }
    }

    /// The index of the bracket that closes the one at `open`, or the end.
    func closing(_ open: Int) -> Int {
        let pairs = ["{": "}", "(": ")", "[": "]"]
        guard let other = pairs[self[open].text] else { return open }
        var depth = 0
        for index in open..<count {
            if self[index].text == self[open].text { depth += 1 }
            if self[index].text == other {
                depth -= 1
                if depth == 0 { return index }
            }
        }
        return count - 1
    }
}
