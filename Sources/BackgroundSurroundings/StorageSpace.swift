// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

/// How much space a file system has left.
public struct StorageSpace: Hashable, Sendable {
    /// What is free for this user, in bytes.
    public let available: Int64
    /// How large the file system is, in bytes.
    public let capacity: Int64
    /// Whether little is left: lost at 5 percent or 500 MiB, whichever is less; met again a fifth above that.
    public let isLow: Bool

    /// Nil for a file system without a size, as some virtual ones are.
    package init?(available: Int64, capacity: Int64, before: StorageSpace?) {
        guard capacity > 0 else { return nil }
        self.available = min(max(0, available), capacity)
        self.capacity = capacity
        isLow = StorageSpace.hysteresis(capacity).isLow(Double(self.available), wasLow: before?.isLow)
    }

    package var hysteresis: Hysteresis { StorageSpace.hysteresis(capacity) }

    private static func hysteresis(_ capacity: Int64) -> Hysteresis {
        let lost = min(Double(capacity) / 20, 500 * 1024 * 1024)
        return Hysteresis(lost: lost, met: lost * 1.2)
    }
}
