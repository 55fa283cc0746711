// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Foundation
import FoundationNetworking

/// A video, as the farm tells of it.
struct Video: Codable {
    var number: Int
    var title: String
    /// Nil until an upload was begun.
    var size: Int64?
    /// Whether all of it is there.
    var isWhole: Bool
}

/// The farm's small questions, which are asked while a person waits. The movies go another way: see `Carrier`.
struct Farm {
    let url: URL

    struct Refusal: Error, CustomStringConvertible {
        let description: String
    }

    func videos() async throws -> [Video] {
        try await ask(URLRequest(url: url.appendingPathComponent("videos")))
    }

    /// Makes a video. The farm answers 303, "see there", and `URLSession` goes and looks: what comes is the new video.
    func create(titled title: String) async throws -> Video {
        var request = URLRequest(url: url.appendingPathComponent("videos"))
        request.httpMethod = "POST"
        request.httpBody = try JSONEncoder().encode(["title": title])
        request.setValue("application/json", forHTTPHeaderField: "Content-Type")
        return try await ask(request)
    }

    func movie(_ number: Int) -> URL { url.appendingPathComponent("videos/\(number)/movie") }
    func thumbnail(_ number: Int) -> URL { url.appendingPathComponent("videos/\(number)/thumbnail") }

    private func ask<Answer: Decodable>(_ request: URLRequest) async throws -> Answer {
        let (data, response) = try await URLSession.shared.data(for: request)
        let status = (response as? HTTPURLResponse)?.statusCode ?? 0
        guard status == 200 else { throw Refusal(description: "the farm answered with status \(status)") }
        return try JSONDecoder().decode(Answer.self, from: data)
    }
}

extension Farm {
    /// Where a person said it is.
    static func remembered() throws -> Farm {
        guard let text = try? String(contentsOf: note(), encoding: .utf8), let url = URL(string: text) else {
            throw Refusal(description: "say where the farm is: videofarm farm URL")
        }
        return Farm(url: url)
    }

    func remember() throws {
        try FileManager.default.createDirectory(
            at: Farm.note().deletingLastPathComponent(), withIntermediateDirectories: true)
        try url.absoluteString.write(to: Farm.note(), atomically: true, encoding: .utf8)
    }

    private static func note() -> URL {
        let home = FileManager.default.homeDirectoryForCurrentUser.appendingPathComponent(".config")
        let place = ProcessInfo.processInfo.environment["XDG_CONFIG_HOME"].map { URL(fileURLWithPath: $0) }
        return (place ?? home).appendingPathComponent("videofarm/farm")
    }
}
