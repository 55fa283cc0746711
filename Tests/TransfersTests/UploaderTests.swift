// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Foundation
import Synchronization
import Testing
import TransferFixtures
import TransferProcesses
import Transfers
import TransfersCore

@Suite("The uploader, with the real engine", .timeLimit(.minutes(5)))
struct UploaderTests {
    let scratch = try! ScratchFolder()
    let process: TransferProcess

    init() { process = TransferProcess(scratch.path + "/state") }

    private func file(_ count: Int64 = 10_000) throws -> URL {
        URL(fileURLWithPath: try patternFile(scratch, "file", count))
    }

    @Test("a file is sent, its handler is called once with the server's answer, and its identifier is free again")
    func handler() async throws {
        let origin = try await TestServer("origin")
        let (uploader, ends) = (process.uploader(), Ends<URLResponse>())
        for round in 1...2 {
            await uploader.beginUpload(
                of: try file(), with: try origin.request("/up"), identifier: "one", handler: ends.tell)
            let (identifier, result) = try #require(await ends.next())
            #expect(identifier == "one" && ends.count == round)
            #expect(try result.get().httpResponse.statusCode == 201)
            // The handler has returned, but its end may still be on its way off the books.
            while try await !uploader.transfers().isEmpty { await Task.yield() }
        }
        let log = try await origin.log(ended: 2)
        #expect(log.requests.map(\.method) == ["PUT", "PUT"] && log.requests.map(\.bytes) == [10_000, 10_000])
    }

