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
import SchedulingCore

/// A file whose times change after each commit that others may care about. It holds nothing, so a full disk does not
/// silence it.
struct Doorbell: ~Copyable, Sendable {
    private let descriptor: Int32
    let path: String

    init(_ path: String) throws(SchedulingFailure) {
        self.path = path
        descriptor = try openPrivateFile(path)
    }

    deinit { closeDescriptor(descriptor) }

    /// Rings. Best effort: who does not hear it asks the store again in time.
    func ring() { _ = systemCall(.futimens, path) { futimens(descriptor, nil) } }
}
