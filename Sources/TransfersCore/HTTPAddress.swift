// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

/// An absolute http or https URL in parts, and the resolution of references against it (RFC 3986, section 5).
///
/// Reading never crashes: what is no such URL is an `AddressFault`. Bytes that may not stand in a URL are percent-encoded.
package struct HTTPAddress: Sendable, Equatable {
    /// "http" or "https".
    package let isSecure: Bool
    /// In lower case; an IPv6 address with its brackets.
    package let host: String
    package let port: Int?
    /// Begins with a slash.
    package let path: String
    /// What follows the question mark; nil without one.
    package let query: String?

    package init(_ text: String) throws(AddressFault) {
        try self.init(bytes: Self.cleaned(text))
    }

    private init(bytes: [UInt8]) throws(AddressFault) {
        guard let scheme = Self.scheme(of: bytes) else { throw .malformed }
        switch String(decoding: bytes[..<scheme], as: UTF8.self).lowercased() {
        case "http": isSecure = false
        case "https": isSecure = true
        case let other: throw .foreignScheme(other)
        }
        let rest = bytes[(scheme + 1)...]
        guard rest.starts(with: Array("//".utf8)) else { throw .hostMissing }
        let parts = Self.split(rest.dropFirst(2))
        (host, port) = try Self.authority(parts.authority)
        path = Self.withoutDots(parts.path)
        query = parts.query
    }

    private init(of base: HTTPAddress, path: String, query: String?) {
        isSecure = base.isSecure
        host = base.host
        port = base.port
        self.path = path
        self.query = query
    }

    /// Where a reference leads that stood in an answer from this address (`Location`).
    package func resolving(_ reference: String) throws(AddressFault) -> HTTPAddress {
        let bytes = try Self.cleaned(reference)
        if Self.scheme(of: bytes) != nil { return try HTTPAddress(bytes: bytes) }
        if bytes.starts(with: Array("//".utf8)) {
            return try HTTPAddress(bytes: Array((isSecure ? "https:" : "http:").utf8) + bytes)
        }
        let parts = Self.split(pathOnly: bytes[...])
        if parts.path.isEmpty { return HTTPAddress(of: self, path: path, query: parts.query ?? query) }
        if parts.path.hasPrefix("/") {
            return HTTPAddress(of: self, path: Self.withoutDots(parts.path), query: parts.query)
        }
        let folder = path.utf8.lastIndex(of: UInt8(ascii: "/")).map { String(path[...$0]) } ?? "/"
        return HTTPAddress(of: self, path: Self.withoutDots(folder + parts.path), query: parts.query)
    }

    package var text: String { location + (query.map { "?" + $0 } ?? "") }

    /// Without the query, which may hold a signature: fit for logs and failures.
    package var location: String { origin + path }

    /// Scheme, host and port; what credentials belong to.
    package var origin: String {
        let shown = port.flatMap { $0 == (isSecure ? 443 : 80) ? nil : $0 }
        return (isSecure ? "https://" : "http://") + host + (shown.map { ":\($0)" } ?? "")
    }

    /// Host and port, by which servers are counted.
    package var authority: String { "\(host):\(port ?? (isSecure ? 443 : 80))" }
}

/// Why a text is no address that we go to.
package enum AddressFault: Error, Sendable, Equatable {
    case malformed, hostMissing, credentials
    case foreignScheme(String)
}

extension HTTPAddress {
    /// Without blanks around it, and with what may not stand in a URL percent-encoded.
    private static func cleaned(_ text: String) throws(AddressFault) -> [UInt8] {
        var bytes = Array(text.utf8)[...]
        while let first = bytes.first, first == 0x20 || first == 0x09 { bytes.removeFirst() }
        while let last = bytes.last, last == 0x20 || last == 0x09 { bytes.removeLast() }
        guard bytes.count <= 65_536, bytes.allSatisfy({ $0 >= 0x20 && $0 != 0x7f }) else { throw .malformed }
        if !bytes.contains(where: { $0 >= 0x80 || odd.contains($0) }) { return Array(bytes) }
        let digits = Array("0123456789ABCDEF".utf8)
        var out: [UInt8] = []
        out.reserveCapacity(bytes.count)
        for byte in bytes {
            if byte >= 0x80 || odd.contains(byte) {
                out += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            } else {
                out.append(byte)
            }
        }
        return out
    }

