// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif
import BackgroundSystemCalls
import TransfersCore

/// What a download has of its file, until it is whole: made by us alone (0600), and as long as what was written.
package final class PartialFile: OpenFile {
    package let path: String
    private let file: OpenedFile

    package var descriptor: Int32 { file.descriptor }

    /// Above it, the file's entry in its folder is made durable when it is made.
    private static let worthAnEntry: Int64 = 8 << 20

    /// Opens the partial file, made when it is missing, cuts it to `length`, and reserves space for `total`.
    ///
    /// - Parameter room: where no total is known, it is looked whether the file could become so long.
    /// - Returns: with how long it is now: less than `length` if it was shorter already.
    /// - Throws: `diskFull`, `fileTooLarge`, `destinationFolderMissing`, `destinationUnwritable`, `destinationIsLink`,
    ///   `destinationIsDirectory`; `destinationExists` if something else took its name.
    package static func prepare(
        _ path: String, length: Int64, total: Int64?, room: Int64? = nil
    ) throws(TransferFailure) -> (file: PartialFile, length: Int64) {
        try prepare([Order(path, length: length, total: total, room: room)])[0].get()
    }

    /// What is wanted of a partial file.
    package struct Order: Sendable {
        let path: String
        let length: Int64
        let total: Int64?
        let room: Int64?

        package init(_ path: String, length: Int64, total: Int64?, room: Int64?) {
            self.path = path
            self.length = length
            self.total = total
            self.room = room
        }
    }

    /// The same for several, with one sync for each folder.
    package static func prepare(
        _ orders: [Order]
    ) -> [Result<(file: PartialFile, length: Int64), TransferFailure>] {
        var errors: [String: Int32] = [:]
        return orders.map { order in
            Result { () throws(TransferFailure) in try open(order) }
        }.map { result in
            result.flatMap { file, length, needsEntry in
                guard needsEntry else { return .success((file, length)) }
                let folder = folder(of: file.path)
                let error = errors[folder] ?? synchronizeFolder(folder)
                errors[folder] = error
                if error == 0 { return .success((file, length)) }
                _ = systemCall(.unlink, file.path) { unlink(file.path) }
                return .failure(.destination(opening, file.path, error))
            }
        }
    }

    private static let opening = "Opening the partial file"

    private static func open(
        _ order: Order
    ) throws(TransferFailure) -> (file: PartialFile, length: Int64, needsEntry: Bool) {
        let (path, length) = (order.path, order.length)
        let doing = opening
        guard path.hasPrefix("/"), !path.utf8.contains(0) else { throw .destination(doing, path, EACCES) }
        var opened = OpenedFile.open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, mode: 0o600)
        let isNew = opened != nil
        if opened == nil, errno == EEXIST { opened = OpenedFile.open(path, O_RDWR | O_NOFOLLOW | O_NONBLOCK) }
        guard let file = opened else { throw .destination(doing, path, errno) }
        guard let about = file.about() else { throw .destination(doing, path, errno) }
        // Another name for it would show its bytes elsewhere; another owner could change them.
        guard about.isFile, about.st_nlink == 1, about.st_uid == geteuid() else {
            throw .destination(doing, path, EEXIST)
        }
        let partial = PartialFile(file, path)
        do throws(TransferFailure) {
            let kept = min(max(0, length), Int64(about.st_size))
            if Int64(about.st_size) != kept {
                let result = systemCall(.ftruncate, path, retrying: true) { ftruncate(file.descriptor, off_t(kept)) }
                guard result == 0 else { throw .destination("Cutting the partial file", path, errno) }
            }
            if let total = order.total {
                try partial.reserve(total: total)
            } else if let room = order.room, [ENOSPC, EFBIG].contains(lookForRoom(file, room)) {
                throw .destination("Looking for \(room) bytes for", path, ENOSPC)
            }
            return (partial, kept, isNew && (order.total ?? .max) > worthAnEntry)
        } catch {
            if isNew {
                _ = systemCall(.unlink, path) { unlink(path) }
            } else {
                // Some file systems keep what they could reserve; others need it until there is enough (ftruncate(2)).
                let length = min(max(0, length), Int64(about.st_size))
                _ = systemCall(.ftruncate, path, retrying: true) { ftruncate(file.descriptor, off_t(length)) }
            }
            throw error
        }
    }

    private init(_ file: OpenedFile, _ path: String) {
        self.file = file
        self.path = path
    }

    /// Reserves space up to `total` without changing the length, so that a full disk is an early error; where the file
    /// system cannot, it is looked whether there is so much.
    ///
    /// - Throws: `diskFull`, `fileTooLarge`, `destinationUnwritable`.
    package func reserve(total: Int64) throws(TransferFailure) {
        guard total > 0 else { return }
        var error = TransfersFiles.reserve(file, total)
        if error == ENOTSUP { error = lookForRoom(file, total) }
        if error != 0, error != ENOTSUP { throw .destination("Reserving \(total) bytes for", path, error) }
    }

    /// Whether a file of this length is larger than its whole disk, or than a file may be there.
    package func canNeverHold(_ total: Int64) -> Bool { lookForRoom(file, total) == EFBIG }

    /// Before several are made durable one after the other: then the disk has all of them when the first is waited for.
    package func sendAhead() { TransfersFiles.sendAhead(descriptor) }

    /// Makes the file durable, and compares its length and digests.
    ///
    /// - Throws: `destinationUnwritable`, `diskFull`: it cannot be made durable, or not be read.
    package func verify(length: Int64, digests: [ContentDigest]) throws(TransferFailure) -> SinkVerdict {
        guard let about = file.about() else { throw .destination("Looking at", path, errno) }
        guard about.st_size == length else { return .wrongLength(Int64(about.st_size)) }
        guard file.synchronizeData() else { throw .destination("Synchronizing", path, errno) }
        if digests.isEmpty { return .good }
        let found = try FileDigest.digests(Set(digests.map(\.algorithm)), of: file)
        for digest in digests where found[digest.algorithm] != digest.bytes {
            return .digestMismatch(digest.algorithm)
        }
        return .good
    }
}
