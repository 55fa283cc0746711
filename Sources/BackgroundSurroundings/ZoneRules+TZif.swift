// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

extension ZoneRules {
    /// Larger than any zone's file, small enough to be read without a thought.
    package static let largestFile = 65_536

    /// The rules in a TZif file, of any version (RFC 9636; tzfile(5)).
    ///
    /// The bytes may be anything: what is no zone is an error. A file that counts leap seconds is refused, because the
    /// clocks here do not.
    package init(tzif bytes: [UInt8], name: String) throws(ZoneFailure) {
        do throws(TZifError) {
            guard bytes.count <= Self.largestFile else { throw TZifError("the file is too large for a time zone") }
            var reader = TZifReader(bytes)
            self = try reader.rules()
        } catch {
            throw ZoneFailure(
                subject: name, cause: error.cause,
                remedy: "Install the package tzdata again, or use another time zone.")
        }
    }

    /// A zone as the variable TZ may spell it out: "CET-1CEST,M3.5.0,M10.5.0/3". Nil when the text is none.
    package init?(posix text: String) {
        guard text.utf8.count <= 256, let zone = PosixZone(text.utf8) else { return nil }
        self.init(firstOffset: zone.standardOffset, changes: [], rule: zone)
    }
}

private struct TZifError: Error {
    let cause: String
    init(_ cause: String) { self.cause = cause }
}

/// Reads a TZif file from its beginning to its end.
private struct TZifReader {
    private let bytes: [UInt8]
    private var position = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// The header's counts (RFC 9636, section 3.1).
    private struct Header {
        let version: UInt8
        let utIndicators: Int
        let standardIndicators: Int
        let leapSeconds: Int
        let changes: Int
        let types: Int
        let characters: Int

        func size(timeSize: Int) -> Int {
            changes * (timeSize + 1) + types * 6 + characters + leapSeconds * (timeSize + 4) + standardIndicators
                + utIndicators
        }
    }

    mutating func rules() throws(TZifError) -> ZoneRules {
        var header = try header()
        guard header.version >= UInt8(ascii: "2") else { return try block(header, timeSize: 4).rules(nil) }
        // The block with short times is for readers from before 2005.
        try skip(header.size(timeSize: 4))
        header = try self.header()
        let block = try block(header, timeSize: 8)
        return try block.rules(footer())
    }

    private mutating func header() throws(TZifError) -> Header {
        let head = try take(44)
        guard head.prefix(4).elementsEqual("TZif".utf8) else { throw TZifError("it is no TZif file") }
        func count(_ number: Int) throws(TZifError) -> Int {
            let value = Self.integer(head.dropFirst(20 + 4 * number).prefix(4))
            // Every one of what is counted takes a byte at least.
            guard value >= 0, value <= bytes.count else { throw TZifError("it counts more than it holds") }
            return Int(value)
        }
        let header = Header(
            version: head[head.startIndex + 4], utIndicators: try count(0), standardIndicators: try count(1),
            leapSeconds: try count(2), changes: try count(3), types: try count(4), characters: try count(5))
        return header
    }

    /// One data block (RFC 9636, section 3.2).
    private struct Block {
        var firstOffset: Int64
        var changes: [ZoneRules.Change]

        func rules(_ rule: PosixZone?) -> ZoneRules {
            ZoneRules(firstOffset: firstOffset, changes: changes, rule: rule)
        }
    }

    private mutating func block(_ header: Header, timeSize: Int) throws(TZifError) -> Block {
        guard header.types > 0, header.types <= 256 else { throw TZifError("it names no offset") }
        guard header.leapSeconds == 0 else {
            throw TZifError("it counts leap seconds, which the clocks of this system do not")
        }
        let times = try take(header.changes * timeSize)
        let indices = try take(header.changes)
        let types = try take(header.types * 6)
        try skip(header.characters + header.standardIndicators + header.utIndicators)
        var offsets: [Int64] = []
        for type in 0..<header.types {
            let offset = Self.integer(types.dropFirst(type * 6).prefix(4))
            guard abs(offset) <= ZoneRules.largestOffset else { throw TZifError("an offset is more than a day") }
            offsets.append(offset)
        }
        var changes: [ZoneRules.Change] = []
        changes.reserveCapacity(header.changes)
        for number in 0..<header.changes {
            let start = Self.integer(times.dropFirst(number * timeSize).prefix(timeSize))
            let type = Int(indices[indices.startIndex + number])
            guard type < offsets.count else { throw TZifError("a change names an offset that is not there") }
            if let last = changes.last, last.start >= start { throw TZifError("its changes are not in order") }
            changes.append(.init(start: start, offset: offsets[type]))
        }
        return Block(firstOffset: offsets[0], changes: changes)
    }

    /// A line of text between line feeds; empty: nothing is known of what comes after the table.
    private mutating func footer() throws(TZifError) -> PosixZone? {
        let rest = bytes[position...]
        guard rest.first == UInt8(ascii: "\n"), let end = rest.dropFirst().firstIndex(of: UInt8(ascii: "\n")) else {
            throw TZifError("its end is missing")
        }
        let text = rest[(rest.startIndex + 1)..<end]
        if text.isEmpty { return nil }
        guard let zone = PosixZone(text) else { throw TZifError("the rule at its end is none") }
        return zone
    }

    private mutating func take(_ count: Int) throws(TZifError) -> ArraySlice<UInt8> {
        guard count <= bytes.count - position else { throw TZifError("it is cut short") }
        defer { position += count }
        return bytes[position..<(position + count)]
    }

    private mutating func skip(_ count: Int) throws(TZifError) { _ = try take(count) }

    /// Big endian, with a sign.
    private static func integer(_ bytes: ArraySlice<UInt8>) -> Int64 {
        let value = bytes.reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        return bytes.count == 4 ? Int64(Int32(truncatingIfNeeded: value)) : Int64(bitPattern: value)
    }
}
