// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import CTransferCurl
import CTransferLibcurl
internal import TransfersCore

/// What the engine's thread does; everything here happens on it.
final class EngineLoop {
    private let multi: UnsafeMutableRawPointer
    private let inbox: EngineInbox
    private let buffers = ctransfer_buffers_new()
    private let synchronizer: Synchronizer
    private var admission: Admission
    private var exchanges: [UInt64: ActiveExchange] = [:]
    private var isStopping = false

    init(multi: UnsafeMutableRawPointer, inbox: EngineInbox, configuration: CurlEngine.Configuration) {
        self.multi = multi
        self.inbox = inbox
        synchronizer = Synchronizer(inbox: inbox)
        admission = Admission(perHost: configuration.exchangesPerHost, inAll: configuration.exchanges)
    }

    deinit { ctransfer_buffers_free(buffers) }

    func run() {
        while true {
            inbox.take().forEach(perform)
            if isStopping { break }
            admit()
            if admission.running > 0 {
                var running: Int32 = 0
                curl_multi_perform(multi, &running)
                collect()
                admit()
            }
            // A second at most while something runs: stalls are seen only when libcurl looks at its handles.
            curl_multi_poll(multi, nil, 0, admission.running > 0 ? 1000 : 3_600_000, nil)
        }
        for exchange in exchanges.values.sorted(by: { $0.key < $1.key }) { cancel(exchange) }
        synchronizer.finish()
        inbox.close().forEach(perform)
        curl_multi_cleanup(multi)
    }

    private func perform(_ command: EngineInbox.Command) {
        switch command {
        case .start(let key, let order):
            let exchange = ActiveExchange(key: key, order: order, synchronizer: synchronizer)
            exchanges[key] = exchange
            if isStopping {
                finish(exchange, ExchangeFailure(.cancelled))
            } else if let refusal = exchange.refusal {
                finish(exchange, refusal)
            } else {
                exchange.turn = .waiting
                admission.add(key, host: exchange.host)
            }
        case .cancel(let key):
            if let exchange = exchanges[key] { cancel(exchange) }
        case .synced(let key, let offset, let number, let microseconds):
            guard let exchange = exchanges[key] else { return }
            if let failure = exchange.synced(upTo: offset, number: number, microseconds: microseconds) {
                finish(exchange, failure)
            }
            settle(exchange)
        case .stop:
            isStopping = true
        }
    }

    private func admit() {
        while let key = admission.next() { begin(key) }
    }

    private func begin(_ key: UInt64) {
        guard let exchange = exchanges[key] else { return }
        exchange.turn = .running
        if exchange.isOver {  // while it waited
            settle(exchange)
            return
        }
        if let failure = exchange.prepare(buffers) {
            finish(exchange, failure)
        } else if let easy = exchange.easy {
            let code = curl_multi_add_handle(multi, easy)
            if code != CURLM_OK { finish(exchange, ExchangeFailure(.engine(code.rawValue))) }
        }
    }

    private func collect() {
        var code: Int32 = 0
        while let easy = ctransfer_multi_ended(multi, &code) {
            var context: UnsafeMutableRawPointer?
            _ = ctransfer_get_pointer(easy, Int32(CURLINFO_PRIVATE.rawValue), &context)
            guard let context else { continue }
            let exchange = Unmanaged<ActiveExchange>.fromOpaque(context).takeUnretainedValue()
            if exchange.takesAnotherConnection() {
                curl_multi_remove_handle(multi, easy)
                if curl_multi_add_handle(multi, easy) == CURLM_OK { continue }
            }
            finish(exchange, exchange.failure(code: CURLcode(UInt32(bitPattern: code))))
        }
    }

    private func cancel(_ exchange: ActiveExchange) {
        finish(exchange, ExchangeFailure(.cancelled))
    }

    /// The first call counts: the exchange leaves libcurl, and waits only for what is being made durable.
    private func finish(_ exchange: ActiveExchange, _ failure: ExchangeFailure?) {
        guard !exchange.isOver else { return }
        if let easy = exchange.easy { curl_multi_remove_handle(multi, easy) }
        exchange.close(with: failure)
        settle(exchange)
    }

    private func settle(_ exchange: ActiveExchange) {
        guard exchange.isOver, !exchange.isSyncing else { return }
        exchange.tellEnd()
        switch exchange.turn {
        case .none: break
        case .waiting: return  // its turn comes, and passes it by
        case .running: admission.end(host: exchange.host)
        }
        exchanges[exchange.key] = nil
    }
}
