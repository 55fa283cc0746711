// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// The calls into the kernel and libsystemd that can fail for reasons outside the program, by their names.
package enum SystemCall: String, Hashable, Sendable, CaseIterable {
    case open, close, read, write, fsync, rename, unlink, mkdir, lstat, access, fchmod, opendir, futimens, statfs
    case fstat, link, ftruncate, fdatasync, fallocate, renameNew, cloneFile, copyRange
    /// The locks of an opening (fcntl_locking(2)).
    case lock, testLock
    case inotifyInit, inotifyAddWatch
    /// The doorbell, opened and closed.
    case ring
    /// sd-bus.
    case busOpen, busReady, busCall, busProcess, busWait
}

/// Makes a call that reports failure by -1 and errno. The one seam through which the adapters reach the kernel: a test's
/// `FaultScript` may have it fail instead; in production it costs the look at one flag.
///
/// - Parameter retrying: again after EINTR; not for `close`, which on Linux has closed all the same (close(2)).
package func systemCall<Result: FixedWidthInteger & SignedInteger>(
    _ call: SystemCall, _ subject: @autoclosure () -> String, retrying: Bool = false, _ body: () -> Result
) -> Result {
    while true {
        let result: Result
        if FaultScript.isInUse, let script = FaultScript.current {
            result = script.perform(call, subject(), body)
        } else {
            result = body()
        }
        if result != -1 || !retrying || errno != EINTR { return result }
    }
}

/// The same for what reports failure by a negative errno, as libsystemd does.
package func systemCall(
    _ call: SystemCall, _ subject: @autoclosure () -> String, negated body: () -> Int32
) -> Int32 {
    guard FaultScript.isInUse, let script = FaultScript.current else { return body() }
    var told: Int32 = 0
    let result = script.perform(call, subject()) { () -> Int32 in
        told = body()
        return told >= 0 ? told : -1
    }
    if result >= 0 { return result }
    return told < 0 ? told : -errno
}

/// Closes a descriptor; what that reports is of no use to anybody (close(2)).
package func closeDescriptor(_ descriptor: Int32) {
    guard FaultScript.isInUse, let script = FaultScript.current else {
        close(descriptor)
        return
    }
    script.close(descriptor) { close(descriptor) }
}
