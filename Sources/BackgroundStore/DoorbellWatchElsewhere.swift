// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

#if !os(Linux)
/// There is no inotify here: nobody is told, and everybody asks again in time.
package final class DoorbellWatch: DoorbellHearing {
    package init?(path: String, onRing: @escaping @Sendable () -> Void) { return nil }

    /// Ends it.
    package func stop() {}
}
#endif
