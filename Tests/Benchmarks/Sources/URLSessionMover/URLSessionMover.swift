// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Foundation

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// The same work as `Mover` does, by URLSession in the way it is fastest: tasks with completion handlers.
///
///     urlsessionmover down URL FOLDER COUNT       to FOLDER/0, …; of many, `#` in the URL is the number
///     urlsessionmover up FOLDER URL COUNT         from there
@main
enum URLSessionMover {
    static func main() {
        let words = Array(CommandLine.arguments.dropFirst())
        guard words.count == 4, let count = Int(words[3]) else { fail("down URL FOLDER COUNT, or up FOLDER URL COUNT") }
        let configuration = URLSessionConfiguration.default
        configuration.requestCachePolicy = .reloadIgnoringLocalCacheData
        configuration.urlCache = nil
        let session = URLSession(configuration: configuration)
        let left = DispatchGroup()
        for number in 0..<count {
            left.enter()
            let (from, to) = (words[1], words[2])
            switch words[0] {
            case "down":
                let target = URL(fileURLWithPath: to + "/\(number)")
                session.downloadTask(with: url(from, number)) { file, response, error in
                    guard let file, error == nil, (response as? HTTPURLResponse)?.statusCode == 200 else {
                        fail("\(number): \(String(describing: error)), \(String(describing: response))")
                    }
                    do { try FileManager.default.moveItem(at: file, to: target) } catch { fail("\(error)") }
                    left.leave()
                }.resume()
            case "up":
                var request = URLRequest(url: url(to, number))
                request.httpMethod = "PUT"
                session.uploadTask(with: request, fromFile: URL(fileURLWithPath: from + "/\(number)")) {
                    _, response, error in
                    guard error == nil, (response as? HTTPURLResponse)?.statusCode == 200 else {
                        fail("\(number): \(String(describing: error)), \(String(describing: response))")
                    }
                    left.leave()
                }.resume()
            default: fail("unknown command \(words[0])")
            }
        }
        left.wait()
    }

    private static func url(_ text: String, _ number: Int) -> URL {
        guard let url = URL(string: text.replacingOccurrences(of: "#", with: "\(number)")) else {
            fail("no URL: \(text)")
        }
        return url
    }

    private static func fail(_ cause: String) -> Never {
        FileHandle.standardError.write(Data("urlsessionmover: \(cause)\n".utf8))
        exit(2)
    }
}
