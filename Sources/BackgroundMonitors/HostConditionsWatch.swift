// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

#if os(Linux)
import BackgroundSurroundings
import Dispatch
import Synchronization

/// Observes again whenever the kernel announces something, and tells of what is different.
///
/// State: `last`, what was told or found at the start, guarded by its mutex; nil once stopped. Observations are made on
/// `queue` alone, so they are told in order, and everything announced during one of them leads to one more.
package final class HostConditionsWatch: ConditionsWatch {
    private let queue = DispatchQueue(label: "background.conditions")
    private let last: Mutex<Conditions?>
    private let observe: @Sendable () -> Conditions
    private let onChange: @Sendable (Conditions) -> Void
    // Dispatch objects may be used from every thread (dispatch_object(3)); the overlay's protocols do not say so.
    private nonisolated(unsafe) let sources: [any DispatchSourceRead]

    package init(
        observe: @escaping @Sendable () -> Conditions, onChange: @escaping @Sendable (Conditions) -> Void,
        events: [KernelEvents]
    ) {
        self.observe = observe
        self.onChange = onChange
        let queue = queue
        sources = events.map { DispatchSource.makeReadSource(fileDescriptor: $0.descriptor, queue: queue) }
        // After the sockets were opened: a change from here on is announced on them.
        last = Mutex(observe())
        for (source, events) in zip(sources, events) {
            source.setEventHandler { [weak self] in self?.drain(events) }
            // dispatch_source_create(3): the descriptor may be closed only after the cancel handler has run, and this
            // handler holds it.
            source.setCancelHandler { _ = events }
            source.activate()
        }
    }

    deinit { stop() }

    /// Ends the watch: no callback begins after this returns, one that has begun still ends.
    package func stop() {
        last.withLock { $0 = nil }
        for source in sources { source.cancel() }
    }

    /// Observes again, soon: for changes that are announced elsewhere (logind's, on the bus).
    package func recheck() {
        queue.async { [weak self] in self?.compare() }
    }

    private func drain(_ events: KernelEvents) {
        switch events.drain() {
        case .nothing: return
        case .change: compare()
        case .broken:
            // A socket that stays readable would call here for ever.
            for source in sources where source.handle == UInt(events.descriptor) { source.cancel() }
            compare()
        }
    }

    private func compare() {
        let fresh = observe()
        let isNews = last.withLock { last in
            guard let known = last else { return false }
            last = fresh
            return !fresh.decideLike(known)
        }
        if isNews { onChange(fresh) }
    }
}
#endif
