// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Foundation
import Testing
import TransferFixtures
import Transfers
import TransfersCore

@Suite("Uploads that are cancelled are removed at the server", .timeLimit(.minutes(5)))
struct RemovalTests {
    private let bench = try! ServerBench()

    @Test(
        "one that waits after a cut is removed by its own protocol, before its handler hears of the end",
        arguments: [("tusd", "PATCH"), ("rufh", "append")])
    func waiting(program: String, append: String) async throws {
        let server = try await TestServer(program)
        try await server.obey(#"{"misbehave": [{"on": "\#(append)", "do": {"read": 1000000, "then": "reset"}}]}"#)
        let request = try ServerBench.request(server.url("/files/"))
        let options = ServerBench.options {
            $0.method = program == "tusd" ? .tus : .resumable
            $0.retry = ServerBench.patient
        }
        let file = try bench.file(9_000_000)
        async let outcome = bench.uploader.networkResponse(from: request, uploading: file, with: "u", options: options)
        _ = try await bench.status(of: "u") { if case .waiting(.retry, _) = $0.state { true } else { false } }
        try await bench.uploader.cancel("u")
        guard case .failed = await outcome else { return #expect(Bool(false), "it was not cancelled") }
        let last = try #require(try await server.log().requests.last)
        #expect(last.method == "DELETE" && last.answered == [204])
        #expect(last.target.hasSuffix(program == "tusd" ? "/files/u1" : "/uploads/r1"))
        #expect(try await bench.uploader.transfers().isEmpty)
    }

    @Test("one that was paused in an earlier launch is removed in this one", arguments: ["tusd", "rufh"])
    func paused(program: String) async throws {
        let server = try await TestServer(program)
        let append = program == "tusd" ? "PATCH" : "append"
        try await server.obey(#"{"misbehave": [{"on": "\#(append)", "do": {"read": 1000000, "then": "reset"}}]}"#)
        let request = try ServerBench.request(server.url("/files/"))
        let options = ServerBench.options {
            $0.method = program == "tusd" ? .tus : .resumable
            $0.retry = ServerBench.patient
        }
        let file = try bench.file(9_000_000)
        await bench.uploader.beginUpload(of: file, with: request, identifier: "u", options: options) { _, _ in }
        _ = try await bench.status(of: "u") { if case .waiting(.retry, _) = $0.state { true } else { false } }
        try await bench.uploader.pause("u")
        let heir = try bench.relaunched()
        async let outcome = heir.uploader.networkResponse(from: request, uploading: file, with: "u", options: options)
        try await heir.uploader.cancel("u")
        guard case .failed = await outcome else { return #expect(Bool(false), "it was not cancelled") }
        #expect(try await server.log().requests.last?.method == "DELETE")
    }
}
