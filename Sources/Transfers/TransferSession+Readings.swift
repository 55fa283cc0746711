// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundMonitors
internal import BackgroundSurroundings
import Foundation

extension TransferSession {
    /// Progress with its rate.
    func readings(_ identifier: String) -> AsyncStream<TransferStatus.Progress> {
        let source = progress(identifier)
        let (stream, continuation) = AsyncStream.makeStream(
            of: TransferStatus.Progress.self, bufferingPolicy: .bufferingNewest(1))
        let reader = Task {
            var rate = TransferRate()
            for await reading in source {
                let speed = rate.note(reading.completed, at: SystemClocks().now())
                continuation.yield(
                    TransferStatus.Progress(
                        completedBytes: reading.completed, totalBytes: reading.total,
                        bytesPerSecond: reading.state == .running ? speed : nil, state: .init(reading.state)))
            }
            continuation.finish()
        }
        continuation.onTermination = { _ in reader.cancel() }
        return stream
    }

    /// Keeps `progress` up to date until the transfer ends or nobody has it any more.
    func follow(_ identifier: String, with progress: Progress) {
        progress.isCancellable = true
        progress.isPausable = true
        progress.cancellationHandler = { self.cancel(identifier) }
        progress.pausingHandler = { self.pause(identifier) }
        progress.resumingHandler = { self.resume(identifier) }
        let source = self.progress(identifier)
        Task { [weak progress] in
            for await reading in source {
                guard let progress else { return }
                progress.totalUnitCount = reading.total ?? -1
                progress.completedUnitCount = reading.completed
            }
        }
    }
}

/// How fast bytes flow: over the readings of the last few seconds, the newer ones counting more.
struct TransferRate {
    private var last: (bytes: Int64, moment: Moment)?
    private var speed: Double?
    /// Seconds after which a reading counts for a third.
    private static let memory = 3.0

    /// Bytes a second; nil for a first reading.
    mutating func note(_ bytes: Int64, at now: Moment) -> Double? {
        defer { last = (bytes, now) }
        guard let last else { return nil }
        let seconds = Double(now.awake - last.moment.awake) / 1_000_000
        guard seconds > 0 else { return speed }
        let fresh = max(0, Double(bytes - last.bytes)) / seconds
        let weight = min(1, seconds / Self.memory)
        speed = speed.map { $0 + (fresh - $0) * weight } ?? fresh
        return speed
    }
}
