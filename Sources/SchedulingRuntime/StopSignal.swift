// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

@preconcurrency import Dispatch
import Foundation

/// Hears SIGTERM, by which a service manager or a person asks the process to stop.
enum StopSignal {
    /// Calls `onStop` on SIGTERM instead of dying, until the returned closure is called; after that it is fatal again.
    ///
    /// The default action has to be off for the source to be reached: signal(7), dispatch_source_create(3).
    static func listen(_ onStop: @escaping @Sendable () -> Void) -> (@Sendable () -> Void) {
        signal(SIGTERM, SIG_IGN)
        let source = DispatchSource.makeSignalSource(signal: SIGTERM, queue: DispatchQueue(label: "background.stop"))
        source.setEventHandler(handler: onStop)
        source.resume()
        return {
            source.cancel()
            signal(SIGTERM, SIG_DFL)
        }
    }
}
