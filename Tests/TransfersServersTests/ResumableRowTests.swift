// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Foundation
import Testing
import TransferFixtures
import Transfers
import TransfersCore

@Suite("Resumable uploads to hostile servers, and to those of every draft", .timeLimit(.minutes(5)))
struct ResumableRowTests {
    private let bench = try! ServerBench()
    private static let size: Int64 = 20_000

    private func upload(
        _ order: String, _ creation: ResumableCreation = .automatic
    ) async throws -> (ServerBench.Outcome, ServerLog) {
        let server = try await TestServer("rufh")
        try await server.obey(order)
        let options = ServerBench.options {
            $0.method = .resumable
            $0.resumableCreation = creation
            $0.retry.maximumAttempts = 3
        }
        let sent = try await bench.put(try bench.file(Self.size), to: server.url("/up"), options: options)
        return (sent, try await server.log())
    }

    private static func misbehave(_ orders: String...) -> String {
        #"{"misbehave": [\#(orders.joined(separator: ", "))]}"#
    }

    @Test(
        "row 11: it is whole in the end",
        arguments: [
            misbehave(#"{"on": "create", "do": {"read": 4000, "answer": 500}}"#),
            misbehave(#"{"on": "create", "do": {"first": {"headers": {"Upload-Draft-Interop-Version": "7"}}}}"#),
            misbehave(#"{"on": "create", "do": {"first": null}}"#),
            misbehave(
                #"{"on": "create", "do": {"interim": [{"times": 900, "headers": {"Upload-Draft-Interop-Version": "8", "Upload-Offset": "{n}"}}]}}"#
            ),
            misbehave(#"{"on": "create", "do": {"trailing": [{"headers": {"Upload-Draft-Interop-Version": "8"}}]}}"#),
            misbehave(#"{"on": "create", "do": {"first": {"headers": {"Upload-Limit": "max-size=\"many\""}}}}"#),
            misbehave(#"{"on": "create", "do": {"read": 4000, "then": "reset"}}"#),
        ])
    func survives(order: String) async throws {
        let (sent, log) = try await upload(order)
        #expect(sent.status == 200, "\(sent)")
        // The server keeps all that comes, so had anything been sent again there would be more.
        #expect(log.requests.reduce(0) { $0 + $1.bytes } >= Self.size)
    }

    @Test("row 11: limits that the server tells are kept, and a piece that is too large becomes smaller")
    func limits() async throws {
        let (sent, log) = try await upload(
            Self.misbehave(
                #"{"on": "append", "do": {"status": 413, "headers": {"Upload-Limit": "max-append-size=1000"}}}"#),
            .careful)
        #expect(sent.status == 200, "\(sent)")
        #expect(log.requests.filter { $0.method == "PATCH" && $0.bytes == 1000 }.count == 20)
    }

    @Test(
        "row 11: what the server says to the end ends it, and what makes no sense fails",
        arguments: [
            (#"{"target": {"status": 422}}"#, 422, nil),
            (misbehave(#"{"on": "create", "do": {"answer": 403}}"#), 403, nil),
            (misbehave(#"{"on": "append", "times": 0, "do": {"status": 413}}"#), 413, nil),
            (#"{"limits": {"max-size": 5}}"#, nil, .badAnswer),
            (
                misbehave(#"{"on": "create", "do": {"first": {"headers": {"Upload-Limit": "max-size=5"}}}}"#), nil,
                .badAnswer
            ),
            (#"{"limits": {"max-append-size": 1}}"#, nil, .badAnswer),
            (
                misbehave(
                    #"{"on": "create", "do": {"interim": [{"headers": {"Upload-Draft-Interop-Version": "8", "Location": "/elsewhere"}}]}}"#
                ), nil, .badAnswer
            ),
        ] as [(String, Int?, TransferFailure.Code?)])
    func ends(order: String, status: Int?, code: TransferFailure.Code?) async throws {
        let (sent, log) = try await upload(order, order.contains("append") ? .careful : .automatic)
        #expect((sent.status, sent.failure?.code) == (status, code), "\(sent)")
        #expect(log.requests.count < 10)
    }

    @Test(
        "an upload is cut and goes on where the server is, in every draft",
        arguments: [ResumableInterop.three, .five, .six, .seven, .eight, .final])
    func drafts(interop: ResumableInterop) async throws {
        let name = interop == .final ? "final" : "\(interop.rawValue)"
        let server = try await TestServer("rufh", ["--interop", name])
        let proxy = try await TestServer("proxy", ["--to", "127.0.0.1:\(server.port)"])
        try await proxy.cut("up", after: 1_200_000, each: true)
        let options = ServerBench.options {
            $0.method = .resumable
            $0.resumableInterop = interop
            $0.resumableCreation = .careful
        }
        let sent = try await bench.put(try bench.file(3_000_000), to: proxy.url("/up"), options: options)
        #expect(sent.status.map { (200..<300).contains($0) } == true, "\(sent)")
        let log = try await server.log()
        #expect(log.requests.contains { $0.method == "HEAD" })
        let appends = log.requests.filter { $0.method == "PATCH" }
        var offset: Int64 = 0
        for append in appends where append.bytes > 0 {
            #expect(append.values("upload-offset") == ["\(offset)"])
            offset += append.bytes
        }
        #expect(offset == 3_000_000)
    }

    @Test(
        "who asks what the server speaks uploads in that",
        arguments: [("tusd", "/files/", "PATCH"), ("rufh", "/up", "POST"), ("origin", "/up", "POST")])
    func automatic(program: String, path: String, method: String) async throws {
        let server = try await TestServer(program)
        let options = ServerBench.options { $0.method = .automatic }
        let sent = try await bench.put(try bench.file(2_000_000), to: server.url(path), options: options)
        #expect(sent.status.map { (200..<300).contains($0) } == true, "\(sent)")
        let log = try await server.log()
        #expect(log.requests.first?.method == "OPTIONS")
        let carrier = try #require(log.requests.first { $0.bytes > 0 })
        #expect(log.requests.reduce(0) { $0 + $1.bytes } == 2_000_000)
        #expect(carrier.values("upload-complete").isEmpty == (program != "rufh"))
        #expect(carrier.values("tus-resumable").isEmpty == (program != "tusd"))
        #expect(program == "tusd" || carrier.method == method)
    }
}
