// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

#if os(Linux)
import Glibc

/// A system call's failure, by its number (errno(3)).
package struct SystemError: Error, Hashable, Sendable, CustomStringConvertible {
    package let number: CInt

    package init(_ number: CInt) { self.number = number }

    /// The failure of the call that was just made.
    static func current() -> SystemError { SystemError(errno) }

    package var description: String { String(cString: strerror(number)) }
}

/// A one-line file of the kernel or of /etc.
package enum SmallFile {
    /// The file's text without surrounding blanks. Reads at most `limit` bytes; bytes that are not UTF-8 are replaced.
    package static func text(at path: String, limit: Int) throws(SystemError) -> String {
        let bytes = try bytes(at: path, limit: limit)
        let blank: (UInt8) -> Bool = { $0 <= UInt8(ascii: " ") }
        let text = bytes.drop(while: blank)
        let end = text.lastIndex { !blank($0) }.map { $0 + 1 } ?? text.startIndex
        return String(decoding: text[..<end], as: UTF8.self)
    }

    /// The file's bytes, at most `limit` of them.
    package static func bytes(at path: String, limit: Int) throws(SystemError) -> [UInt8] {
        // O_NONBLOCK: what should be a file and is a pipe must not hold us (open(2)).
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard descriptor >= 0 else { throw .current() }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: limit)
        var filled = 0
        while filled < limit {
            let got = bytes.withUnsafeMutableBytes { buffer in
                read(descriptor, buffer.baseAddress?.advanced(by: filled), limit - filled)
            }
            if got == 0 { break }
            if got < 0 {
                if errno == EINTR { continue }
                throw .current()
            }
            filled += got
        }
        return Array(bytes[..<filled])
    }
}
#endif
