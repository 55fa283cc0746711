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

/// How a file that is whole gets its final name.
package enum Placement {
    /// What can be told before a byte is loaded.
    ///
    /// - Throws: `destinationExists`, `destinationIsDirectory`, `destinationIsLink`, `destinationFolderMissing`,
    ///   `destinationUnwritable`.
    package static func judge(_ target: DownloadTarget) throws(TransferFailure) {
        guard let destination = target.destination else { return }
        let doing = "Choosing the destination"
        try judge(name: destination, replacing: target.replacesExisting, doing)
        var about = stat()
        let folder = folder(of: destination)
        if systemCall(.lstat, folder, { stat(folder, &about) }) != 0 { throw .destination(doing, destination, errno) }
        guard about.isFolder else { throw .destination(doing, destination, ENOTDIR) }
        guard systemCall(.access, folder, { access(folder, W_OK | X_OK) }) == 0 else {
            throw .destination(doing, destination, errno)
        }
    }

    /// What has the name now, and may not have it.
    private static func judge(name: String, replacing: Bool, _ doing: String) throws(TransferFailure) {
        guard name.hasPrefix("/"), !name.utf8.contains(0) else { throw .destination(doing, name, ENOENT) }
        // A folder by its own word, "." and ".." are folders too.
        if name.hasSuffix("/") { throw .destination(doing, name, EISDIR) }
        guard let about = lookAt(name) else {
            if errno == ENOENT { return }
            throw .destination(doing, name, errno)
        }
        if about.isFolder { throw .destination(doing, name, EISDIR) }
        if about.isLink { throw .destination(doing, name, ELOOP) }
        if !replacing || !about.isFile { throw .destination(doing, name, EEXIST) }
    }

    /// Gives the partial file, whole and on stable storage, its final name, durably; what has that name is replaced only if
    /// the target says so, and a link is never followed. A placement that a crash cut in two is finished.
    ///
    /// - Parameter length: of the whole file: so is told that it was placed before.
    /// - Returns: where the file is: the destination, or the partial file itself without one.
    /// - Throws: as `judge`; `diskFull`.
    package static func place(_ target: DownloadTarget, length: Int64) throws(TransferFailure) -> String {
        try place([(target, length)])[0].get()
    }

    /// The same for several, with one sync for each folder.
    package static func place(
        _ targets: [(target: DownloadTarget, length: Int64)]
    ) -> [Result<String, TransferFailure>] {
        var results = targets.map { target, length in
            Result { () throws(TransferFailure) in try name(target, length: length) }
        }
        var errors: [String: Int32] = [:]
        for (index, (target, _)) in targets.enumerated() {
            guard case .success = results[index], let destination = target.destination else { continue }
            let folder = folder(of: destination)
            let error = errors[folder] ?? synchronizeFolder(folder)
            errors[folder] = error
            if error != 0 {
                results[index] = .failure(.destination("Synchronizing the folder of", destination, error))
            }
        }
        return results
    }

    private static func name(_ target: DownloadTarget, length: Int64) throws(TransferFailure) -> String {
        guard let destination = target.destination else { return target.partial }
        let doing = "Placing the file"
        if lookAt(target.partial) == nil {
            guard errno == ENOENT else { throw .destination(doing, target.partial, errno) }
            guard let about = lookAt(destination), about.isFile, Int64(about.st_size) == length else {
                throw TransferFailure(
                    .destinationUnwritable, doing: doing, subject: destination,
                    cause: "the partial file \(target.partial) is gone", remedy: "Begin the transfer again.")
            }
        } else {
            try judge(name: destination, replacing: target.replacesExisting, doing)
            if target.replacesExisting {
                let result = systemCall(.rename, destination) { rename(target.partial, destination) }
                guard result == 0 else { throw .destination(doing, destination, errno) }
            } else {
                try nameAnew(target.partial, destination, doing)
            }
        }
        return destination
    }

    private static func nameAnew(_ partial: String, _ destination: String, _ doing: String) throws(TransferFailure) {
        if renameNew(partial, to: destination) == 0 { return }
        // Some file systems cannot exclude a race so (renameat2(2), EINVAL); a second name can.
        guard [EINVAL, ENOSYS, ENOTSUP].contains(errno) else { throw .destination(doing, destination, errno) }
        if systemCall(.link, destination, { link(partial, destination) }) == 0 {
            _ = systemCall(.unlink, partial) { unlink(partial) }
            return
        }
        guard [EPERM, ENOTSUP, ENOSYS, EMLINK].contains(errno) else { throw .destination(doing, destination, errno) }
        // And some have no second names (FAT): it was looked at just now, and more cannot be had there.
        let result = systemCall(.rename, destination) { rename(partial, destination) }
        guard result == 0 else { throw .destination(doing, destination, errno) }
    }
}
