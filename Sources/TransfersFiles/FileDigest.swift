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
import CBackgroundCrypto
import TransfersCore

/// Digests of whole files, by libcrypto (EVP_DigestInit(3ssl)).
package enum FileDigest {
    /// Of the file at a path, in one reading.
    ///
    /// - Throws: as `SourceFile.open`; `sourceUnreadable`.
    package static func digests(
        _ algorithms: Set<ContentDigest.Algorithm>, ofFileAt path: String
    ) throws(TransferFailure) -> [ContentDigest.Algorithm: [UInt8]] {
        try digests(algorithms, of: try SourceFile.open(path: path).file)
    }

    /// Of a range of the file that a transfer was begun with.
    ///
    /// - Throws: as `SourceFile.open`; `sourceUnreadable`; `sourceChanged` if it ends within the range.
    package static func digest(
        _ algorithm: ContentDigest.Algorithm, of range: Range<Int64>, in source: SourceIdentity
    ) throws(TransferFailure) -> [UInt8] {
        let file = try SourceFile.open(source)
        return try digests([algorithm], of: file, within: range)[algorithm] ?? []
    }

    static func digests(
        _ algorithms: Set<ContentDigest.Algorithm>, of file: OpenedFile, within range: Range<Int64>? = nil
    ) throws(TransferFailure) -> [ContentDigest.Algorithm: [UInt8]] {
        var running: [(ContentDigest.Algorithm, RunningDigest)] = []
        for algorithm in algorithms {
            guard let digest = RunningDigest(algorithm) else {
                throw TransferFailure(
                    .storage, doing: "Computing the digest \(algorithm.rawValue) of", subject: file.path,
                    cause: "libcrypto does not offer it here", remedy: "Ask for sha-256.")
            }
            running.append((algorithm, digest))
        }
        adviseSequential(file.descriptor)
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        var offset = range?.lowerBound ?? 0
        let end = range?.upperBound ?? .max
        while offset < end {
            let wanted = Int(min(Int64(buffer.count), end - offset))
            let got = buffer.withUnsafeMutableBytes { bytes in
                systemCall(.read, file.path, retrying: true) {
                    pread(file.descriptor, bytes.baseAddress, wanted, off_t(offset))
                }
            }
            guard got >= 0 else { throw .source(file.path, errno) }
            if got == 0, range != nil { throw .changed(source: file.path, "it ends at \(offset)") }
            if got == 0 { break }
            buffer.withUnsafeBytes { bytes in
                for (_, digest) in running { digest.add(UnsafeRawBufferPointer(rebasing: bytes.prefix(got))) }
            }
            offset += Int64(got)
        }
        return Dictionary(uniqueKeysWithValues: running.map { ($0.0, $0.1.end()) })
    }
}

/// One digest that is being computed; for one thread.
private final class RunningDigest {
    private let context: OpaquePointer

    /// Nil where this libcrypto does not have it: md5 in FIPS mode.
    init?(_ algorithm: ContentDigest.Algorithm) {
        let kind =
            switch algorithm {
            case .md5: EVP_md5()
            case .sha1: EVP_sha1()
            case .sha256: EVP_sha256()
            case .sha512: EVP_sha512()
            }
        guard let made = EVP_MD_CTX_new() else { return nil }
        guard EVP_DigestInit_ex(made, kind, nil) == 1 else {
            EVP_MD_CTX_free(made)
            return nil
        }
        context = made
    }

    deinit { EVP_MD_CTX_free(context) }

    func add(_ bytes: UnsafeRawBufferPointer) { _ = EVP_DigestUpdate(context, bytes.baseAddress, bytes.count) }

    func end() -> [UInt8] {
        var length: UInt32 = 0
        var bytes = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        _ = EVP_DigestFinal_ex(context, &bytes, &length)
        return Array(bytes.prefix(Int(length)))
    }
}
