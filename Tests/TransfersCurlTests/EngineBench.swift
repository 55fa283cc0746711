// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import TransferFixtures
import TransfersCore
import TransfersCurl

/// An engine, a scratch folder, and one exchange after the other.
struct EngineBench {
    let engine: CurlEngine
    let scratch: ScratchFolder

    init(_ configuration: CurlEngine.Configuration = CurlEngine.Configuration()) throws {
        engine = try CurlEngine(configuration)
        scratch = try ScratchFolder()
    }

    /// Performs it to its end.
    func perform(
        _ exchange: Exchange, sources: [FixtureFile] = [], sink: FixtureFile? = nil,
        _ observer: ExchangeRecorder = ExchangeRecorder()
    ) async -> ExchangeEnd {
        let running = engine.start(exchange, sources: sources, sink: sink, observer: observer)
        let end = await observer.end()
        running.cancel()  // changes nothing any more
        return end
    }

    /// Nobody waits a minute.
    static func get(_ url: String, stall: Int = 30) -> Exchange {
        var exchange = Exchange("GET", url)
        exchange.limits.stall = stall
        exchange.limits.connect = 20
        return exchange
    }
}

/// A program that serves a whole suite, started by the first test that asks.
final class SharedServer: Sendable {
    private let starting: Task<TestServer, any Error>

    init(_ program: String, _ arguments: [String] = [], script: String? = nil) {
        starting = Task {
            let server = try await TestServer(program, arguments)
            if let script { try await server.follow(script: script) }
            return server
        }
    }

    var server: TestServer {
        get async throws { try await starting.value }
    }
}
