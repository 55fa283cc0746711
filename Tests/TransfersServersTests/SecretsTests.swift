// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Foundation
import Synchronization
import Testing
import TransferFixtures
import TransferProcesses
import Transfers
import TransfersCore

@Suite("Secrets of requests", .timeLimit(.minutes(5)))
struct SecretsTests {
    /// What may not be found anywhere; every secret begins so.
    private static let secret = "s3cret"
    private static let fields = [
        "Authorization": "Bearer s3cret-bearer", "Cookie": "id=s3cret-cookie", "X-Api-Key": "s3cret-key",
    ]
    private static let waiting = ["/busy", "/moved", "/cut"]
    private static let query = "?X-Amz-Signature=s3cret-signature&token=s3cret-token&part=1"

    /// Every word that a program, a person or a journal can come by.
    private final class Words: Sendable {
        private let words = Mutex<[String]>([])
        var all: [String] { words.withLock { $0 } }
        func add(_ word: String) { words.withLock { $0.append(word) } }

        func add(_ error: any Error) {
            add("\(error) \(String(reflecting: error)) \(error.localizedDescription) \((error as NSError).userInfo)")
        }
    }

    private func serve() async throws -> TestServer {
        let server = try await TestServer("scripted")
        try await server.follow(
            script: #"""
                {"rules": [
                  {"path": "/good*", "do": [{"read": "all"}, {"answer": {"headers": [["Set-Cookie", "id=s3cret-set"]], "body": {"seed": 1, "length": 1000}}}]},
                  {"path": "/moved*", "do": {"answer": {"status": 301, "headers": [["Location", "/cut?X-Amz-Signature=s3cret-moved"]]}}},
                  {"path": "/cut*", "do": {"serve": {"etag": "\"a\"", "body": {"seed": 1, "length": 1000}, "at": [{"body": 500, "do": "reset"}]}}},
                  {"path": "/refused*", "do": [{"read": "all"}, {"answer": {"status": 403}}]},
                  {"path": "/broken*", "do": [{"send": "what is this?\r\n\r\n"}, "close"]},
                  {"path": "/away*", "do": {"answer": {"status": 302, "headers": [["Location", "gopher://127.0.0.1/?token=s3cret-away"]]}}},
                  {"path": "/lost*", "do": "reset"},
                  {"path": "/busy*", "do": [{"read": "all"}, {"answer": {"status": 503}}]}]}
                """#)
        return server
    }

    /// Transfers of every fate, with secrets in every place; those that wait are on the books afterwards.
    private func transfer(_ bench: ServerBench, _ words: Words, keeping: Bool) async throws {
        let server = try await serve()
        let file = try bench.file(2000)
        try bench.uploader.authorize("hook") { request in
            words.add("\(request)")
            let given = Authorization(
                fields: ["Authorization": "Bearer s3cret-hook"],
                url: URL(string: server.url("/good?X-Amz-Signature=s3cret-hook")))
            words.add("\(given) \(String(reflecting: given))")
            return given
        }
        func options(_ policy: TransferRetryPolicy, authorizer: String? = nil) -> TransferOptions {
            TransferOptions {
                $0.retry = policy
                $0.keepsSecrets = keeping
                $0.authorizer = authorizer
            }
        }
        // The last has the server forgiven: it is not left alone for a while.
        for (path, hook) in [
            ("/refused", nil), ("/broken", nil), ("/away", nil), ("/lost", nil), ("/moved", nil), ("/good", "hook"),
            ("/good", nil),
        ] {
            let request = try ServerBench.request(server.url(path + Self.query), Self.fields)
            let once = options(.never, authorizer: hook)
            do {
                let down = try await bench.downloader.download(request, with: "down" + path, options: once)
                try FileManager.default.removeItem(at: down.0)
            } catch { words.add(error) }
            do {
                _ = try await bench.uploader.uploadFile(
                    at: file, with: request, identifier: "up" + path, options: once)
            } catch { words.add(error) }
        }
        let patient = options(ServerBench.patient)
        for path in Self.waiting {
            let request = try ServerBench.request(server.url(path + Self.query), Self.fields)
            await bench.downloader.beginDownload(of: request, identifier: "waits" + path, options: patient) { _, _ in }
            _ = try await bench.status(of: "waits" + path) {
                if case .waiting(.retry, _) = $0.state { $0.attempts > 0 } else { false }
            }
        }
        // Of a transfer that cannot be begun at all.
        for url in [
            "http://user:s3cret-word@127.0.0.1/x", "ftp://127.0.0.1/?token=s3cret-ftp", "http:///?token=s3cret-none",
        ] {
            let request = try ServerBench.request(url, Self.fields)
            do {
                _ = try await bench.downloader.download(request, with: "bad", options: options(.never))
            } catch { words.add(error) }
        }
        for status in try await bench.uploader.transfers() { words.add("\(status) \(String(reflecting: status))") }
    }

    /// Files below a folder with this in their names or bytes, and what stands around it.
    private func found(in folder: String, _ secret: String) throws -> [String] {
        let files = try #require(FileManager.default.enumerator(atPath: folder)).compactMap { $0 as? String }
        return files.compactMap { name in
            let bytes = FileManager.default.contents(atPath: folder + "/" + name) ?? Data()
            guard let place = bytes.range(of: Data(secret.utf8)) else { return name.contains(secret) ? name : nil }
            let around = bytes[max(0, place.lowerBound - 100)..<min(bytes.count, place.upperBound + 20)]
            return name + ": " + String(decoding: around, as: UTF8.self)
        }
    }

    private func tool(_ bench: ServerBench, _ arguments: [String]) async throws -> String {
        let process = Process()
        let output = Pipe()
        let here = Bundle.allBundles.first { $0.bundlePath.hasSuffix(".xctest") }?.bundleURL
        process.executableURL = (here ?? URL(fileURLWithPath: CommandLine.arguments[0])).deletingLastPathComponent()
            .appendingPathComponent("backgroundctl")
        process.arguments = arguments + ["--user"]
        process.environment = [
            "HOME": bench.scratch.path, "XDG_STATE_HOME": bench.scratch.path,
            "XDG_RUNTIME_DIR": bench.scratch.path + "/nothing", "LANG": "C.UTF-8",
        ]
        (process.standardOutput, process.standardError) = (output, output)
        let reading = output.fileHandleForReading
        try process.run()
        return await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                let text = String(decoding: (try? reading.readToEnd()) ?? Data(), as: UTF8.self)
                process.waitUntilExit()
                continuation.resume(returning: text)
            }
        }
    }

    @Test(
        "none is in a log, an error, a status, the store, a partial file's name or the tool, unless the store was to keep them",
        arguments: [false, true])
    func secrets(keeping: Bool) async throws {
        let words = Words()
        let bench = try ServerBench { words.add($0) }
        try await transfer(bench, words, keeping: keeping)
        var calls: [[String]] = [["transfers"], ["transfers", "--json"]]
        calls += Self.waiting.flatMap { [["transfers", "waits" + $0], ["transfers", "waits" + $0, "--json"]] }
        for call in calls {
            let output = try await tool(bench, call)
            #expect(output.contains("waits/"), "the tool has to find them: \(output)")
            words.add(output)
        }
        #expect(words.all.count > 20)
        let told = words.all.filter { $0.contains(Self.secret) }
        #expect(told.isEmpty, "\(told)")
        let stored = try found(in: bench.scratch.path, Self.secret)
        if keeping {
            // The search finds what is there; and it is in the store alone.
            #expect(!stored.isEmpty && stored.allSatisfy { $0.contains("transfers.sqlite") }, "\(stored)")
        } else {
            #expect(stored.isEmpty, "\(stored)")
            #expect(try !found(in: bench.scratch.path, "waits/busy").isEmpty)
        }
        let books = try #require(FileManager.default.enumerator(atPath: bench.scratch.path + "/state"))
        for case let name as String in books {
            let about = try FileManager.default.attributesOfItem(atPath: bench.scratch.path + "/state/" + name)
            let mode = try #require(about[.posixPermissions] as? Int)
            #expect(mode & 0o077 == 0, "\(name) has \(String(mode, radix: 8))")
        }
        bench.process.die()
    }
}
