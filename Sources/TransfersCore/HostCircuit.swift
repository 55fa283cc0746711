// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

package import BackgroundSurroundings

/// Whether a host is asked at all: after failures in a row it is left alone for a while, whoever wants something of it.
///
/// So a thousand queued transfers do not hammer a server that is down: one of them tries, the others wait for it.
package struct HostCircuit: Sendable, Equatable {
    /// What a host did.
    package enum Word: Sendable, Equatable {
        /// It answered, with whatever.
        case answered
        /// It asked to be left alone until then.
        case busy(until: WallTime)
        /// It could not be reached, or failed (5xx).
        case failed
    }

    /// Failures in a row after which the circuit opens.
    package static let threshold = 3
    package static let firstPause: Duration = .seconds(5)
    package static let longestPause: Duration = .seconds(300)

    package private(set) var failures = 0
    /// Nobody asks before, and then one alone until it has answered.
    package private(set) var closedUntil: WallTime?

    package init() {}

    package var isOpen: Bool { closedUntil != nil }

    package mutating func note(_ word: Word, now: WallTime) {
        switch word {
        case .answered:
            failures = 0
            closedUntil = nil
        case .busy(let until):
            closedUntil = max(until, closedUntil ?? until)
        case .failed:
            failures += 1
            guard failures >= Self.threshold else { return }
            let doublings = min(failures - Self.threshold, 10)
            let pause = min(Self.firstPause * (1 << doublings), Self.longestPause)
            let until = now.advanced(by: pause)
            closedUntil = max(until, closedUntil ?? until)
        }
    }

    package mutating func clockMoved(by duration: Duration) {
        closedUntil = closedUntil?.moved(by: duration)
    }

    /// How many may talk to it at once, of at most `limit`.
    package func places(of limit: Int, now: WallTime) -> Int {
        guard let closedUntil else { return limit }
        return now < closedUntil ? 0 : min(1, limit)
    }
}
