// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

package import Foundation

/// One request to a control port, without the engine that is tested, nor URLSession: blocks a thread of Dispatch.
package struct PlainRequest: Sendable {
    package let port: Int
    package let method: String
    package let path: String
    package let body: String

    package init(port: Int, method: String, path: String, body: String) {
        (self.port, self.method, self.path, self.body) = (port, method, path, body)
    }

    package func answer() async throws -> Data {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async { continuation.resume(with: Result { try perform() }) }
        }
    }

    private func perform() throws -> Data {
        let connection = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard connection >= 0 else { throw FixtureFailure("no socket: \(String(cString: strerror(errno)))") }
        defer { close(connection) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let connected = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(connection, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard connected == 0 else { throw FixtureFailure("port \(port): \(String(cString: strerror(errno)))") }
        let request = """
            \(method) \(path) HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\nConnection: close\r\n\
            Content-Length: \(body.utf8.count)\r\n\r\n\(body)
            """
        try Data(request.utf8).withUnsafeBytes { bytes in
            var sent = 0
            while sent < bytes.count {
                let count = send(
                    connection, bytes.baseAddress?.advanced(by: sent), bytes.count - sent, Int32(MSG_NOSIGNAL))
                guard count > 0 else { throw FixtureFailure("port \(port) took no order") }
                sent += count
            }
        }
        var answer = Data()
        var part = [UInt8](repeating: 0, count: 65_536)
        while true {
            if let body = Self.body(of: answer) {
                guard answer.starts(with: Data("HTTP/1.1 200".utf8)) else { break }
                return body
            }
            let count = recv(connection, &part, part.count, 0)
            guard count > 0 else { break }
            answer.append(contentsOf: part[0..<count])
        }
        throw FixtureFailure("\(method) \(path): \(String(decoding: answer.prefix(1000), as: UTF8.self))")
    }

    /// Nil until it is whole.
    private static func body(of answer: Data) -> Data? {
        guard let end = answer.range(of: Data("\r\n\r\n".utf8)) else { return nil }
        let head = String(decoding: answer[..<end.lowerBound], as: UTF8.self).lowercased().split(separator: "\r\n")
        let length = head.first { $0.hasPrefix("content-length:") }?.split(separator: ":").last
        guard let count = length.flatMap({ Int($0.filter(\.isNumber)) }) else { return nil }
        let body = answer[end.upperBound...]
        return body.count >= count ? body.prefix(count) : nil
    }
}
