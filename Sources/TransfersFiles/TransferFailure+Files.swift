// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif
import TransfersCore

extension TransferFailure {
    /// Something about the file that is sent.
    static func source(_ path: String, _ error: Int32) -> TransferFailure {
        switch error {
        case ENOENT, ENOTDIR:
            TransferFailure(
                .sourceMissing, doing: "Opening the source", subject: path, cause: words(error),
                remedy: "Give a file that is there until the end of the transfer, or let it be copied (snapshot).")
        case EISDIR:
            TransferFailure(
                .sourceIsDirectory, doing: "Opening the source", subject: path, cause: words(error),
                remedy: "Give a file; archive the directory first.")
        case ENOSPC, EDQUOT: full("Copying the source", path, error)
        default:
            TransferFailure(
                .sourceUnreadable, doing: "Opening the source", subject: path, cause: words(error),
                remedy: "Give this user read access to the file and its folders.")
        }
    }

    static func special(source path: String) -> TransferFailure {
        TransferFailure(
            .sourceIsSpecial, doing: "Opening the source", subject: path,
            cause: "it is a device, a pipe or a socket: it has no length, and cannot be read again",
            remedy: "Give a regular file.")
    }

    static func changed(source path: String, _ cause: String) -> TransferFailure {
        TransferFailure(
            .sourceChanged, doing: "Reading the source", subject: path, cause: cause,
            remedy: "Begin the transfer again when nobody writes to the file, or let it be copied (snapshot).")
    }

    /// Something about the file that is written, or its folder.
    static func destination(_ doing: String, _ path: String, _ error: Int32) -> TransferFailure {
        switch error {
        case ENOSPC, EDQUOT: full(doing, path, error)
        case EFBIG:
            TransferFailure(
                .fileTooLarge, doing: doing, subject: path,
                cause: "it is larger than its disk or quota, or than a file may be there",
                remedy: "Choose a disk with more space.")
        case ENOENT, ENOTDIR:
            TransferFailure(
                .destinationFolderMissing, doing: doing, subject: path, cause: words(error),
                remedy: "Make the folder first, or choose another destination.")
        case EISDIR:
            TransferFailure(
                .destinationIsDirectory, doing: doing, subject: path, cause: words(error),
                remedy: "Give the name of a file in it.")
        case ELOOP:
            TransferFailure(
                .destinationIsLink, doing: doing, subject: path, cause: "it is a symbolic link",
                remedy: "Name the file that it points to, or remove the link; links are not followed.")
        case EEXIST:
            TransferFailure(
                .destinationExists, doing: doing, subject: path, cause: words(error),
                remedy: "Choose another destination, or allow that the file is replaced.")
        default:
            TransferFailure(
                .destinationUnwritable, doing: doing, subject: path, cause: words(error),
                remedy: "Give this user write access to the folder, or choose another destination.")
        }
    }

    private static func full(_ doing: String, _ path: String, _ error: Int32) -> TransferFailure {
        TransferFailure(
            .diskFull, doing: doing, subject: path, cause: words(error), remedy: "Free some space, then try again.")
    }

    static func words(_ error: Int32) -> String { String(cString: strerror(error)) }
}
