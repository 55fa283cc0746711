// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

#if os(Linux) && Systemd

import SchedulingCore
import Synchronization

/// One lock of logind: it is held as long as its descriptor is open (org.freedesktop.login1(5), "Inhibit()").
final class LogindInhibitor: HeldInhibitor {
    private let descriptor: Mutex<OwnedDescriptor?>

    init(_ descriptor: consuming OwnedDescriptor) { self.descriptor = Mutex(descriptor) }

    func release() { descriptor.withLock { $0 = nil } }
}

extension LogindHost: InhibitorPort {
    package func inhibit(_ kinds: [Inhibition], why: String) -> InhibitorAnswer {
        var answer = InhibitorAnswer()
        for kind in kinds {
            // Only idleness can be blocked by everybody; sleep and shutdown that somebody asked for are delayed.
            switch inhibitor(kind.rawValue, mode: kind == .idle ? "block" : "delay", why: why) {
            case .success(let lock): answer.held.append(lock)
            case .failure(let error):
                answer.refusals.append("no lock on \(kind.rawValue) from logind: " + error.cause)
                // Whatever the error's name: without polkit it is the one of whoever failed to start polkit.
                if isThere { answer.wasDenied = true }
            }
        }
        return answer
    }
}

#endif
