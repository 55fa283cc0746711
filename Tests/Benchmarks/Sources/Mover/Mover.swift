// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Foundation
import Scheduling
import Synchronization
import Transfers

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// What is measured of transfers: a program that uses the public products only, with its state in DIRECTORY.
///
///     mover down DIRECTORY URL FOLDER COUNT       to FOLDER/0, … in one batch; `#` in the URL is the number
///     mover up DIRECTORY FOLDER URL COUNT         from there
///     mover tus DIRECTORY FILE URL                by tus
///     mover queue DIRECTORY COUNT                 begins so many that are not due
///     mover launch DIRECTORY COUNT                nanoseconds to open, to begin them all again, to list them
///
/// What moves bytes, and `queue`, say nanoseconds from the order until the last handler has been called.
@main
struct Mover {
    static func main() async throws {
        let words = Array(CommandLine.arguments.dropFirst())
        guard words.count >= 2 else { fail("mover COMMAND DIRECTORY …") }
        let name = words[1].split(separator: "/").last.map(String.init) ?? "none"
        setenv("BACKGROUND_APP_ID", "bench." + name, 1)
        setenv("STATE_DIRECTORY", words[1], 1)
        // The launch that systemd makes for what a killed one left is not what is measured.
        if try await TaskScheduler.shared.handleBackgroundLaunch() { return }
        let rest = Array(words.dropFirst(2))
        switch (words[0], rest.count) {
        case ("down", 3): try await Mover().down(rest[0], rest[1], number(rest[2]))
        case ("up", 3): try await Mover().up(rest[0], rest[1], number(rest[2]))
        case ("tus", 2): try await Mover().tus(rest[0], rest[1])
        case ("queue", 1): try await Mover().queue(number(rest[0]))
        case ("launch", 1): try await Mover().launch(number(rest[0]))
        default: fail("unknown command \(words[0]), or not its arguments")
        }
    }

    private let configuration = URLSessionConfiguration.background(withIdentifier: "mover")

    private func down(_ url: String, _ folder: String, _ count: Int) async throws {
        let downloader = Downloader(sessionConfiguration: configuration)
        let orders = (0..<count).map { number in
            DownloadOrder(
                of: URLRequest(url: Self.url(url, number)), identifier: "\(number)",
                options: .to(URL(fileURLWithPath: folder + "/\(number)")))
        }
        let ends = Ends(count)
        Self.say(
            await ContinuousClock().measure {
                await downloader.begin(contentsOf: orders) { ends.tell($0, $1.map(\.1)) }
                await ends.all()
            })
        await withCheckedContinuation { downloader.handleBackgroundSessionEvents($0.resume) }
    }

    private func up(_ folder: String, _ url: String, _ count: Int) async throws {
        let uploader = Uploader(sessionConfiguration: configuration)
        let orders = (0..<count).map { number in
            UploadOrder(
                of: URL(fileURLWithPath: folder + "/\(number)"), with: URLRequest(url: Self.url(url, number)),
                identifier: "\(number)")
        }
        let ends = Ends(count)
        Self.say(
            await ContinuousClock().measure {
                await uploader.begin(contentsOf: orders) { ends.tell($0, $1) }
                await ends.all()
            })
        await withCheckedContinuation { uploader.handleBackgroundSessionEvents($0.resume) }
    }

    private func tus(_ file: String, _ url: String) async throws {
        let uploader = Uploader(sessionConfiguration: configuration)
        let ends = Ends(1)
        await uploader.beginUpload(
            of: URL(fileURLWithPath: file), with: URLRequest(url: Self.url(url, 0)), identifier: "0", options: .tus
        ) { ends.tell($0, $1) }
        await ends.all()
        await withCheckedContinuation { uploader.handleBackgroundSessionEvents($0.resume) }
    }

    // MARK: Very many

    /// Due in a month: nothing moves.
    private func waiting(_ count: Int) -> [DownloadOrder] {
        var options = TransferOptions()
        options.earliestBeginDate = Date(
            timeIntervalSince1970: (Date().timeIntervalSince1970 / 86_400).rounded() * 86_400
        )
        .addingTimeInterval(30 * 86_400)
        return (0..<count).map { number in
            DownloadOrder(
                of: URLRequest(url: Self.url("http://127.0.0.1:9/photos/#.jpeg", number)),
                identifier: "photo-\(number).jpeg", options: options)
        }
    }

    private func queue(_ count: Int) async throws {
        let orders = waiting(count)
        let took = await ContinuousClock().measure {
            await Downloader(sessionConfiguration: configuration).begin(contentsOf: orders) {
                Self.fail("\($0): \($1)")
            }
        }
        Self.say(took)
    }

    private func launch(_ count: Int) async throws {
        let orders = waiting(count)
        let clock = ContinuousClock()
        var downloader: Downloader?
        Self.say(clock.measure { downloader = Downloader(sessionConfiguration: configuration) })
        guard let downloader else { return }
        Self.say(await clock.measure { await downloader.begin(contentsOf: orders) { Self.fail("\($0): \($1)") } })
        var listed = 0
        Self.say(try await clock.measure { listed = try await downloader.transfers().count })
        if listed != count { Self.fail("\(listed) transfers are listed, not \(count)") }
    }

    // MARK: Words

    private static func number(_ text: String) -> Int {
        guard let number = Int(text) else { fail("\(text) is not a number") }
        return number
    }

    private static func url(_ text: String, _ number: Int) -> URL {
        guard let url = URL(string: text.replacingOccurrences(of: "#", with: "\(number)")) else {
            fail("no URL: \(text)")
        }
        return url
    }

    private static func say(_ duration: Duration) { print(Int(duration / .nanoseconds(1))) }

    static func fail(_ cause: String) -> Never {
        FileHandle.standardError.write(Data("mover: \(cause)\n".utf8))
        exit(2)
    }
}

/// Waits for so many ends, which all have to be good.
private final class Ends: Sendable {
    private let left: Mutex<Int>
    private let stream = AsyncStream<Void>.makeStream()

    init(_ count: Int) { left = Mutex(count) }

    func tell(_ identifier: String, _ end: Result<URLResponse, any Error>) {
        guard case .success(let response) = end,
            [200, 201, 204, 206].contains((response as? HTTPURLResponse)?.statusCode ?? 0)
        else {
            Mover.fail("\(identifier): \(end)")
        }
        let isLast = left.withLock { left in
            left -= 1
            return left == 0
        }
        if isLast { stream.continuation.finish() }
    }

    func all() async { for await _ in stream.stream {} }
}
