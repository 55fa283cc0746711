// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Foundation
import TransfersCore
import TransfersFiles

/// A folder of a test's own, removed with its last reference.
final class TestFolder {
    let path: String

    init(in parent: String? = nil) throws {
        let parent = parent ?? (access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp")
        path = parent + "/transfers-files-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    static func / (folder: TestFolder, name: String) -> String { folder.path + "/" + name }

    @discardableResult
    func write(_ name: String, _ bytes: [UInt8]) throws -> String {
        try Data(bytes).write(to: URL(fileURLWithPath: self / name))
        return self / name
    }

    func read(_ name: String) -> [UInt8]? { FileManager.default.contents(atPath: self / name).map(Array.init) }

    var names: [String] { (try? FileManager.default.contentsOfDirectory(atPath: path).sorted()) ?? [] }
}

func about(_ path: String) -> stat {
    var about = stat()
    _ = lstat(path, &about)
    return about
}

func put(_ bytes: [UInt8], into file: any OpenFile, at offset: Int = 0) -> Bool {
    pwrite(file.descriptor, bytes, bytes.count, offset) == bytes.count
}

/// The code of the failure that this ends with; nil if it does not.
func code<R>(_ body: () throws(TransferFailure) -> R) -> TransferFailure.Code? {
    do throws(TransferFailure) {
        _ = try body()
        return nil
    } catch {
        return error.cause.isEmpty || error.remedy.isEmpty || error.subject.isEmpty ? .cancelled : error.code
    }
}

/// Bytes that differ from one place to the other.
func pattern(_ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 8) } }
