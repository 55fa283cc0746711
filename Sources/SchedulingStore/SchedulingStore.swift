// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

package import BackgroundSurroundings
package import SchedulingCore

/// The requests, occurrences and history of one app, in one SQLite file that several processes share.
///
/// Every call blocks, may be made on any thread, and is at most one durable commit.
package final class SchedulingStore: Sendable {
    package init(
        directory: StateDirectory, machine: String, boot: String, pid: Int32, busyTimeout: Duration = .seconds(5),
        historyLimit: Int = 10_000, vfs: String? = nil
    ) throws(SchedulingFailure) { throw unfinished }

    package func submit(_ requests: [NewRequest], limits: RequestLimits, now: WallTime, relying: WakeupReliance)
        throws(SchedulingFailure) -> SubmitResult { throw unfinished }
    package func wakeup() throws(SchedulingFailure) -> ArmedWakeup? { throw unfinished }
    package func outlook() throws(SchedulingFailure) -> Outlook { throw unfinished }
    package func recordWakeup(_ armed: ArmedWakeup?, ifOutlookIs check: (Outlook) -> Bool)
        throws(SchedulingFailure) -> Bool { throw unfinished }
    package func withArmingLock<R>(_ body: () throws(SchedulingFailure) -> R) throws(SchedulingFailure) -> R {
        throw unfinished
    }
    package func becomeOwner(
        resident: Bool, launch instance: String?, now: WallTime, retry: (Occurrence) -> RecoveryDecision
    ) throws(SchedulingFailure) -> Recovery { throw unfinished }
    package func launchHandled(now: WallTime) throws(SchedulingFailure) { throw unfinished }
    package func hasLiveResident() throws(SchedulingFailure) -> Bool { throw unfinished }
    package func resignResident() throws(SchedulingFailure) { throw unfinished }
    package func due(now: WallTime, includingWaiting: Bool, limit: Int) throws(SchedulingFailure) -> [Occurrence] {
        throw unfinished
    }
    package func claim(_ ids: [Int64], now: WallTime) throws(SchedulingFailure) -> [Occurrence] { throw unfinished }
    package func finish(_ ends: [RunEnd]) throws(SchedulingFailure) { throw unfinished }
    package func postpone(_ items: [Postponement]) throws(SchedulingFailure) { throw unfinished }
    package func markCut(_ ids: [Int64], reason: ExpirationReason) throws(SchedulingFailure) { throw unfinished }
    package func reanchor(now: WallTime, implausible: Duration) throws(SchedulingFailure) -> [HistoryEntry] {
        throw unfinished
    }
    package func pending() throws(SchedulingFailure) -> [PendingRequest] { throw unfinished }
    package func occurrences(identifier: String?) throws(SchedulingFailure) -> [LiveOccurrence] { throw unfinished }
    package func cancel(identifier: String?, now: WallTime) throws(SchedulingFailure) -> Int { throw unfinished }
    package func requestStop(identifier: String, reason: ExpirationReason) throws(SchedulingFailure) -> Int {
        throw unfinished
    }
    package func stopRequests() throws(SchedulingFailure) -> [(occurrence: Int64, reason: ExpirationReason)] {
        throw unfinished
    }
    package func history(identifier: String?, limit: Int) throws(SchedulingFailure) -> [HistoryEntry] {
        throw unfinished
    }
    package func dataVersion() throws(SchedulingFailure) -> Int64 { throw unfinished }
    package func watch(_ onRing: @escaping @Sendable () -> Void) -> DoorbellWatch? { nil }
}

private let unfinished = SchedulingFailure(.storeFailed, doing: "use", subject: "", cause: "unfinished", remedy: "")

package struct StateDirectory: Sendable {
    package let path: String
    package static func resolve(explicit: String?, appIdentifier: String, environment: [String: String])
        throws(SchedulingFailure) -> StateDirectory { throw unfinished }
}

/// A running watch on the doorbell; it ends with its last reference, or by `stop()`.
package final class DoorbellWatch: Sendable {
    package func stop() {}
}
