// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

/// What S3 says in XML, as far as uploads need it: the text of a few elements, wherever they stand.
package struct S3Answer: Sendable, Equatable {
    package struct Part: Sendable, Equatable {
        package var number: Int
        package var tag: String
        package var size: Int64
    }

    package private(set) var root = ""
    package private(set) var uploadID: String?
    /// Of an error.
    package private(set) var code: String?
    package private(set) var parts: [Part] = []
    /// More parts follow behind this one.
    package private(set) var nextPart: Int?

    package var isCompletion: Bool { root == "CompleteMultipartUploadResult" }
    /// Some servers that speak S3 name it by the action's response instead of its result.
    package var isList: Bool { root == "ListPartsResult" || root == "ListPartsResponse" }

    /// Nil if it is no document of the kind: no element at its root, or one that is not closed.
    package init?(_ bytes: [UInt8]) {
        var reader = XMLReader(bytes)
        var path: [String] = []
        var fields: [String: String] = [:]
        var isTruncated = false
        var marker: Int?
        while let token = reader.next() {
            switch token {
            case .open(let name):
                if path.isEmpty {
                    guard root.isEmpty else { return nil }
                    root = name
                }
                guard path.count < 16 else { return nil }
                path.append(name)
                if name == "Part" { fields = [:] }
            case .text(let text):
                guard let name = path.last else { continue }
                switch (path.count, name) {
                case (2, "UploadId"): uploadID = (uploadID ?? "") + text
                case (2, "Code") where root == "Error": code = (code ?? "") + text
                case (2, "IsTruncated"): isTruncated = text == "true"
                case (2, "NextPartNumberMarker"): marker = Int(text)
                case (3, _) where path[1] == "Part": fields[name] = (fields[name] ?? "") + text
                default: break
                }
            case .close(let name):
                guard path.popLast() == name else { return nil }
                guard name == "Part", path.count == 1 else { continue }
                if let number = fields["PartNumber"].flatMap({ Int($0) }), let tag = fields["ETag"],
                    let size = fields["Size"].flatMap({ ContentRange.number($0) })
                {
                    parts.append(Part(number: number, tag: tag, size: size))
                }
            }
        }
        guard !root.isEmpty, path.isEmpty, reader.isWellFormed else { return nil }
        nextPart = isTruncated ? marker : nil
    }

    /// The body of `CompleteMultipartUpload`.
    package static func completion(_ tags: [Int: String]) -> [UInt8] {
        var text = "<CompleteMultipartUpload>"
        for (number, tag) in tags.sorted(by: { $0.key < $1.key }) {
            text += "<Part><PartNumber>\(number)</PartNumber><ETag>\(escaped(tag))</ETag></Part>"
        }
        return Array((text + "</CompleteMultipartUpload>").utf8)
    }

    private static func escaped(_ text: String) -> String {
        var out = ""
        for character in text {
            switch character {
            case "&": out += "&amp;"
            case "<": out += "&lt;"
            case ">": out += "&gt;"
            case "\"": out += "&quot;"
            default: out.append(character)
            }
        }
        return out
    }
}

/// Elements and text of a small XML document; no namespaces, no definitions, so nothing that could be blown up.
struct XMLReader {
    enum Token: Equatable { case open(String), text(String), close(String) }

    private var rest: ArraySlice<UInt8>
    /// The end of an element that opened and closed in one.
    private var pending: String?
    private(set) var isWellFormed = true

    init(_ bytes: [UInt8]) { rest = bytes[...] }

    mutating func next() -> Token? {
        if let name = pending {
            pending = nil
            return .close(name)
        }
        while let first = rest.first {
            guard first == UInt8(ascii: "<") else {
                let text = rest.prefix { $0 != UInt8(ascii: "<") }
                rest = rest[text.endIndex...]
                if text.allSatisfy({ $0 <= 0x20 }) { continue }
                return .text(Self.unescaped(text))
            }
            rest.removeFirst()
            if rest.first == UInt8(ascii: "?") || rest.first == UInt8(ascii: "!") {
                guard skipDeclaration() else { return broken() }
                continue
            }
            guard let end = rest.firstIndex(of: UInt8(ascii: ">")) else { return broken() }
            var inside = rest[..<end]
            rest = rest[(end + 1)...]
            let isClose = inside.first == UInt8(ascii: "/")
            if isClose { inside.removeFirst() }
            let isBoth = inside.last == UInt8(ascii: "/")
            let name = inside.prefix { $0 > 0x20 && $0 != UInt8(ascii: "/") }
            guard !name.isEmpty, !(isClose && isBoth) else { return broken() }
            let text = String(decoding: name, as: UTF8.self)
            if isClose { return .close(text) }
            if isBoth { pending = text }
            return .open(text)
        }
        return nil
    }

    private mutating func broken() -> Token? {
        isWellFormed = false
        rest = []
        return nil
    }

    private mutating func skipDeclaration() -> Bool {
        let isComment = rest.starts(with: "!--".utf8)
        // A definition of a document type may hold entities: refused, as nobody needs it here.
        guard isComment || rest.first == UInt8(ascii: "?") else { return false }
        let end: [UInt8] = Array((isComment ? "-->" : "?>").utf8)
        while !rest.isEmpty {
            if rest.starts(with: end) {
                rest = rest.dropFirst(end.count)
                return true
            }
            rest.removeFirst()
        }
        return false
    }

    private static func unescaped(_ bytes: ArraySlice<UInt8>) -> String {
        let names: [(String, UInt8)] = [
            ("&amp;", 0x26), ("&lt;", 0x3c), ("&gt;", 0x3e), ("&quot;", 0x22), ("&apos;", 0x27), ("&#34;", 0x22),
        ]
        var out: [UInt8] = []
        var rest = bytes
        while let byte = rest.first {
            if byte == 0x26, let (name, value) = names.first(where: { rest.starts(with: $0.0.utf8) }) {
                out.append(value)
                rest = rest.dropFirst(name.utf8.count)
            } else {
                out.append(byte)
                rest.removeFirst()
            }
        }
        return String(decoding: out, as: UTF8.self)
    }
}
