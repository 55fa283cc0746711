// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

#if os(Linux)
import Dispatch

/// Tells of what the kernel announces, on a queue, until its last reference is let go.
final class KernelListener: Sendable {
    // Dispatch objects may be used from every thread (dispatch_object(3)); the overlay's protocols do not say so.
    private nonisolated(unsafe) let source: any DispatchSourceRead

    init(_ events: KernelEvents, on queue: DispatchQueue, _ onEvent: @escaping @Sendable () -> Void) {
        source = DispatchSource.makeReadSource(fileDescriptor: events.descriptor, queue: queue)
        source.setEventHandler { [weak self] in self?.drain(events, onEvent) }
        // dispatch_source_create(3): the descriptor may be closed only after the cancel handler has run, and this
        // handler holds it.
        source.setCancelHandler { _ = events }
        source.activate()
    }

    deinit { source.cancel() }

    private func drain(_ events: KernelEvents, _ onEvent: @Sendable () -> Void) {
        switch events.drain() {
        case .nothing: return
        case .change: onEvent()
        case .broken:
            source.cancel()  // a socket that stays readable would call here for ever
            onEvent()
        }
    }
}
#endif
