// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSurroundings
import Dispatch

/// A wait of the tool's own main thread, between two looks.
struct Pause {
    private let clocks: any TimeSource

    init(_ clocks: any TimeSource) { self.clocks = clocks }

    func wait(_ duration: Duration) {
        let isOver = DispatchSemaphore(value: 0)
        let alarm = clocks.makeAlarm { isOver.signal() }
        alarm.set(wall: nil, awake: clocks.now().awake(after: duration))
        isOver.wait()
    }
}
