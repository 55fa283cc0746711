// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Foundation
import Synchronization

/// A program that submits and ends at once has said so in the journal all the same: what waits is told at exit(3).
enum EventsAtExit {
    private final class Reference: Sendable {
        private nonisolated(unsafe) weak var hub: EventHub?  // weak references may be read from any thread
        init(_ hub: EventHub) { self.hub = hub }
        var value: EventHub? { hub }
    }
    private static let hubs = Mutex<[Reference]>([])
    private static let isRegistered: Void = {
        _ = atexit { for hub in EventsAtExit.hubs.withLock(\.self) { hub.value?.flushAtExit() } }
    }()

    static func deliver(from hub: EventHub) {
        _ = isRegistered
        hubs.withLock { hubs in
            hubs.removeAll { $0.value == nil }
            if !hubs.contains(where: { $0.value === hub }) { hubs.append(Reference(hub)) }
        }
    }
}
