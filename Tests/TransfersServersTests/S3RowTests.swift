// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Foundation
import Synchronization
import Testing
import TransferFixtures
import Transfers
import TransfersCore

@Suite("S3 that misbehaves", .timeLimit(.minutes(5)))
struct S3RowTests {
    private let bench = try! ServerBench()

    /// What the row's script has, behind a creation; a list that lost the second part, and one that has all.
    private func server(completions: String) async throws -> TestServer {
        let server = try await TestServer("scripted")
        func part(_ number: Int) -> String {
            "<Part><PartNumber>\(number)</PartNumber><ETag>p\(number)</ETag><Size>1000</Size></Part>"
        }
        func stored(_ number: Int) -> String { #"{"answer": {"headers": [["ETag", "p\#(number)"]]}}"# }
        func put(_ number: Int, _ answers: String) -> String {
            #"{"method": "PUT", "path": "/bucket/key[?]partNumber=\#(number)&*", "answers": [\#(answers)]}"#
        }
        func list(_ parts: [Int]) -> String {
            let said = parts.map(part).joined()
            return
                #"{"answer": {"body": "<ListPartsResult><IsTruncated>false</IsTruncated>\#(said)</ListPartsResult>"}}"#
        }
        // After the first 503; after the missing tag; after InvalidPart, when one has been lost.
        let lists = [list([]), list([1, 2]), list([1, 3])].joined(separator: ", ")
        let slow = #"{"answer": {"status": 503, "body": "<Error><Code>SlowDown</Code></Error>"}}"#
        let expired = #"{"answer": {"status": 403, "body": "<Error><Code>AccessDenied</Code></Error>"}}"#
        try await server.follow(
            script: #"""
                {"rules": [
                  {"method": "POST", "path": "/bucket/key[?]uploads*", "do": {"answer": {"body": "<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>"}}},
                  \#(put(1, slow + ", " + stored(1))), \#(put(2, expired + ", " + stored(2))), \#(put(3, #"{"answer": {}}, "# + stored(3))),
                  {"method": "GET", "path": "/bucket/key[?]uploadId=*", "answers": [\#(lists)]},
                  {"method": "DELETE", "do": {"answer": {"status": 204}}},
                  {"method": "POST", "path": "/bucket/key[?]uploadId=*", "answers": [\#(completions)]}]}
                """#)
        return server
    }

    private func upload(to server: TestServer) async throws -> (ServerBench.Outcome, [AuthorizationRequest]) {
        let asked = Mutex<[AuthorizationRequest]>([])
        try bench.uploader.authorize("s3") { request in
            asked.withLock { $0.append(request) }
            let query =
                switch request.purpose {
                case .s3Create, .request: "uploads="
                case .s3Part(let number, let upload): "partNumber=\(number)&uploadId=\(upload)"
                case .s3List(let upload, _), .s3Complete(let upload), .s3Abort(let upload): "uploadId=\(upload)"
                }
            return .presigned(try #require(URL(string: server.url("/bucket/key?\(query)&X-Amz-Signature=s3cret"))))
        }
        let options = ServerBench.options {
            $0.method = .s3Multipart
            $0.authorizer = "s3"
            $0.partSize = 1000
            $0.retry.maximumAttempts = 3
        }
        let sent = try await bench.put(try bench.file(3000), to: server.url("/bucket/key"), options: options)
        return (sent, asked.withLock { $0 })
    }

    @Test(
        "row 19: parts that are refused, expired, without a tag or lost are sent again, and Complete is read, not believed"
    )
    func survives() async throws {
        let server = try await server(
            completions: #"""
                {"answer": {"status": 200, "body": "<Error><Code>InternalError</Code></Error>"}},
                {"answer": {"status": 200, "body": "<Error><Code>InvalidPart</Code></Error>"}},
                {"answer": {"body": "<CompleteMultipartUploadResult/>"}}
                """#)
        let (sent, asked) = try await upload(to: server)
        #expect(sent.status == 200, "\(sent)")
        let parts = try await server.log().requests.filter { $0.method == "PUT" }.map { $0.target.prefix(24).suffix(1) }
        // Slow; expired; without a tag; lost.
        #expect(parts.joined() == "11223" + "3" + "2", "\(parts)")
        #expect(asked.contains { $0.purpose == .s3Part(number: 2, upload: "u") && $0.isRefresh })
        #expect(asked.contains { $0.purpose == .s3List(upload: "u", after: 0) })
    }

    @Test("row 19: a completion that always fails with 200 is a failure, and the parts are removed")
    func neverComplete() async throws {
        let server = try await server(
            completions: #"{"answer": {"status": 200, "body": "<Error><Code>InternalError</Code></Error>"}}"#)
        let (sent, _) = try await upload(to: server)
        #expect(sent.status == nil && sent.failure?.code == .tooManyAttempts, "\(sent)")
        #expect(try await server.log().requests.last?.method == "DELETE")
    }
}
