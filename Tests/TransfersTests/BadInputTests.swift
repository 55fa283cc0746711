// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Foundation
import Testing
import TransferFixtures
import TransferProcesses
import Transfers
import TransfersCore

@Suite("What cannot be begun is an error that says what to do, and nothing is left of it", .timeLimit(.minutes(2)))
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
        return failure(of: try #require(await ends.next()).1)
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
        return failure(of: try #require(await ends.next()).1)
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

    @Test("orders for a transfer that is not there are answered with no")
    func nobody() async throws {
        let uploader = process.uploader()
        #expect(try await !uploader.pause("nobody"))
        #expect(try await !uploader.resume("nobody"))
        #expect(try await !uploader.cancel("nobody"))
    }
}
