// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Foundation
import Synchronization
import Testing
import TransferFixtures
import TransferProcesses
import Transfers
import TransfersCore

@Suite("The downloader, with the real engine", .timeLimit(.minutes(5)))
struct DownloaderTests {
    let scratch = try! ScratchFolder()
    let process: TransferProcess

    init() { process = TransferProcess(scratch.path + "/state") }

    @Test("the file is there until the handler has returned, and then it is gone")
    func handler() async throws {
        let origin = try await TestServer("origin")
        let (downloader, ends) = (process.downloader(), Ends<(URL, [UInt8])>())
        await downloader.beginDownload(of: try origin.request("/bytes/50000?seed=3"), identifier: "a") { name, result in
            ends.tell(name, result.map { ($0.0, bytes($0.0.path)) })
        }
        let (identifier, result) = try #require(await ends.next())
        let (file, content) = try result.get()
        #expect(identifier == "a" && content == ServerPattern(seed: 3).bytes(0..<50_000))
        while try await !downloader.transfers().isEmpty { await Task.yield() }
        #expect(!FileManager.default.fileExists(atPath: file.path) && ends.count == 1)
    }

    @Test("the async forms hand the file over: it stays")
    func asynchronous() async throws {
        let origin = try await TestServer("origin")
        let downloader = process.downloader()
        for seed in 1...2 as ClosedRange<UInt64> {
            let (file, response) = try await downloader.download(
                try origin.request("/bytes/50000?seed=\(seed)"), with: "a")
            #expect(try response.httpResponse.statusCode == 200)
            #expect(bytes(file.path) == ServerPattern(seed: seed).bytes(0..<50_000))
        }
        #expect(try await downloader.transfers().isEmpty)
        let answer = await downloader.networkResponse(from: try origin.request("/bytes/10?seed=1"), with: "a")
        guard case .success(let file, _) = answer else { return #expect(Bool(false), "\(answer)") }
        #expect(bytes(file.path) == ServerPattern(seed: 1).bytes(0..<10))
        let refused = await downloader.networkResponse(from: try origin.request("/nothing-here"), with: "a")
        guard case .rejected = refused else { return #expect(Bool(false), "\(refused)") }
    }

    @Test("what a server says instead of a file is a file while the handler runs")
    func words() async throws {
        let origin = try await TestServer("origin")
        let (downloader, ends) = (process.downloader(), Ends<(URL, Bool, Int)>())
        await downloader.beginDownload(of: try origin.request("/nothing-here"), identifier: "a") { name, result in
            ends.tell(
                name,
                result.map {
                    (
                        $0.0, FileManager.default.fileExists(atPath: $0.0.path),
                        ($0.1 as? HTTPURLResponse)?.statusCode ?? 0
                    )
                })
        }
        let (file, wasThere, status) = try #require(await ends.next()).1.get()
        #expect(wasThere && status == 404)
        while try await !downloader.transfers().isEmpty { await Task.yield() }
        #expect(!FileManager.default.fileExists(atPath: file.path))
    }

    @Test("a destination gets the file only if it has its digest")
    func destination() async throws {
        let origin = try await TestServer("origin")
        let downloader = process.downloader()
        let there = URL(fileURLWithPath: scratch.path + "/there")
        let request = try origin.request("/bytes/200000?seed=1")
        let wrong = ContentDigest.sha256(hex: String(repeating: "0", count: 64))
        let spoiled = TransferOptions.to(there, digest: wrong)
        await #expect(throws: URLError.self) { _ = try await downloader.download(request, with: "a", options: spoiled) }
        #expect(!FileManager.default.fileExists(atPath: there.path))
        let right = ContentDigest.sha256(hex: "06c65b5c0e2d6727087a634471eba8b2cebb7efca76af704f24afa6ee707f300")
        #expect(right != nil)
        let (file, _) = try await downloader.download(request, with: "a", options: .to(there, digest: right))
        #expect(file.path == there.path && bytes(there.path).count == 200_000)
    }

    @Test("a paused download waits, and resume data brings it on, in another process too")
    func resumeData() async throws {
        let origin = try await TestServer("origin")
        let request = try origin.request("/bytes/100000?seed=1")
        let held = TransferOptions { $0.authorizer = "later" }
        let first = process.downloader()
        await first.beginDownload(of: request, identifier: "a", options: held) { _, _ in }
        let data = try #require(try await first.resumeData(of: "a"))
        #expect(try await first.resumeData(of: "b") == nil)
        #expect(!String(decoding: data, as: UTF8.self).contains("127.0.0.1"))
        process.die()
        let later = TransferProcess(scratch.path + "/state", identifier: 2)
        let (downloader, ends) = (later.downloader(), Ends<Int>())
        try downloader.authorize("later") { _ in Authorization() }
        // It was asked for durably; whoever moves the session now does it before anything begins.
        for await reading in downloader.progress(of: "a") where reading.state == .paused { break }
        #expect(try await downloader.transfers().map(\.state) == [.paused])
        await downloader.beginDownload(withResumeData: data) { name, result in
            ends.tell(name, result.map { bytes($0.0.path).count })
        }
        let (identifier, result) = try #require(await ends.next())
        #expect(try identifier == "a" && result.get() == 100_000)
        await downloader.beginDownload(withResumeData: Data("{}".utf8)) { name, result in
            ends.tell(name, result.map { _ in 0 })
        }
        #expect(failure(of: try #require(await ends.next()).1)?.code == .badIdentifier)
    }

    @Test("progress is told until the end, to a sequence, to Foundation's Progress and to the task")
    func progress() async throws {
        let origin = try await TestServer("origin")
        let tasks = Mutex<[URLSessionTask]>([])
        let keeping = BackgroundTaskConfiguration(
            getIdentifier: { $0.taskDescription },
            prepareTask: { task, _, identifier in
                task.taskDescription = identifier
                tasks.withLock { $0.append(task) }
            })
        let (downloader, ends) = (process.downloader(keeping), Ends<URL>())
        let held = TransferOptions { $0.authorizer = "later" }
        await downloader.beginDownload(
            of: try origin.request("/bytes/3000000?seed=1"), identifier: "a", options: held
        ) { name, result in ends.tell(name, result.map(\.0)) }
        let task = try #require(tasks.withLock { $0.first } as? URLSessionDownloadTask)
        #expect(task.state == .running && task.taskIdentifier > 0)
        let progress = try downloader.foundationProgress(of: "a")
        let readings = downloader.progress(of: "a")
        try downloader.authorize("later") { _ in Authorization() }
        var last: TransferStatus.Progress?
        for await reading in readings { last = reading }
        #expect(last?.state == .ended && last?.fractionCompleted == 1 && last?.completedBytes == 3_000_000)
        _ = await ends.next()
        while progress.completedUnitCount < 3_000_000 { await Task.yield() }
        #expect(progress.fractionCompleted == 1)
        #expect(task.state == .completed && task.error == nil)
        #expect((task.response as? HTTPURLResponse)?.statusCode == 200)
        #expect(task.countOfBytesReceived == 3_000_000 && task.countOfBytesExpectedToReceive == 3_000_000)
        for await _ in downloader.progress(of: "nobody") { Issue.record("nobody moves") }
    }

    @Test("a task that a client kept pauses, resumes and cancels its transfer")
    func tasks() async throws {
        let origin = try await TestServer("origin")
        let tasks = Mutex<[URLSessionTask]>([])
        let keeping = BackgroundTaskConfiguration(
            getIdentifier: { $0.taskDescription },
            prepareTask: { task, _, _ in tasks.withLock { $0.append(task) } })
        let (downloader, ends) = (process.downloader(keeping), Ends<URL>())
        let held = TransferOptions { $0.authorizer = "never" }
        await downloader.beginDownload(of: try origin.request("/bytes/10"), identifier: "a", options: held) {
            ends.tell($0, $1.map(\.0))
        }
        let task = try #require(tasks.withLock { $0.first } as? URLSessionDownloadTask)
        task.suspend()
        while task.state != .suspended { await Task.yield() }
        task.resume()
        while task.state != .running { await Task.yield() }
        var data: Data?
        task.cancel { data = $0 }
        #expect(data != nil)
        // Between obeying one order and the next it may look as before.
        while task.state != .suspended { await Task.yield() }
        task.cancel()
        #expect(failure(of: try #require(await ends.next()).1)?.code == .cancelled)
        #expect(task.state == .completed && (task.error as? URLError)?.code == .cancelled && task.response == nil)
    }
}
