// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Foundation
import Testing
import TransferFixtures
import Transfers
import TransfersCore

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

@Suite("Uploads that are cancelled are removed at the server", .timeLimit(.minutes(5)))
struct RemovalTests {
    private let bench = try! ServerBench()

    /// An upload by a program's own protocol, whose first append is cut; the server does all this besides.
    private func cut(
        _ program: String, _ orders: String...
    ) async throws -> (server: TestServer, request: URLRequest, options: TransferOptions, file: URL) {
        let server = try await TestServer(program)
        let append = program == "tusd" ? "PATCH" : "append"
        // libcurl may take the cut for a stale connection and send again at once; how far it came nobody can ask.
        let cut = [
            #"{"on": "\#(append)", "do": {"read": 1000000, "then": "reset"}}"#,
            #"{"on": "HEAD", "times": 0, "do": {"status": 503}}"#,
        ]
        try await server.obey(#"{"misbehave": [\#((cut + orders).joined(separator: ", "))]}"#)
        let options = ServerBench.options {
            $0.method = program == "tusd" ? .tus : .resumable
            $0.retry = ServerBench.patient
        }
        return (server, try ServerBench.request(server.url("/files/")), options, try bench.file(9_000_000))
    }

    private func waits() async throws {
        _ = try await bench.status(of: "u") { if case .waiting(.retry, _) = $0.state { true } else { false } }
    }

    @Test(
        "one that waits after a cut is removed by its own protocol, before its handler hears of the end; a server that holds on to it is asked again",
        arguments: [("tusd", 423), ("rufh", 409)])
    func waiting(program: String, held: Int) async throws {
        let upload = try await cut(program, #"{"on": "DELETE", "do": {"status": \#(held)}}"#)
        async let outcome = bench.uploader.networkResponse(
            from: upload.request, uploading: upload.file, with: "u", options: upload.options)
        try await waits()
        try await bench.uploader.cancel("u")
        guard case .failed = await outcome else { return #expect(Bool(false), "it was not cancelled") }
        let last = try await upload.server.log().requests.suffix(2)
        #expect(last.map(\.method) == ["DELETE", "DELETE"] && last.map(\.answered) == [[held], [204]])
        #expect(last.allSatisfy { $0.target.hasSuffix(program == "tusd" ? "/files/u1" : "/uploads/r1") })
        #expect(try await bench.uploader.transfers().isEmpty)
    }

    @Test("one that was paused in an earlier launch is removed in this one", arguments: ["tusd", "rufh"])
    func paused(program: String) async throws {
        let upload = try await cut(program)
        await bench.uploader.beginUpload(
            of: upload.file, with: upload.request, identifier: "u", options: upload.options
        ) { _, _ in }
        try await waits()
        try await bench.uploader.pause("u")
        let heir = try bench.relaunched()
        async let outcome = heir.uploader.networkResponse(
            from: upload.request, uploading: upload.file, with: "u", options: upload.options)
        try await heir.uploader.cancel("u")
        guard case .failed = await outcome else { return #expect(Bool(false), "it was not cancelled") }
        #expect(try await upload.server.log().requests.last?.method == "DELETE")
    }
}
