// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import CTransferCurl
import CTransferLibcurl
import Dispatch
import Glibc
package import TransfersCore

/// Performs exchanges with libcurl on one thread of its own, on which observers are called.
///
/// The engine ends with its last reference, or by `shutDown`; what is under way then ends as cancelled. A child that was
/// forked has no such thread: there every exchange ends as cancelled.
package final class CurlEngine: ExchangeEngine {
    package struct Configuration: Sendable {
        /// How many exchanges are under way at once, with one host and in all; the others wait for their turn.
        package var exchangesPerHost = 8
        package var exchanges = 64

        package init() {}
    }

    private let inbox: EngineInbox
    private let thread: pthread_t

    package init(_ configuration: Configuration = Configuration()) throws(ExchangeFailure) {
        // Counted, and safe on any thread since 7.84 (curl_global_init(3)): Foundation's URLSession calls it too.
        guard curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK, let multi = curl_multi_init() else {
            throw ExchangeFailure(.engine(Int32(CURLE_FAILED_INIT.rawValue)), detail: "libcurl did not start")
        }
        inbox = EngineInbox(multi: multi)
        let loop = Unmanaged.passRetained(EngineLoop(multi: multi, inbox: inbox, configuration: configuration))
        var thread = pthread_t()
        let number = ctransfer_start_thread(
            &thread, "transfers",
            { context in
                guard let context else { return }
                Unmanaged<EngineLoop>.fromOpaque(context).takeRetainedValue().run()
            }, loop.toOpaque())
        self.thread = thread
        guard number == 0 else {
            _ = inbox.close()
            loop.release()
            curl_multi_cleanup(multi)
            throw ExchangeFailure(.engine(number), detail: "no thread for the engine")
        }
    }

    deinit { shutDown() }

    /// Ends everything as cancelled, and returns when the engine's thread is gone; on that thread itself, at once.
    package func shutDown() {
        guard inbox.post(.stop) else { return }
        if pthread_equal(pthread_self(), thread) != 0 {
            pthread_detach(thread)
        } else {
            pthread_join(thread, nil)
        }
    }

    package func start(
        _ exchange: Exchange, sources: [any OpenFile], sink: (any OpenFile)?, observer: any ExchangeObserver
    ) -> any RunningExchange {
        let order = ExchangeOrder(exchange: exchange, sources: sources, sink: sink, observer: observer)
        let key = inbox.nextKey()
        if !inbox.post(.start(key, order)) {
            // Its caller may hold a lock that the observer wants.
            DispatchQueue.global().async { observer.ended(ExchangeEnd(failure: ExchangeFailure(.cancelled))) }
        }
        return StartedExchange(inbox: inbox, key: key)
    }
}

private struct StartedExchange: RunningExchange {
    let inbox: EngineInbox
    let key: UInt64

    func cancel() {
        _ = inbox.post(.cancel(key))
    }
}
