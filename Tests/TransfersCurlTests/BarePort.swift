// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Foundation
import TransferFixtures

/// A port of 127.0.0.1 on which nobody listens; or somebody who takes one connection, says one thing and hangs up.
final class BarePort: Sendable {
    let number: Int
    private let descriptor: Int32

    init(listens: Bool, saying text: String = "") throws {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(descriptor, address, size) == 0 ? getsockname(descriptor, address, &size) : -1
            }
        }
        guard result == 0 else { throw FixtureFailure("no free port") }
        number = Int(in_port_t(bigEndian: address.sin_port))
        self.descriptor = descriptor
        guard listens, listen(descriptor, 1) == 0 else { return }
        DispatchQueue.global().async {
            let connection = accept(descriptor, nil, nil)
            guard connection >= 0 else { return }
            var asked = [UInt8](repeating: 0, count: 4096)
            _ = recv(connection, &asked, asked.count, 0)
            _ = send(connection, text, text.utf8.count, Int32(MSG_NOSIGNAL))
            close(connection)
        }
    }

    deinit { close(descriptor) }
}
