// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Foundation
import Testing
import TransferFixtures
import Transfers
import TransfersCore

@Suite("Uploads to hostile servers of tus", .timeLimit(.minutes(5)))
struct TusRowTests {
    private let bench = try! ServerBench()
    private static let size: Int64 = 20_000
    private static let digest = "5d7517fb012520edaf2772725ecd7229a47f4f704ff1e48c4d1d2bbe3915a33e"
    private static let cut = #"{"on": "PATCH", "do": {"read": 2500, "then": "reset"}}"#

    private func upload(_ orders: [String], attempts: Int = 5, lock: Int = 0) async throws -> (
        ServerBench.Outcome, TestServer
    ) {
        let server = try await TestServer("tusd")
        try await server.obey(#"{"misbehave": [\#(orders.joined(separator: ", "))], "lock": \#(lock)}"#)
        let options = ServerBench.options {
            $0.method = .tus
            $0.retry.maximumAttempts = attempts
        }
        return (try await bench.put(try bench.file(Self.size), to: server.url("/files/"), options: options), server)
    }

    /// The uploads that the server has whole.
    private func whole(_ server: TestServer) async throws -> Int {
        struct Uploads: Decodable {
            struct Upload: Decodable { var complete: Bool, sha256: String }
            var uploads: [Upload]
        }
        let uploads = try JSONDecoder().decode(Uploads.self, from: await server.order("GET", "/__control")).uploads
        return uploads.filter { $0.complete && $0.sha256 == Self.digest }.count
    }

    @Test(
        "row 10: whatever the server tells of its offset, loses or forgets, the file is whole there in the end",
        arguments: [
            #"{"on": "HEAD", "do": {"offset": {"plus": 100}}}"#, #"{"on": "HEAD", "do": {"offset": {"minus": 100}}}"#,
            #"{"on": "HEAD", "do": {"offset": "-1"}}"#, #"{"on": "HEAD", "do": {"offset": "many"}}"#,
            #"{"on": "HEAD", "do": {"offset": null}}"#, #"{"on": "HEAD", "do": {"offset": {"plus": 1000000}}}"#,
            #"{"on": "HEAD", "do": {"status": 404}}"#, #"{"on": "HEAD", "do": {"status": 410}}"#,
            #"{"on": "HEAD", "do": {"status": 403}}"#, #"{"on": "PATCH", "skip": 1, "do": {"status": 409}}"#,
            #"{"on": "HEAD", "times": 3, "do": {"status": 423}}"#,
            #"{"on": "PATCH", "skip": 1, "do": {"status": 460}}"#,
            #"{"on": "POST", "do": {"location": "relative"}}"#, #"{"on": "PATCH", "skip": 1, "do": {"answer": 200}}"#,
            #"{"on": "POST", "do": {"headers": {"Upload-Expires": "Sun, 06 Nov 1994 08:49:37 GMT"}}}"#,
            #"{"on": "PATCH", "skip": 1, "do": {"lose": 500}}"#, #"{"on": "POST", "do": {"then": "close"}}"#,
        ])
    func survives(order: String) async throws {
        let (sent, server) = try await upload([Self.cut, order])
        #expect(sent.status.map { (200..<300).contains($0) } == true, "\(sent)")
        #expect(try await whole(server) == 1)
    }

    @Test(
        "row 10: what cannot be mended ends, after so many attempts as are allowed",
        arguments: [
            (#"{"on": "PATCH", "times": 0, "do": {"status": 409}}"#, 409, nil),
            (#"{"on": "*", "times": 0, "do": {"status": 412, "headers": {"Tus-Version": "2.0.0"}}}"#, nil, .badAnswer),
            (#"{"on": "POST", "times": 0, "do": {"location": null}}"#, nil, .badAnswer),
            (#"{"on": "POST", "times": 0, "do": {"location": "http://localhost:1{path}"}}"#, nil, .cannotConnect),
            (
                #"{"on": "POST", "times": 0, "do": {"headers": {"Upload-Expires": "Sun, 06 Nov 1994 08:49:37 GMT"}}}"#,
                nil, .tooManyAttempts
            ),
            (#"{"on": "PATCH", "times": 0, "do": {"status": 460}}"#, 460, nil),
            (#"{"on": "HEAD", "times": 0, "do": {"status": 423}}"#, 423, nil),
        ] as [(String, Int?, TransferFailure.Code?)])
    func ends(order: String, status: Int?, code: TransferFailure.Code?) async throws {
        let cut = order.contains("HEAD") ? [Self.cut] : []
        let (sent, server) = try await upload(cut + [order], attempts: 2)
        #expect((sent.status, sent.failure?.code) == (status, code), "\(sent)")
        #expect(try await server.log().requests.count <= 20)
        #expect(try await whole(server) == 0)
    }
}
