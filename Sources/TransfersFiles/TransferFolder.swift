// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif
import BackgroundSurroundings
import BackgroundSystemCalls
import TransfersCore

/// The folder in which transfers keep files of their own: partial files without a destination, and copies of sources.
///
/// Partial files of downloads that have a destination lie beside it; their names say whose they are.
package struct TransferFolder: Sendable {
    package let path: String
    /// Tells our partial files from those of other apps in the same folder.
    private let tag: String

    /// Makes the folder (0700) when it is missing; its parent is there.
    ///
    /// - Throws: `diskFull`, `storage`.
    package init(_ path: String) throws(TransferFailure) {
        self.path = path
        tag = PartialName.tag(of: path)
        for folder in [path, path + "/partial", path + "/snapshots"] { try Self.make(folder) }
    }

    private static func make(_ folder: String) throws(TransferFailure) {
        let doing = "Making the folder of transfers"
        if systemCall(.mkdir, folder, { mkdir(folder, 0o700) }) == 0 { return }
        let error = errno
        guard error == EEXIST else {
            let failure = TransferFailure.destination(doing, folder, error)
            throw failure.code == .diskFull ? failure : .folder(doing, folder, TransferFailure.words(error))
        }
        guard let about = lookAt(folder) else { throw .folder(doing, folder, TransferFailure.words(errno)) }
        if !about.isFolder { throw .folder(doing, folder, "it is no directory") }
    }

    // MARK: Names

    /// Where a download keeps what it has, until it is whole: beside its destination, so that a rename is all that is
    /// left to do, or here. A new name each time.
    package func newPartial(for destination: String?) -> String {
        let id = tag + PartialName.number(UInt64.random(in: .min ... .max))
        guard let destination else { return path + "/partial/" + id + PartialName.suffix }
        let (folder, name) = (folder(of: destination), destination.split(separator: "/").last ?? "")
        return (folder == "/" ? "" : folder) + "/" + PartialName.beside(String(name), id: id)
    }

    // MARK: Copies of sources

    /// Copies a source, so that it may change or go: shares its blocks where the file system can. Durable on return.
    ///
    /// - Throws: as `SourceFile.open`, `diskFull`; `sourceChanged` if it was written to meanwhile.
    package func snapshot(of source: String) throws(TransferFailure) -> SourceIdentity {
        let (original, before) = try SourceFile.open(path: source)
        let name = path + "/snapshots/" + tag + PartialName.number(UInt64.random(in: .min ... .max))
        guard let copy = OpenedFile.open(name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, mode: 0o600) else {
            throw .copying(name, errno)
        }
        do throws(TransferFailure) {
            if !clone(original, to: copy) { try SourceCopy.copy(original, before.size, to: copy) }
            guard let after = original.about(), let made = copy.about() else { throw .copying(name, errno) }
            if let difference = before.difference(from: SourceIdentity(path: source, after)) {
                throw .changed(source: source, difference)
            }
            guard made.st_size == before.size else { throw .changed(source: source, "it ended early") }
            guard systemCall(.fsync, name, retrying: true, { fsync(copy.descriptor) }) == 0 else {
                throw .copying(name, errno)
            }
            let error = synchronizeFolder(path + "/snapshots")
            if error != 0 { throw .copying(name, error) }
            guard let kept = copy.about() else { throw .copying(name, errno) }
            var identity = SourceIdentity(path: name, kept)
            identity.isSnapshot = true
            return identity
        } catch {
            _ = systemCall(.unlink, name) { unlink(name) }
            throw error
        }
    }

    // MARK: Leftovers

    /// Removes what a transfer leaves behind: its partial file, or the copy of its source. Before its row goes, so that
    /// nothing is left that nobody knows of. What is not there is no error.
    package func removeLeftovers(of intent: TransferIntent) {
        switch intent.work {
        case .upload(let source, _):
            for source in [source] + intent.furtherSources where source.isSnapshot && isOurs(source.path) {
                remove(source.path)
            }
        case .download(let target):
            if isOurs(target.partial) { remove(target.partial) }
        }
    }

    /// Removes partial files and copies that belong to no transfer: after a crash between making one and its row.
    ///
    /// - Parameters:
    ///   - known: paths that transfers of the store have.
    ///   - folders: folders of destinations, in which files with our own tag alone are looked at.
    ///   - before: what was written to later is left alone: its row may be on its way.
    /// - Returns: what was removed.
    @discardableResult
    package func collect(known: Set<String>, folders: Set<String> = [], before: WallTime) -> [String] {
        var removed: [String] = []
        for folder in [path + "/partial", path + "/snapshots"] + folders.sorted() {
            for name in entries(of: folder) {
                let path = (folder == "/" ? "" : folder) + "/" + name
                guard !known.contains(path), isOurs(path), let about = lookAt(path), about.isFile,
                    about.modified / 1000 < before.microseconds
                else { continue }
                remove(path)
                removed.append(path)
            }
        }
        return removed
    }

    /// A name that we gave: nothing else is ever removed.
    private func isOurs(_ path: String) -> Bool {
        let (folder, name) = (folder(of: path), String(path.split(separator: "/").last ?? ""))
        if folder == self.path + "/snapshots" { return name.hasPrefix(tag) }
        if folder == self.path + "/partial" { return name.hasPrefix(tag) && name.hasSuffix(PartialName.suffix) }
        return PartialName.id(in: name)?.hasPrefix(tag) == true
    }

    private func remove(_ path: String) { _ = systemCall(.unlink, path) { unlink(path) } }

    private func entries(of folder: String) -> [String] {
        guard let listing = opendir(folder) else { return [] }
        defer { closedir(listing) }
        var names: [String] = []
        while let entry = readdir(listing) {
            names.append(
                withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                    pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                })
        }
        return names.sorted()
    }
}

extension TransferFailure {
    fileprivate static func folder(_ doing: String, _ path: String, _ cause: String) -> TransferFailure {
        TransferFailure(
            .storage, doing: doing, subject: path, cause: cause,
            remedy: "Look at the path and its parents, or choose another state directory.")
    }

    static func copying(_ path: String, _ error: Int32) -> TransferFailure {
        let failure = destination("Copying the source to", path, error)
        return [.diskFull, .fileTooLarge].contains(failure.code) ? failure : .folder(failure.doing, path, words(error))
    }
}