    private static let odd = Array("\"<>\\^`{|} ".utf8)

    /// The index of the colon behind a scheme.
    private static func scheme(of bytes: [UInt8]) -> Int? {
        guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")), let first = bytes.first, first.isLetter else {
            return nil
        }
        let rest = bytes[..<colon].dropFirst()
        return rest.allSatisfy { $0.isLetter || $0.isDigit || "+-.".utf8.contains($0) } ? colon : nil
    }

    private static func split(_ bytes: ArraySlice<UInt8>) -> (authority: [UInt8], path: String, query: String?) {
        let end = bytes.firstIndex { "/?#".utf8.contains($0) } ?? bytes.endIndex
        let (path, query) = split(pathOnly: bytes[end...])
        return (Array(bytes[..<end]), path, query)
    }

    private static func split(pathOnly bytes: ArraySlice<UInt8>) -> (path: String, query: String?) {
        let bytes = bytes.prefix { $0 != UInt8(ascii: "#") }
        let path = bytes.prefix { $0 != UInt8(ascii: "?") }
        let query = bytes[path.endIndex...].dropFirst()
        return (
            String(decoding: path, as: UTF8.self),
            path.endIndex == bytes.endIndex ? nil : String(decoding: query, as: UTF8.self)
        )
    }

    private static func authority(_ bytes: [UInt8]) throws(AddressFault) -> (host: String, port: Int?) {
        if bytes.contains(UInt8(ascii: "@")) { throw .credentials }
        var host = bytes[...]
        var digits: ArraySlice<UInt8> = []
        if bytes.first == UInt8(ascii: "[") {
            guard let close = bytes.firstIndex(of: UInt8(ascii: "]")), close > 2 else { throw .malformed }
            guard bytes[1..<close].allSatisfy({ $0.isHexDigit || ":.".utf8.contains($0) }) else { throw .malformed }
            host = bytes[...close]
            let rest = bytes[(close + 1)...]
            guard rest.isEmpty || rest.first == UInt8(ascii: ":") else { throw .malformed }
            digits = rest.dropFirst()
        } else {
            if let colon = bytes.firstIndex(of: UInt8(ascii: ":")) {
                host = bytes[..<colon]
                digits = bytes[(colon + 1)...]
            }
            guard !host.isEmpty else { throw .hostMissing }
            guard host.allSatisfy({ $0.isLetter || $0.isDigit || "-._~".utf8.contains($0) }) else { throw .malformed }
        }
        let name = String(decoding: host, as: UTF8.self).lowercased()
        if digits.isEmpty { return (name, nil) }
        guard digits.count <= 5, digits.allSatisfy(\.isDigit), let port = Int(String(decoding: digits, as: UTF8.self)),
            (1...65_535).contains(port)
        else { throw .malformed }
        return (name, port)
    }

    /// RFC 3986, section 5.2.4, on segments; the result begins with a slash.
    private static func withoutDots(_ path: String) -> String {
        if path.hasPrefix("/"), !path.utf8.contains(UInt8(ascii: ".")) { return path }
        var kept: [Substring] = []
        let segments = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst(
            path.hasPrefix("/") ? 1 : 0)
        for (index, segment) in segments.enumerated() {
            let isLast = index == segments.count - 1
            switch segment {
            case ".": if isLast { kept.append("") }
            case "..":
                if !kept.isEmpty { kept.removeLast() }
                if isLast { kept.append("") }
            default: kept.append(segment)
            }
        }
        return "/" + kept.joined(separator: "/")
    }
}

extension UInt8 {
    var isDigit: Bool { (0x30...0x39).contains(self) }
    var isLetter: Bool { (0x41...0x5a).contains(self) || (0x61...0x7a).contains(self) }
    var isHexDigit: Bool { isDigit || (0x41...0x46).contains(self) || (0x61...0x66).contains(self) }
}
