// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Foundation
import Testing
import TransfersCore

@testable import Transfers

@Suite("Failures in the codes that programs know")
struct FailureCodeTests {
    @Test(
        "a failure has its number in NSURLErrorDomain",
        arguments: [
            (.cannotResolve, -1003), (.cannotConnect, -1004), (.timedOut, -1001), (.deadlinePassed, -1001),
            (.connectionLost, -1005), (.tooManyRedirects, -1007), (.cancelled, -999), (.tls, -1200),
            (.certificateExpired, -1201), (.certificateWrongHost, -1202), (.certificateUntrusted, -1203),
            (.clientCertificate, -1205), (.badURL, -1000), (.unsupportedScheme, -1002), (.noNetwork, -1009),
            (.sourceMissing, -1100), (.sourceIsDirectory, -1101), (.diskFull, -3003), (.fileTooLarge, -3003),
            (.identifierInUse, -1),
        ] as [(TransferFailure.Code, Int)])
    func numbers(code: TransferFailure.Code, number: Int) {
        let failure = TransferFailure(code, doing: "Doing", subject: "a", cause: "b", remedy: "C.")
        let error = URLError(failure, url: "https://example.org/a?signature=s3cret")
        #expect(error.errorCode == number && (error as NSError).domain == NSURLErrorDomain)
        #expect(error.transferFailure == failure)
        #expect(error.localizedDescription.contains("Doing a failed: b. C."))
        #expect(error.failingURL?.absoluteString == "https://example.org/a")
        #expect(!"\(error) \((error as NSError).userInfo)".contains("s3cret"))
    }

    @Test("what a hook gave is never described")
    func hooks() throws {
        var given = Authorization.bearer("s3cret")
        given.url = URL(string: "https://example.org/?signature=s3cret")
        let request = AuthorizationRequest(
            ticket: 1, purpose: .request, method: "PUT", url: "https://example.org/a?signature=s3cret", isRefresh: true)
        #expect(!"\(given) \(String(reflecting: given)) \(request)".contains("s3cret"))
        #expect("\(given)".contains("Authorization") && "\(request)".contains("https://example.org/a"))
    }

    @Test("a digest is read as tools print it, and nothing else is")
    func digests() {
        let text = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        #expect(ContentDigest.sha256(hex: text)?.bytes.prefix(2) == [0xe3, 0xb0])
        #expect(ContentDigest.sha256(hex: text.uppercased()) == .sha256(hex: text))
        #expect(ContentDigest.sha256(hex: String(text.dropLast())) == nil)
        #expect(ContentDigest.sha256(hex: "g" + text.dropFirst()) == nil)
        #expect(ContentDigest.sha256(hex: "") == nil)
        #expect(ContentDigest(.md5, hex: "d41d8cd98f00b204e9800998ecf8427e")?.bytes.count == 16)
    }

    @Test("a success of several requests is a success, whatever the last of them answered")
    func successes() throws {
        let intent = TransferIntent(
            session: "s", identifier: "a", work: .download(DownloadTarget(partial: "/p")), httpMethod: "GET",
            url: "http://example.org/a", created: .epoch, deadline: .distantFuture)
        let head = ResponseHead(
            url: "http://example.org/b", status: 416,
            fields: HeaderFields([.init("X-A", "1"), .init("x-a", "2"), .init("X-B", "3")]))
        let response = try #require(TransferResult(.succeeded, head: head, ended: .epoch).response(to: intent))
        #expect(response.statusCode == 200 && response.url?.path == "/b")
        #expect(response.value(forHTTPHeaderField: "X-A") == "1, 2")
        #expect(TransferResult(.succeeded, ended: .epoch).response(to: intent)?.statusCode == 200)
        #expect(TransferResult(.rejected, head: head, ended: .epoch).response(to: intent)?.statusCode == 416)
        #expect((TransferResult(.cancelled, ended: .epoch).error(of: intent) as? URLError)?.code == .cancelled)
        let worn = TransferFailure(.tooManyAttempts, doing: "a", subject: "b", cause: "c", remedy: "d")
        #expect(TransferResult(.failed(worn), head: head, ended: .epoch).error(of: intent) == nil)
        #expect(TransferResult(.failed(worn), ended: .epoch).error(of: intent) != nil)
    }
}
