// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

/// Whose turn it is: so many at once with one host and in all, hosts in turn, in each the first come.
struct Admission {
    private struct Host {
        var running = 0
        var waiting: [UInt64] = []
        /// The first of `waiting` that has not had its turn.
        var next = 0

        var isWaiting: Bool { next < waiting.count }
    }

    private let perHost: Int
    private let inAll: Int
    private var hosts: [String: Host] = [:]
    /// Hosts that may start one now, in turn; each once.
    private var turns: [String] = []
    private var firstTurn = 0
    private(set) var running = 0

    init(perHost: Int, inAll: Int) {
        self.perHost = max(perHost, 1)
        self.inAll = max(inAll, 1)
    }

    mutating func add(_ key: UInt64, host: String) {
        let couldStart = canStart(hosts[host, default: Host()])
        hosts[host, default: Host()].waiting.append(key)
        if !couldStart { queue(host) }
    }

    /// The next one that may begin now; `end` has to be said for it.
    mutating func next() -> UInt64? {
        guard running < inAll, firstTurn < turns.count else { return nil }
        let name = turns[firstTurn]
        firstTurn += 1
        if firstTurn > 64, 2 * firstTurn > turns.count {
            turns.removeFirst(firstTurn)
            firstTurn = 0
        }
        guard var host = hosts[name], canStart(host) else { return nil }
        let key = host.waiting[host.next]
        host.next += 1
        if host.next > 64, 2 * host.next > host.waiting.count {
            host.waiting.removeFirst(host.next)
            host.next = 0
        }
        host.running += 1
        running += 1
        hosts[name] = host
        queue(name)
        return key
    }

    mutating func end(host name: String) {
        guard var host = hosts[name] else { return }
        let couldStart = canStart(host)
        host.running -= 1
        running -= 1
        hosts[name] = host.running == 0 && !host.isWaiting ? nil : host
        if !couldStart { queue(name) }
    }

    private func canStart(_ host: Host) -> Bool { host.isWaiting && host.running < perHost }

    private mutating func queue(_ name: String) {
        if let host = hosts[name], canStart(host) { turns.append(name) }
    }

    /// Scheme and authority: exchanges with one of them may share connections.
    static func host(of url: String) -> String {
        let bytes = Array(url.utf8.prefix(1024))
        guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")) else { return "" }
        let authority = bytes.index(colon, offsetBy: 3, limitedBy: bytes.endIndex) ?? bytes.endIndex
        let end = bytes[authority...].firstIndex { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") }
        return String(decoding: bytes[..<(end ?? bytes.endIndex)], as: UTF8.self).lowercased()
    }
}
