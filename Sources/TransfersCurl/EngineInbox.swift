// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import CTransferLibcurl
import Glibc
import Synchronization

/// What other threads leave for the engine's thread.
final class EngineInbox: Sendable {
    enum Command: Sendable {
        case start(UInt64, ExchangeOrder)
        case cancel(UInt64)
        /// Everything below `offset` is on stable storage, unless `number` is an errno.
        case synced(UInt64, offset: Int64, number: Int32, microseconds: Int64)
        case stop
    }

    private struct State {
        var commands: [Command] = []
        var isOpen = true
        var isStopping = false
    }

    /// The mutex guards the commands, and that the multi handle lives while it is woken.
    private let state = Mutex(State())
    private let keys = Atomic<UInt64>(0)
    private let process = getpid()
    // "can be called from any thread" (curl_multi_wakeup(3)); all other use is the engine thread's.
    private nonisolated(unsafe) let multi: UnsafeMutableRawPointer

    init(multi: UnsafeMutableRawPointer) {
        self.multi = multi
    }

    func nextKey() -> UInt64 {
        keys.add(1, ordering: .relaxed).newValue
    }

    /// False if the engine has stopped, or belongs to the process that this one was forked from: there the mutex may be
    /// held for ever.
    func post(_ command: Command) -> Bool {
        guard getpid() == process else { return false }
        return state.withLock { state in
            guard state.isOpen, !state.isStopping || !command.isOrder else { return false }
            if case .stop = command { state.isStopping = true }
            state.commands.append(command)
            if state.commands.count == 1 { curl_multi_wakeup(multi) }
            return true
        }
    }

    func take() -> [Command] {
        state.withLock { state in
            let commands = state.commands
            state.commands = []
            return commands
        }
    }

    /// Nothing is accepted afterwards; what was is returned.
    func close() -> [Command] {
        state.withLock { state in
            state.isOpen = false
            let commands = state.commands
            state.commands = []
            return commands
        }
    }
}

extension EngineInbox.Command {
    /// What comes from outside, not from the engine's own parts.
    fileprivate var isOrder: Bool {
        switch self {
        case .start, .stop: true
        case .cancel, .synced: false
        }
    }
}
