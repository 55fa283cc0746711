// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Foundation
import Testing
import Transfers

@Suite("What a server's answer means")
struct NetworkResponseTests {
    private func answer(_ status: Int, _ fields: [String: String] = [:]) throws -> HTTPURLResponse {
        let url = try #require(URL(string: "http://example.org/a"))
        return try #require(
            HTTPURLResponse(url: url, statusCode: status, httpVersion: "HTTP/1.1", headerFields: fields))
    }

    private func word(_ response: NetworkResponse<Void>) -> String {
        switch response {
        case .success: "success"
        case .rejected: "rejected"
        case .retry: "retry"
        case .failed(let error): "failed: \(error)"
        }
    }

    @Test(
        "a status is a success, a passing fault, a rejection, or nonsense",
        arguments: [
            (200, "success"), (201, "success"), (202, "success"), (204, "success"), (203, "rejected"),
            (206, "rejected"), (301, "rejected"), (400, "rejected"), (401, "rejected"), (404, "rejected"),
            (413, "rejected"), (408, "retry"), (425, "retry"), (429, "retry"), (500, "retry"), (501, "rejected"),
            (502, "retry"), (503, "retry"), (504, "retry"), (100, "failed: an answer with a status below 200"),
        ])
    func statuses(status: Int, expected: String) throws {
        #expect(word(NetworkResponse(response: try answer(status))) == expected)
    }

    @Test("an error comes before the answer, and no answer is a failure of its own")
    func failures() throws {
        let error = URLError(.timedOut)
        guard case .failed(.protocolError(let kept)) = NetworkResponse<Void>(response: try answer(200), error: error)
        else { return #expect(Bool(false), "not a protocol error") }
        #expect((kept as? URLError)?.code == .timedOut)
        guard case .failed(.noResponseOrError) = NetworkResponse<Void>(response: nil) else {
            return #expect(Bool(false), "not without response")
        }
        let url = try #require(URL(string: "ftp://example.org"))
        let foreign = URLResponse(url: url, mimeType: nil, expectedContentLength: 0, textEncodingName: nil)
        guard case .failed(.noHTTPResponse(let same)) = NetworkResponse<Void>(response: foreign) else {
            return #expect(Bool(false), "taken for HTTP")
        }
        #expect(same === foreign)
        guard case .failed(.expectedContentMissing) = NetworkResponse<Data>(response: try answer(200), value: nil)
        else { return #expect(Bool(false), "a success without content") }
    }

    @Test("an answer of another protocol throws when it is taken for one of HTTP")
    func foreign() throws {
        let url = try #require(URL(string: "ftp://example.org"))
        let foreign = URLResponse(url: url, mimeType: nil, expectedContentLength: 0, textEncodingName: nil)
        #expect(throws: NetworkResponseError.self) { try foreign.httpResponse }
        #expect(try answer(404).httpResponse.statusCode == 404)
    }

    @Test("Retry-After is read in seconds and as a date, and is never negative")
    func retryAfter() throws {
        #expect(try answer(503).retryAfterInterval == nil)
        #expect(try answer(503, ["Retry-After": "120"]).retryAfterInterval == 120)
        #expect(try answer(503, ["retry-after": " 7 "]).retryAfterInterval == 7)
        #expect(try answer(503, ["Retry-After": "soon"]).retryAfterInterval == nil)
        #expect(try answer(503, ["Retry-After": "-5"]).retryAfterInterval == nil)
        #expect(try answer(503, ["Retry-After": "Sun, 06 Nov 1994 08:49:37 GMT"]).retryAfterInterval == 0)
        let far = try #require(try answer(503, ["Retry-After": "Fri, 01 Jan 2100 00:00:00 GMT"]).retryAfterInterval)
        #expect(far > 365 * 86_400)
    }

    @Test("the words on a failure hold neither URL nor signature")
    func secrets() {
        let url = URL(string: "https://u:p@example.org/a?signature=s3cret")
        let error = URLError(.timedOut, userInfo: [NSURLErrorFailingURLErrorKey: url as Any])
        let text = "\(NetworkResponse<Void>(response: nil, error: error)) \(NetworkResponseError.protocolError(error))"
        #expect(!text.contains("s3cret") && !text.contains("example.org"))
        #expect(text.contains("-1001"))
    }
}
