// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

internal import Foundation
internal import TransfersCore

/// A folder of its own for a test, gone with its last reference.
package final class ScratchFolder: Sendable {
    package let path: String

    package init() throws {
        path = FileManager.default.temporaryDirectory.path + "/transfers-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// A new file with these bytes, open for reading and writing.
    package func file(_ name: String, _ bytes: [UInt8] = []) throws -> FixtureFile {
        try Data(bytes).write(to: URL(fileURLWithPath: path + "/" + name))
        return try FixtureFile(path + "/" + name)
    }
}

/// An open file of a test.
package final class FixtureFile: OpenFile {
    package let path: String
    package let descriptor: Int32

    package init(_ path: String, _ flags: Int32 = O_RDWR) throws {
        self.path = path
        descriptor = open(path, flags | O_CLOEXEC)
        guard descriptor >= 0 else { throw FixtureFailure("\(path): \(String(cString: strerror(errno)))") }
    }

    deinit { close(descriptor) }

    package var bytes: [UInt8] { FileManager.default.contents(atPath: path).map(Array.init) ?? [] }
}
