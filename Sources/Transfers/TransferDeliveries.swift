// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Dispatch
import Synchronization

/// Which ends are being told right now, and what has to wait for that: a transfer that is begun in the handler of its
/// predecessor is a new one, and must not attach to the end that is about to be forgotten.
final class TransferDeliveries: Sendable {
    // State page: per identifier how many are told of an end, and what is done when the last of them has returned.
    private struct Telling {
        var count = 0
        var afterwards: [@Sendable () -> Void] = []
    }
    private let telling = Mutex<[String: Telling]>([:])

    func begin(_ identifier: String) { telling.withLock { $0[identifier, default: Telling()].count += 1 } }

    func end(_ identifier: String) {
        let afterwards = telling.withLock { telling -> [@Sendable () -> Void] in
            guard var one = telling[identifier] else { return [] }
            one.count -= 1
            telling[identifier] = one.count > 0 ? one : nil
            return one.count > 0 ? [] : one.afterwards
        }
        if afterwards.isEmpty { return }
        // They may write, and call back; this is the session's own thread.
        DispatchQueue.global().async { for action in afterwards { action() } }
    }

    /// False if nothing is being told: it is to be done at once then.
    func waits(_ identifier: String, _ action: @escaping @Sendable () -> Void) -> Bool {
        telling.withLock { telling in
            guard telling[identifier] != nil else { return false }
            telling[identifier]?.afterwards.append(action)
            return true
        }
    }
}