    @Test("the async forms return the answer, whatever its status")
    func asynchronous() async throws {
        let origin = try await TestServer("origin")
        let uploader = process.uploader()
        let response = try await uploader.uploadFile(at: try file(), with: try origin.request("/up"), identifier: "a")
        #expect(try response.httpResponse.statusCode == 201)
        let refused = await uploader.networkResponse(
            from: try origin.request("/up?status=422"), uploading: try file(), with: "a")
        guard case .rejected = refused else { return #expect(Bool(false), "\(refused)") }
        let tired = await uploader.networkResponse(
            from: try origin.request("/up?status=503"), uploading: try file(), with: "a",
            options: TransferOptions { $0.retry = .never })
        guard case .retry(let answer) = tired else { return #expect(Bool(false), "\(tired)") }
        #expect(answer.statusCode == 503)
        let again = await uploader.networkResponse(from: try origin.request("/up"), uploading: try file(), with: "a")
        guard case .success = again else { return #expect(Bool(false), "\(again)") }
        #expect(try await uploader.transfers().isEmpty)
    }

    @Test("a second begin under a live identifier attaches, and both handlers hear the one end")
    func attaching() async throws {
        let origin = try await TestServer("origin")
        let uploader = process.uploader()
        let (one, two) = (Ends<URLResponse>(), Ends<URLResponse>())
        let options = TransferOptions { $0.earliestBeginDate = Date(timeIntervalSinceNow: 3600) }
        let (source, request) = (try file(), try origin.request("/up"))
        await uploader.beginUpload(of: source, with: request, identifier: "a", options: options, handler: one.tell)
        await uploader.beginUpload(of: source, with: request, identifier: "a", options: options, handler: two.tell)
        let lines = try await uploader.transfers()
        #expect(lines.count == 1)
        let line = try #require(lines.first)
        guard case .waiting(.notBefore, let until?) = line.state else {
            return #expect(Bool(false), "\(line.state)")
        }
        #expect(until > Date(timeIntervalSinceNow: 3000))
        #expect(line.kind == .upload && line.totalBytes ?? 10_000 == 10_000 && line.taskDescription == "a")
        // Another file under the identifier is refused, and says so to its own handler alone.
        let other = Ends<URLResponse>()
        let another = URL(fileURLWithPath: try patternFile(scratch, "another", 5))
        await uploader.beginUpload(of: another, with: request, identifier: "a", handler: other.tell)
        #expect(failure(of: try #require(await other.next()).1)?.code == .identifierInUse)
        #expect(one.count == 0 && two.count == 0)
        try await uploader.cancel("a")
        for ends in [one, two] {
            let (_, result) = try #require(await ends.next())
            #expect((failure(of: result)?.code, ends.count) == (.cancelled, 1))
            guard case .failure(let error as URLError) = result else { return #expect(Bool(false), "no URLError") }
            #expect(error.code == .cancelled)
        }
    }

    @Test("in a later process the task is as it was prepared, before its identifier is asked for")
    func relaunch() async throws {
        let origin = try await TestServer("origin")
        let asked = Mutex<[String?]>([])
        let coder = BackgroundTaskConfiguration(
            getIdentifier: { task in
                asked.withLock { $0.append(task.taskDescription) }
                return task.taskDescription.map { String($0.dropFirst(3)) }
            }, prepareTask: { task, _, identifier in task.taskDescription = "id:" + identifier })
        let (source, request) = (try file(), try origin.request("/up"))
        let held = TransferOptions { $0.authorizer = "token" }
        await process.uploader(coder).beginUpload(
            of: source, with: request, identifier: "a", options: held
        ) { _, _ in }
        process.die()
        let later = TransferProcess(scratch.path + "/state", identifier: 2)
        let (uploader, ends) = (later.uploader(coder), Ends<URLResponse>())
        try uploader.authorize("token") { _ in .bearer("s3cret") }
        await uploader.beginUpload(of: source, with: request, identifier: "a", options: held, handler: ends.tell)
        let (identifier, result) = try #require(await ends.next())
        #expect(identifier == "a" && asked.withLock { $0 } == ["id:a"])
        #expect(try result.get().httpResponse.statusCode == 201)
        let log = try await origin.log(ended: 1)
        #expect(log.requests[0].values("authorization") == ["Bearer s3cret"])
    }

    @Test("a form is sent with its fields and files, and attached to when it is described once more")
    func form() async throws {
        let origin = try await TestServer("origin")
        let (uploader, ends) = (process.uploader(), Ends<URLResponse>())
        var form = UploadForm()
        form.append("a title", name: "title")
        form.append(file: try file(1000), name: "photo", fileName: "p.jpg", contentType: "image/jpeg")
        let request = try origin.request("/up")
        let held = TransferOptions { $0.authorizer = "later" }
        for _ in 1...2 {
            await uploader.beginUpload(of: form, with: request, identifier: "f", options: held, handler: ends.tell)
        }
        try uploader.authorize("later") { _ in Authorization() }
        for _ in 1...2 {
            #expect(try #require(await ends.next()).1.get().httpResponse.statusCode == 201)
        }
        let log = try await origin.log(ended: 1)
        #expect(log.requests.count == 1 && log.requests[0].method == "POST" && log.requests[0].bytes > 1200)
        #expect(log.requests[0].values("content-type").first?.hasPrefix("multipart/form-data; boundary=") == true)
    }

    @Test("the source may go at once if it was copied; else the transfer fails, and says so")
    func sources() async throws {
        let origin = try await TestServer("origin")
        let (uploader, ends) = (process.uploader(), Ends<URLResponse>())
        for (options, succeeds) in [(TransferOptions.snapshot, true), (.default, false)] {
            let source = try file()
            let held = TransferOptions {
                $0 = options
                $0.authorizer = "later"
            }
            try uploader.removeAuthorizer("later")
            await uploader.beginUpload(
                of: source, with: try origin.request("/up"), identifier: "\(succeeds)", options: held,
                handler: ends.tell)
            try FileManager.default.removeItem(at: source)
            try uploader.authorize("later") { _ in Authorization() }
            let (_, result) = try #require(await ends.next())
            #expect(failure(of: result)?.code == (succeeds ? nil : .sourceMissing))
        }
    }

    @Test("who hears of an end finds no copy left behind")
    func tidied() async throws {
        let origin = try await TestServer("origin")
        let (uploader, ends) = (process.uploader(), Ends<URLResponse>())
        var form = UploadForm()
        // So many that removing them takes its time.
        for number in 0..<200 { form.append(file: try file(1), name: "\(number)") }
        let copies = scratch.path + "/state/transfers/snapshots"
        let left = Mutex<[String]?>(nil)
        await uploader.beginUpload(
            of: form, with: try origin.request("/up"), identifier: "f", options: .snapshot
        ) { identifier, result in
            left.withLock { $0 = try? FileManager.default.contentsOfDirectory(atPath: copies) }
            ends.tell(identifier, result)
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: copies).count == 200)
        #expect(try #require(await ends.next()).1.get().httpResponse.statusCode == 201)
        #expect(left.withLock(\.self) == [])
    }

    @Test("the session says when nothing is left to do")
    func drained() async throws {
        let origin = try await TestServer("origin")
        let (uploader, ends) = (process.uploader(), Ends<URLResponse>())
        await uploader.beginUpload(of: try file(), with: try origin.request("/up"), identifier: "a", handler: ends.tell)
        await withCheckedContinuation { continuation in
            uploader.handleBackgroundSessionEvents { continuation.resume() }
        }
        #expect(ends.count == 1)
    }

    @Test("what is begun again in a handler is a new transfer, not the end that was just told")
    func anew() async throws {
        let origin = try await TestServer("origin")
        let ends = Ends<URLResponse>()
        let chain = Chain(process.uploader(), try file(), try origin.request("/up"), ends)
        await chain.begin(20)
        for _ in 1...20 { #expect(failure(of: try #require(await ends.next()).1) == nil) }
        let log = try await origin.log(ended: 20)
        #expect(log.requests.count == 20 && ends.count == 20)
    }

    /// Uploads a file so many times, each time begun in the handler of the last.
    private struct Chain: Sendable {
        let uploader: Uploader
        let source: URL
        let request: URLRequest
        let ends: Ends<URLResponse>

        init(_ uploader: Uploader, _ source: URL, _ request: URLRequest, _ ends: Ends<URLResponse>) {
            (self.uploader, self.source, self.request, self.ends) = (uploader, source, request, ends)
        }

        func begin(_ times: Int) async {
            await uploader.beginUpload(of: source, with: request, identifier: "a") { identifier, result in
                // Before it is told, so that the end is still on the books more often than not.
                if times > 1 { Task { await begin(times - 1) } }
                ends.tell(identifier, result)
            }
        }
    }

    @Test("a batch begins as one, and each is told by its own identifier")
    func batch() async throws {
        let origin = try await TestServer("origin")
        let (uploader, ends) = (process.uploader(), Ends<URLResponse>())
        let orders = try (1...20).map { number in
            UploadOrder(of: try file(), with: try origin.request("/up"), identifier: "\(number)")
        }
        let lost = UploadOrder(
            of: URL(fileURLWithPath: "/nowhere"), with: try origin.request("/up"), identifier: "lost")
        await uploader.begin(contentsOf: orders + [lost], handler: ends.tell)
        var told: [String: TransferFailure.Code] = [:]
        for _ in 0...20 {
            let (identifier, result) = try #require(await ends.next())
            told[identifier] = failure(of: result)?.code
        }
        #expect(ends.count == 21 && told == ["lost": .sourceMissing])
    }
}
