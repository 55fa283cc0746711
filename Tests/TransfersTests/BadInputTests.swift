// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Foundation
import Testing
import TransferFixtures
import TransferProcesses
import Transfers
import TransfersCore

@Suite("What cannot be begun is an error that says what to do, and nothing is left of it", .timeLimit(.minutes(5)))
struct BadInputTests {
    let scratch = try! ScratchFolder()
    let process: TransferProcess

    init() throws {
        process = TransferProcess(scratch.path + "/state")
        _ = try scratch.file("file", [1, 2, 3])
    }

    private var good: URLRequest {
        get throws { URLRequest(url: try #require(URL(string: "http://127.0.0.1:1/"))) }
    }

    private func upload(
        _ request: URLRequest? = nil, of path: String? = nil, as identifier: String = "a",
        _ options: TransferOptions = .default
    ) async throws -> TransferFailure? {
        let (uploader, ends) = (process.uploader(), Ends<URLResponse>())
        let file = URL(fileURLWithPath: path ?? scratch.path + "/file")
        await uploader.beginUpload(
            of: file, with: try request ?? good, identifier: identifier, options: options, handler: ends.tell)
        #expect(ends.count == 1, "it was not refused at once")
        if ends.count == 0 { return nil }
        #expect(try await uploader.transfers().isEmpty)
        return judged(failure(of: try #require(await ends.next()).1))
    }

    /// Each says what was being done, to what, why not, and what to do next.
    private func judged(_ failure: TransferFailure?) -> TransferFailure? {
        guard let failure else { return nil }
        #expect(!failure.doing.isEmpty && !failure.cause.isEmpty && !failure.remedy.isEmpty, "\(failure)")
        #expect(failure.remedy.hasSuffix(".") && failure.description.contains(failure.remedy), "\(failure)")
        return failure
    }

    private func download(
        _ request: URLRequest? = nil, _ options: TransferOptions = .default
    ) async throws -> TransferFailure? {
        let (downloader, ends) = (process.downloader(), Ends<URL>())
        await downloader.beginDownload(of: try request ?? good, identifier: "a", options: options) {
            ends.tell($0, $1.map(\.0))
        }
        #expect(ends.count == 1, "it was not refused at once")
        if ends.count == 0 { return nil }
        #expect(try await downloader.transfers().isEmpty)
        return judged(failure(of: try #require(await ends.next()).1))
    }

    @Test(
        "URLs without a host, of another scheme, or with credentials inside",
        arguments: [
            ("http:///a", .badURL), ("relative", .badURL), ("file:///etc/passwd", .unsupportedScheme),
            ("ftp://example.org/a", .unsupportedScheme), ("http://u:s3cret@127.0.0.1:1/", .badURL),
        ] as [(String, TransferFailure.Code)])
    func addresses(text: String, code: TransferFailure.Code) async throws {
        let request = URLRequest(url: try #require(URL(string: text)))
        for failure in [try await upload(request), try await download(request)] {
            #expect(failure?.code == code)
            #expect(failure?.remedy.isEmpty == false && failure?.description.contains("s3cret") == false)
        }
    }

    @Test("sources that are missing, unreadable, special, or directories")
    func sources() async throws {
        #expect(try await upload(of: scratch.path + "/nothing")?.code == .sourceMissing)
        #expect(try await upload(of: scratch.path)?.code == .sourceIsDirectory)
        #expect(try await upload(of: "/dev/zero")?.code == .sourceIsSpecial)
        let pipe = scratch.path + "/pipe"
        #expect(mkfifo(pipe, 0o600) == 0)
        #expect(try await upload(of: pipe)?.code == .sourceIsSpecial)
        for options in [TransferOptions.default, .snapshot] {
            #expect(try await upload(of: scratch.path + "/nothing", options)?.code == .sourceMissing)
        }
        let closed = scratch.path + "/closed"
        _ = try scratch.file("closed", [1])
        #expect(chmod(closed, 0) == 0)
        // To root everything is readable.
        if getuid() != 0 { #expect(try await upload(of: closed)?.code == .sourceUnreadable) }
        let (uploader, ends) = (process.uploader(), Ends<URLResponse>())
        let remote = try #require(URL(string: "http://127.0.0.1/file"))
        await uploader.beginUpload(of: remote, with: try good, identifier: "a", handler: ends.tell)
        #expect(failure(of: try #require(await ends.next()).1)?.code == .sourceMissing)
        await uploader.beginUpload(of: UploadForm(), with: try good, identifier: "a", handler: ends.tell)
        #expect(failure(of: try #require(await ends.next()).1)?.code == .sourceMissing)
    }

    @Test("destinations that exist, are directories or links, or lie in folders that are missing or closed")
    func destinations() async throws {
        func code(_ path: String, replacing: Bool = false) async throws -> TransferFailure.Code? {
            try await download(nil, .to(URL(fileURLWithPath: path), replacingExisting: replacing))?.code
        }
        #expect(try await code(scratch.path + "/file") == .destinationExists)
        let folder = scratch.path + "/folder"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        #expect(try await code(folder, replacing: true) == .destinationIsDirectory)
        let link = scratch.path + "/link"
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: scratch.path + "/file")
        #expect(try await code(link, replacing: true) == .destinationIsLink)
        #expect(try await code(scratch.path + "/missing/file") == .destinationFolderMissing)
        #expect(chmod(folder, 0o500) == 0)
        if getuid() != 0 { #expect(try await code(folder + "/file") == .destinationUnwritable) }
        let remote = TransferOptions.to(try #require(URL(string: "http://127.0.0.1/file")))
        #expect(try await download(nil, remote)?.code == .destinationUnwritable)
        for replacing in [true, false] {
            #expect(try await code("/dev/null", replacing: replacing) == .destinationExists)
            #expect(try await code(scratch.path + "/file/below", replacing: replacing) == .destinationFolderMissing)
        }
        #expect(try await code(scratch.path + "/" + String(repeating: "n", count: 300)) == .destinationUnwritable)
        // Nothing of it is left, whatever was wrong.
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty)
    }

    @Test(
        "header fields with line ends or zero bytes, in name or value",
        arguments: [("X-A", "1\r\nX-B: 2"), ("X-A", "1\n2"), ("X-A", "1\0002"), ("X A", "1"), ("X:A", "1"), ("", "1")])
    func fields(name: String, value: String) async throws {
        var request = try good
        request.allHTTPHeaderFields = [name: value]
        // Foundation may drop what it does not like: then nothing bad is left to be refused.
        guard request.allHTTPHeaderFields?.isEmpty == false else { return }
        let failures = [try await upload(request), try await download(request)]
        for failure in failures { #expect(failure?.code == .badField) }
    }

    @Test("downloads with a body, or with ranges of their own")
    func bodies() async throws {
        var request = try good
        request.httpBody = Data([1])
        #expect(try await download(request)?.code == .badField)
        var ranged = try good
        ranged.setValue("bytes=1-", forHTTPHeaderField: "Range")
        #expect(try await download(ranged)?.code == .badField)
    }

    @Test(
        "identifiers that are empty, huge, or have zero bytes",
        arguments: ["", String(repeating: "x", count: 1025), "a\0"])
    func identifiers(identifier: String) async throws {
        #expect(try await upload(as: identifier)?.code == .badIdentifier)
    }

    @Test("a session that cannot be had is the error of everything that is begun in it")
    func session() async throws {
        for name in ["", String(repeating: "x", count: 1025)] {
            let uploader = Uploader(.background(withIdentifier: name), in: process.world)
            let ends = Ends<URLResponse>()
            let file = URL(fileURLWithPath: scratch.path + "/file")
            await uploader.beginUpload(of: file, with: try good, identifier: "a", handler: ends.tell)
            #expect(failure(of: try #require(await ends.next()).1)?.code == .badIdentifier)
            await #expect(throws: TransferFailure.self) { try await uploader.transfers() }
            await #expect(throws: TransferFailure.self) { try await uploader.pause("a") }
            await withCheckedContinuation { continuation in
                uploader.handleBackgroundSessionEvents { continuation.resume() }
            }
        }
        let nowhere = TransferProcess("/proc/nowhere").uploader()
        let ends = Ends<URLResponse>()
        let file = URL(fileURLWithPath: scratch.path + "/file")
        await nowhere.beginUpload(of: file, with: try good, identifier: "a", handler: ends.tell)
        #expect(failure(of: try #require(await ends.next()).1)?.code == .storage)
    }

    @Test(
        "a destination on a disk that is read-only",
        .enabled(if: SmallDisk.isPossible, "it is mounted, and that takes root"))
    func readOnly() async throws {
        let disk = try SmallDisk()
        try disk.remount(kibibytes: 1024, isReadOnly: true)
        let there = TransferOptions.to(URL(fileURLWithPath: disk / "file"))
        #expect(try await download(nil, there)?.code == .destinationUnwritable)
    }

    @Test("methods and fields of the whole session with line ends in them")
    func lines() async throws {
        var request = try good
        request.httpMethod = "PUT\r\nX-A: 1"
        #expect(try await upload(request)?.code == .badField)
        // Foundation takes no method for none; a word with a blank is none of HTTP.
        request.httpMethod = "P U T"
        #expect(try await upload(request)?.code == .badField)
        let configuration = URLSessionConfiguration.background(withIdentifier: "s")
        configuration.httpAdditionalHeaders = ["X-A": "1\r\nX-B: 2"]
        let (uploader, ends) = (Uploader(configuration, in: process.world), Ends<URLResponse>())
        let file = URL(fileURLWithPath: scratch.path + "/file")
        await uploader.beginUpload(of: file, with: try good, identifier: "a", handler: ends.tell)
        #expect(failure(of: try #require(await ends.next()).1)?.code == .badField)
    }

    @Test(
        "addresses that are none",
        arguments: [
            "http://127.0.0.1:99999/", "http://127.0.0.1:-1/", "http://[::1/", "http://a%00b/", "http://a b/",
            "http://",
            "//host/path", "http://exa\u{7f}mple.org/",
        ])
    func nonsense(text: String) async throws {
        // What Foundation does not take for a URL cannot be asked for.
        guard let url = URL(string: text) else { return }
        let failures = [try await upload(URLRequest(url: url)), try await download(URLRequest(url: url))]
        for failure in failures { #expect(failure?.code == .badURL, "\(text)") }
    }

    @Test(
        "a live identifier is one request's: another URL, method, file, protocol or direction under it is refused, here and in another process"
    )
    func another() async throws {
        let (uploader, downloader) = (process.uploader(), process.downloader())
        let neighbour = TransferProcess(scratch.path + "/state", identifier: 2)
        let file = URL(fileURLWithPath: scratch.path + "/file")
        let later = TransferOptions { $0.earliestBeginDate = Date(timeIntervalSinceNow: 3600) }
        let first = Ends<URLResponse>()
        await uploader.beginUpload(of: file, with: try good, identifier: "a", options: later, handler: first.tell)
        var posted = try good
        posted.httpMethod = "POST"
        let elsewhere = URLRequest(url: try #require(URL(string: "http://127.0.0.1:1/other")))
        let orders = [
            UploadOrder(of: file, with: posted, identifier: "a", options: later),
            UploadOrder(of: file, with: elsewhere, identifier: "a", options: later),
            UploadOrder(of: file, with: try good, identifier: "a", options: .tus),
        ]
        for place in [uploader, neighbour.uploader()] {
            for order in orders {
                let ends = Ends<URLResponse>()
                await place.begin(contentsOf: [order], handler: ends.tell)
                #expect(failure(of: try #require(await ends.next()).1)?.code == .identifierInUse)
            }
        }
        for place in [downloader, neighbour.downloader()] {
            let ends = Ends<URL>()
            await place.beginDownload(of: try good, identifier: "a") { ends.tell($0, $1.map(\.0)) }
            #expect(failure(of: try #require(await ends.next()).1)?.code == .identifierInUse)
        }
        #expect(first.count == 0)
        #expect(try await uploader.transfers().map(\.identifier) == ["a"])
        // The same asks for the same there, too.
        let second = Ends<URLResponse>()
        await neighbour.uploader().beginUpload(
            of: file, with: try good, identifier: "a", options: later, handler: second.tell)
        try await neighbour.uploader().cancel("a")
        for ends in [first, second] {
            #expect(failure(of: try #require(await ends.next()).1)?.code == .cancelled)
        }
    }

    @Test("limits that make no sense hold nothing back, and break nothing")
    func limits() async throws {
        let origin = try await TestServer("origin")
        let uploader = process.uploader()
        let file = URL(fileURLWithPath: scratch.path + "/file")
        let absurd: [(inout TransferOptions) -> Void] = [
            {
                $0.retry = TransferRetryPolicy(
                    maximumAttempts: -5, base: -1, longest: -.infinity, longestRetryAfter: .nan)
            },
            { $0.retry = TransferRetryPolicy(maximumAttempts: .max, base: .infinity, longest: .nan) },
            { ($0.bytesPerSecond, $0.partSize) = (.min, .min) },
            { ($0.bytesPerSecond, $0.partSize) = (.max, .max) },
            { ($0.priority, $0.stallTimeout, $0.lifetime) = (.infinity, .infinity, .infinity) },
            { ($0.priority, $0.stallTimeout, $0.lifetime) = (-.infinity, -1, .nan) },
            { $0.earliestBeginDate = .distantPast },
            { $0.redirects = RedirectPolicy(maximum: -3) },
        ]
        for (number, change) in absurd.enumerated() {
            let ends = Ends<URLResponse>()
            let request = try origin.request("/up/\(number)")
            await uploader.beginUpload(
                of: file, with: request, identifier: "\(number)", options: TransferOptions(change), handler: ends.tell)
            #expect(try #require(await ends.next()).1.get().httpResponse.statusCode == 201, "\(number)")
        }
        // A life that is over when it begins.
        let ends = Ends<URLResponse>()
        let short = TransferOptions { $0.lifetime = .leastNonzeroMagnitude }
        await uploader.beginUpload(
            of: file, with: try origin.request("/up"), identifier: "short", options: short, handler: ends.tell)
        #expect(failure(of: try #require(await ends.next()).1)?.code == .deadlinePassed)
        // A date that never comes.
        let never = TransferOptions { $0.earliestBeginDate = .distantFuture }
        await uploader.beginUpload(
            of: file, with: try origin.request("/up"), identifier: "never", options: never, handler: ends.tell)
        #expect(try await uploader.cancel("never"))
        #expect(failure(of: try #require(await ends.next()).1)?.code == .cancelled)
        // A session that allows no connection allows some.
        let configuration = URLSessionConfiguration.background(withIdentifier: "narrow")
        configuration.httpMaximumConnectionsPerHost = .min
        configuration.timeoutIntervalForRequest = -.infinity
        configuration.timeoutIntervalForResource = 0
        let narrow = Uploader(configuration, in: process.world)
        let request = try origin.request("/narrow")
        #expect(
            try await narrow.uploadFile(at: file, with: request, identifier: "a").httpResponse.statusCode == 201)
    }

    @Test("names of sessions and transfers are names, whatever is in them")
    func names() async throws {
        let origin = try await TestServer("origin")
        let file = URL(fileURLWithPath: scratch.path + "/file")
        for name in ["../../escape", "/", "a\nb", "Größe 🎬", String(repeating: "x", count: 1024), "%2e%2e", "s-s"] {
            let uploader = Uploader(.background(withIdentifier: name), in: process.world)
            let response = try await uploader.uploadFile(
                at: file, with: try origin.request("/up"), identifier: name)
            #expect(try response.httpResponse.statusCode == 201)
        }
        let names = try FileManager.default.contentsOfDirectory(atPath: scratch.path + "/state/transfers/sessions")
        #expect(names.count == 7 && names.allSatisfy { $0.hasPrefix("s-") && $0.utf8.count < 255 })
        #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.path).sorted() == ["file", "state"])
    }

    @Test("orders for a transfer that is not there are answered with no")
    func nobody() async throws {
        let uploader = process.uploader()
        #expect(try await !uploader.pause("nobody"))
        #expect(try await !uploader.resume("nobody"))
        #expect(try await !uploader.cancel("nobody"))
    }
}
