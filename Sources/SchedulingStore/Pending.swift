// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

package import BackgroundSurroundings
package import SchedulingCore

extension SchedulingStore {
    package func nextEligible(after: WallTime) throws(SchedulingFailure) -> WallTime? { nil }
    package func close() {}
    package func record(_ entry: HistoryEntry) throws(SchedulingFailure) {}
}
