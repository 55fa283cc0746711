// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Background
import Foundation

/// What a person typed.
enum Command {
    case farm(URL)
    case list
    case upload(path: String, title: String?)
    case download(number: Int, path: String)
    case status
    case follow(String)
    case pause(String)
    case resume(String)
    case cancel(String)
    case help

    struct Misunderstood: Error, CustomStringConvertible {
        let description: String
    }

    static let manual = """
        videofarm farm URL                 remember where the farm is
        videofarm list                     the videos on the farm
        videofarm upload FILE [TITLE]      make a video and send its movie
        videofarm download NUMBER FILE     fetch a movie, and its picture beside it
        videofarm status                   what is on its way, and why it waits
        videofarm follow NAME              watch one of them until its end
        videofarm pause|resume|cancel NAME
        """

    init(_ arguments: ArraySlice<String>) throws {
        var words = arguments
        let verb = words.popFirst() ?? "help"
        func word(_ what: String) throws -> String {
            guard let word = words.popFirst() else { throw Misunderstood(description: "\(verb) needs \(what)") }
            return word
        }
        switch verb {
        case "farm":
            guard let url = URL(string: try word("a URL")), url.scheme?.hasPrefix("http") == true else {
                throw Misunderstood(description: "the farm needs a URL with http or https")
            }
            self = .farm(url)
        case "list": self = .list
        case "upload": self = .upload(path: try word("a file"), title: words.popFirst())
        case "download":
            guard let number = Int(try word("a number, as list shows it")) else {
                throw Misunderstood(description: "download needs a number first")
            }
            self = .download(number: number, path: try word("a file to write"))
        case "status": self = .status
        case "follow": self = .follow(try word("a name, as status shows it"))
        case "pause": self = .pause(try word("a name, as status shows it"))
        case "resume": self = .resume(try word("a name, as status shows it"))
        case "cancel": self = .cancel(try word("a name, as status shows it"))
        case "help", "--help", "-h": self = .help
        default: throw Misunderstood(description: "there is no command \(verb); try: videofarm help")
        }
        if let word = words.first { throw Misunderstood(description: "\(verb) does not understand \(word)") }
    }
}

extension Command {
    func perform(with carrier: Carrier) async throws {
        switch self {
        case .farm(let url): try Farm(url: url).remember()
        case .list:
            for video in try await Farm.remembered().videos() {
                let state = video.isWhole ? "\(video.size ?? 0) bytes" : "not whole yet"
                print("\(video.number)  \(video.title)  (\(state))")
            }
        case .upload(let path, let title):
            let (farm, file) = (try Farm.remembered(), URL(fileURLWithPath: path))
            let video = try await farm.create(titled: title ?? file.lastPathComponent)
            print("Sending it as upload-\(video.number).")
            await carrier.send(file, to: farm.movie(video.number), as: "upload-\(video.number)")
        case .download(let number, let path):
            let (farm, file) = (try Farm.remembered(), URL(fileURLWithPath: path))
            let picture = URL(fileURLWithPath: path + ".png")
            print("Fetching them as movie-\(number) and thumbnail-\(number).")
            await carrier.fetch(farm.thumbnail(number), to: picture, as: "thumbnail-\(number)")
            await carrier.fetch(farm.movie(number), to: file, as: "movie-\(number)")
        case .status: for transfer in try await carrier.uploader.transfers() { print(transfer.line) }
        case .follow(let name):
            for await progress in carrier.uploader.progress(of: name) {
                print("\(name): \(Int(progress.fractionCompleted * 100)) %")
            }
        // Uploads and downloads of one session are one set: either of the two can be asked.
        case .pause(let name): try insist(await carrier.uploader.pause(name), name)
        case .resume(let name): try insist(await carrier.uploader.resume(name), name)
        case .cancel(let name): try insist(await carrier.uploader.cancel(name), name)
        case .help: print(Command.manual)
        }
    }

    private func insist(_ isThere: Bool, _ name: String) throws {
        if !isThere { throw Misunderstood(description: "nothing of the name \(name) is on its way") }
    }
}

extension TransferStatus {
    /// For people.
    fileprivate var line: String {
        let share = totalBytes.map { " of \($0)" } ?? ""
        let what =
            switch state {
            case .running: "is carried"
            case .paused: "is paused"
            case .ended: "has ended"
            case .waiting(let reason, let until):
                "waits (\(reason))" + (until.map { " until \($0.formatted(.iso8601))" } ?? "")
            }
        return "\(identifier)  \(what)  \(completedBytes)\(share) bytes"
    }
}
