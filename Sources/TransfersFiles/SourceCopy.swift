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

/// Copies the bytes of a source, within the kernel where it can.
enum SourceCopy {
    private static let step = 8 << 20

    static func copy(_ source: OpenedFile, _ length: Int64, to target: OpenedFile) throws(TransferFailure) {
        // A full disk shows before, not after gigabytes.
        let error = reserve(target, length)
        if length > 0, error != 0, error != ENOTSUP { throw .copying(target.path, error) }
        var left = length
        while left > 0 {
            let copied = copyRange(source, to: target, Int(min(left, Int64(step))))
            if copied == 0 { return }
            if copied > 0 {
                left -= Int64(copied)
                continue
            }
            // On two file systems, or on one that cannot: through here. What failed for another reason fails there, too.
            guard [EXDEV, EINVAL, ENOSYS, EOPNOTSUPP, EPERM].contains(errno) else {
                throw .copying(target.path, errno)
            }
            return try copyByHand(source, left, to: target)
        }
    }

    private static func copyByHand(
        _ source: OpenedFile, _ length: Int64, to target: OpenedFile
    ) throws(TransferFailure) {
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        var left = length
        while left > 0 {
            let wanted = min(buffer.count, Int(min(left, Int64(buffer.count))))
            let got = buffer.withUnsafeMutableBytes { bytes in
                systemCall(.read, source.path, retrying: true) { read(source.descriptor, bytes.baseAddress, wanted) }
            }
            guard got >= 0 else { throw .source(source.path, errno) }
            if got == 0 { return }
            var written = 0
            while written < got {
                let result = buffer.withUnsafeBytes { bytes in
                    systemCall(.write, target.path, retrying: true) {
                        write(target.descriptor, bytes.baseAddress?.advanced(by: written), got - written)
                    }
                }
                guard result > 0 else { throw .copying(target.path, result == 0 ? EIO : errno) }
                written += result
            }
            left -= Int64(got)
        }
    }
}
