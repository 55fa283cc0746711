// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundStore
import BackgroundSurroundings
import Foundation
import TransfersCore
import TransfersStore

// What the books of transfers cost: `transferledger [COUNT] [DIRECTORY]`, in a directory on the disk that matters.

func intent(_ number: Int) -> TransferIntent {
    var policy = TransferPolicy()
    policy.priority = Float(number % 3) / 2
    return TransferIntent(
        session: "org.example.background", identifier: "photo-\(number).jpeg",
        work: .upload(
            SourceIdentity(
                path: "/home/user/Pictures/2026/photo-\(number).jpeg", device: 1, inode: UInt64(number),
                size: 4_000_000,
                modifiedNanoseconds: 1), method: .tus), httpMethod: "POST",
        url: "https://media\(number % 20).example.org/files",
        fields: HeaderFields([.init("Content-Type", "image/jpeg"), .init("Accept", "application/json")]),
        policy: policy,
        taskDescription: "photo-\(number)", created: .epoch, deadline: .distantFuture)
}

let clock = ContinuousClock()

func measure(_ what: String, _ body: () throws -> Void) rethrows {
    let time = try clock.measure(body)
    print(what.padding(toLength: 56, withPad: " ", startingAt: 0), time)
}

/// In kibibytes, as the kernel counts it (proc_pid_status(5)).
func resident() -> Int {
    let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
    let line = status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") } ?? ""
    return Int(line.filter(\.isNumber)) ?? 0
}

let count = CommandLine.arguments.dropFirst().first.flatMap(Int.init) ?? 10_000
let parent = CommandLine.arguments.dropFirst(2).first ?? FileManager.default.currentDirectoryPath
let root = parent + "/transferledger-\(UUID().uuidString)"
try FileManager.default.createDirectory(
    atPath: root, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
defer { try? FileManager.default.removeItem(atPath: root) }

func open() throws -> TransfersStore {
    try TransfersStore(directory: StateDirectory(path: root + "/state"), machine: "m", boot: "b", pid: getpid())
}

let writer = try open()
try measure("begin 2,000 in one commit") { _ = try writer.begin((0..<2_000).map(intent)) }
try measure("begin one") { _ = try writer.begin(intent(1_000_000)) }
for start in stride(from: 2_000, to: count, by: 2_000) {
    _ = try writer.begin((start..<min(start + 2_000, count)).map(intent))
}

let store = try open()
let before = resident()
var ids: [Int64] = []
try measure("list \(count)") { ids = try store.list(session: "org.example.background").map(\.id) }
print("    resident memory: \(before) KiB before, \(resident()) KiB after")
try measure("count, and the next instant") { _ = try store.outlook(session: "org.example.background") }
try measure("32 candidates") {
    _ = try store.candidates(session: "org.example.background", now: .epoch, limit: 32)
}
try measure("attach to \(count), in one call") { _ = try store.begin((0..<count).map(intent)) }
if let owned = try store.own("org.example.background") {
    try measure("take over") { _ = try store.takeOver(owned, now: .epoch) }
}
var checkpoint = TransferCheckpoint(state: .running)
try measure("1,000 durable checkpoints") {
    for id in ids.prefix(1_000) { try store.update(id, checkpoint, durably: true) }
}
try measure("1,000 flushes of 8 ticks") {
    for tick in 1...1_000 {
        checkpoint.acknowledged = Int64(tick)
        for id in ids.prefix(8) { try store.update(id, checkpoint, durably: false) }
        _ = try store.flush()
    }
}
try measure("1,000 ends") {
    for id in ids.prefix(1_000) { try store.finish(id, TransferResult(.succeeded, ended: .epoch)) }
}
try measure("1,000 results, read and acknowledged in one commit") {
    _ = try store.acknowledge(store.results(session: "org.example.background").map(\.id))
}
