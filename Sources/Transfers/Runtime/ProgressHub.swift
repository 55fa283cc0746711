// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Synchronization
internal import TransfersCore

/// Who wants to know how far which transfer is.
final class ProgressHub: Sendable {
    private struct State {
        var number: UInt64 = 0
        var followers: [String: [UInt64: AsyncStream<TransferProgress>.Continuation]] = [:]
        var latest: [String: TransferProgress] = [:]
    }
    private let state = Mutex(State())

    /// Those that somebody follows.
    var followed: [String] { state.withLock { Array($0.followers.keys) } }

    func follow(_ identifier: String) -> (AsyncStream<TransferProgress>, AsyncStream<TransferProgress>.Continuation) {
        let (stream, continuation) = AsyncStream.makeStream(
            of: TransferProgress.self, bufferingPolicy: .bufferingNewest(1))
        let number = state.withLock { state in
            state.number += 1
            state.followers[identifier, default: [:]][state.number] = continuation
            return state.number
        }
        continuation.onTermination = { [weak self] _ in
            self?.state.withLock { state in
                state.followers[identifier]?[number] = nil
                if state.followers[identifier]?.isEmpty == true {
                    state.followers[identifier] = nil
                    state.latest[identifier] = nil
                }
            }
        }
        return (stream, continuation)
    }

    /// Costs a look where nobody follows. What is known already is not told again.
    func tell(_ identifier: String, _ progress: () -> TransferProgress) {
        let continuations: [AsyncStream<TransferProgress>.Continuation] = state.withLock { state in
            state.followers[identifier].map { Array($0.values) } ?? []
        }
        if continuations.isEmpty { return }
        let progress = progress()
        let isNews = state.withLock { state in
            defer { state.latest[identifier] = progress }
            return state.latest[identifier] != progress
        }
        if !isNews { return }
        for continuation in continuations {
            continuation.yield(progress)
            if progress.state == .ended { continuation.finish() }
        }
    }
}
