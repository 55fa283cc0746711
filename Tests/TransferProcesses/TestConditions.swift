// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

package import BackgroundSurroundings
import Synchronization

/// Conditions that a test sets; until then there is a network, and nothing else is known.
package final class TestConditions: ConditionsSource {
    private struct State {
        var conditions = Conditions(network: Observed(.online, source: "test", at: .epoch))
        var watchers: [@Sendable (Conditions) -> Void] = []
    }
    private let state = Mutex(State())

    package init() {}

    package func set(_ change: (inout Conditions) -> Void) {
        let (conditions, watchers) = state.withLock { state in
            change(&state.conditions)
            return (state.conditions, state.watchers)
        }
        for watcher in watchers { watcher(conditions) }
    }

    package func set(network: NetworkState) {
        set { $0.network = Observed(network, source: "test", at: .epoch) }
    }

    package func observe(_ kinds: ConditionKinds) -> Conditions { state.withLock(\.conditions).only(kinds) }

    package func watch(_ onChange: @escaping @Sendable (Conditions) -> Void) -> any ConditionsWatch {
        state.withLock { $0.watchers.append(onChange) }
        return Watch(source: self)
    }

    private final class Watch: ConditionsWatch {
        let source: TestConditions
        init(source: TestConditions) { self.source = source }
        func observe(_ kinds: ConditionKinds) -> Conditions { source.observe(kinds) }
        func narrow(to kinds: ConditionKinds) {}
        func stop() {}
    }
}
