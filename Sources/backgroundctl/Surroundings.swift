// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundControl
import BackgroundMonitors
import BackgroundSurroundings
import Foundation

/// Who calls, where from, and what was asked for.
struct Surroundings: Sendable {
    let invocation: Invocation
    let environment: [String: String]
    let facts: HostFacts
    let isTerminal: Bool
    let clocks = SystemClocks()

    init(_ invocation: Invocation) {
        self.invocation = invocation
        environment = ProcessInfo.processInfo.environment
        facts = HostFacts.current()
        isTerminal = isatty(1) == 1
    }

    var uid: UInt32 { facts.userID }

    /// As the library chooses it.
    var scope: Invocation.Scope { invocation.scope ?? (uid == 0 ? .system : .user) }

    /// The size is asked anew: it may have changed.
    var terminal: Terminal {
        Terminal(
            isTerminal: isTerminal, columns: size?.columns, choice: invocation.color, environment: environment)
    }

    var size: (columns: Int, lines: Int)? {
        var window = winsize()
        guard ioctl(1, UInt(TIOCGWINSZ), &window) == 0, window.ws_col > 0, window.ws_row > 0 else { return nil }
        return (Int(window.ws_col), Int(window.ws_row))
    }

    var now: WallTime { clocks.now().wall }

    var time: InstantText { InstantText(now: now, zone: .current) }
}
