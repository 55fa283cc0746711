// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundMonitors
import BackgroundSurroundings
import Synchronization

/// The time zones of a simulated host: its own one is what the test says, at first UTC; the rules are this machine's,
/// unless the test has made some up.
///
/// State, guarded by its mutex: the choice, what was made up, how often anything changed, and who wants to be told.
package final class SimulatedZones: ZoneSource {
    private struct State {
        var local = "UTC"
        var madeUp: [String: ZoneRules] = [:]
        var changes = 0
        var watchers: [Int: @Sendable () -> Void] = [:]
        var nextID = 0
    }
    private let state = Mutex(State())
    private let others: any ZoneSource

    package init(others: any ZoneSource = SystemZones()) { self.others = others }

    /// The system's zone is another one from now on, and whoever watches is told before this returns.
    package func setLocal(_ identifier: String) throws(ZoneFailure) {
        _ = try rules(for: identifier)
        change { $0.local = identifier }
    }

    /// A zone of that name has these rules from now on: a law was made, or tzdata was updated.
    package func define(_ identifier: String, as rules: ZoneRules) {
        change { $0.madeUp[identifier] = rules }
    }

    private func change(_ body: (inout State) -> Void) {
        let watchers = state.withLock { state in
            body(&state)
            state.changes += 1
            return state.watchers
        }
        for (_, watcher) in watchers.sorted(by: { $0.key < $1.key }) { watcher() }
    }

    /// Every process is gone.
    package func forgetProcesses() { state.withLock { $0.watchers = [:] } }

    // MARK: ZoneSource

    package func rules(for identifier: String?) throws(ZoneFailure) -> ZoneRules {
        let (name, madeUp) = state.withLock { state in
            let name = identifier ?? state.local
            return (name, state.madeUp[name])
        }
        if let madeUp { return madeUp }
        return try others.rules(for: name)
    }

    package func localIdentity() -> String { state.withLock { "\($0.local) after \($0.changes) changes" } }

    package func watch(_ onChange: @escaping @Sendable () -> Void) -> (any ZoneWatch)? {
        let id = state.withLock { state in
            state.nextID += 1
            state.watchers[state.nextID] = onChange
            return state.nextID
        }
        return Watch { [weak self] in self?.state.withLock { $0.watchers[id] = nil } }
    }

    private final class Watch: ZoneWatch {
        private let onStop: @Sendable () -> Void
        init(onStop: @escaping @Sendable () -> Void) { self.onStop = onStop }
        deinit { onStop() }
        func stop() { onStop() }
    }
}
