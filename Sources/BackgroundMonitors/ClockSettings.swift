// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

#if os(Linux)
import CBackgroundLinux
import Dispatch
import Glibc

/// Tells when somebody sets the wall clock. It wakes the process then and never else.
final class ClockSettings: Sendable {
    // Dispatch objects may be used from every thread (dispatch_object(3)); the overlay's protocols only do not say so.
    private nonisolated(unsafe) let source: any DispatchSourceRead

    init?(_ onSet: @escaping @Sendable () -> Void) {
        let descriptor = cbackground_open_clock_settings()
        guard descriptor >= 0 else { return nil }
        source = DispatchSource.makeReadSource(
            fileDescriptor: descriptor, queue: DispatchQueue(label: "background.clock"))
        source.setEventHandler { [weak self] in
            switch cbackground_drain_clock_settings(descriptor) {
            case 1: onSet()
            case 0: break
            default: self?.source.cancel()
            }
        }
        source.setCancelHandler { close(descriptor) }
        source.activate()
    }

    deinit { source.cancel() }
}
#endif
