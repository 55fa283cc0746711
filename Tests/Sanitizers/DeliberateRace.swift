// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Dispatch
import Synchronization

/// A real race, beside a lock that is fought for: the first has to be found, the second is no race.
final class Shared: Sendable {
    nonisolated(unsafe) var unguarded = 0
    let guarded = Mutex(0)
}

@main
struct DeliberateRace {
    static func main() {
        let shared = Shared()
        DispatchQueue.concurrentPerform(iterations: 8) { _ in
            for _ in 0..<20_000 {
                shared.guarded.withLock { $0 += 1 }
                shared.unguarded += 1
            }
        }
        print(shared.guarded.withLock { $0 }, shared.unguarded)
    }
}
