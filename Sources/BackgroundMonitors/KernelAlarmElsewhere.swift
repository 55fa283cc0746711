// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

#if !os(Linux)
import BackgroundSurroundings

/// There are no timers of the kernel here that a thread could wait for on both clocks.
final class KernelAlarm: Alarm {
    init?(_ action: @escaping @Sendable () -> Void) { return nil }

    func set(wall: WallTime?, awake: Int64?) {}
}
#endif
