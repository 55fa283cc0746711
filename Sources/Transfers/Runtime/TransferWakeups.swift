// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

package import BackgroundSurroundings

/// The scheduled task of each session: what brings the program back for its transfers.
package protocol TransferWakeups: Sendable {
    /// Has `run` called when the task of this session is launched. It returns when nothing is left to do now; it is
    /// cancelled when it has to stop.
    func register(session: String, run: @escaping @Sendable () async -> Void)

    /// Whether this process runs the task itself when it is due.
    var runHere: Bool { get }

    /// Schedules the task of a session in place of what was scheduled before, durably; nil: not at all. Blocks.
    func schedule(session: String, at instant: WallTime?, requiresNetwork: Bool) throws
}
