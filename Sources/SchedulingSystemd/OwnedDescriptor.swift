// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

#if os(Linux) && Systemd

import BackgroundSystemCalls
import Glibc

/// A descriptor that is closed with its owner.
struct OwnedDescriptor: ~Copyable {
    let number: Int32

    init(_ number: Int32) { self.number = number }

    // Not tried again after EINTR: on Linux the descriptor is gone then (close(2)).
    deinit { closeDescriptor(number) }
}

#endif
