// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundStore
import BackgroundSurroundings
import Foundation
import TransfersCore
import TransfersStore

// Owns a session and moves transfers until it is killed. Each line is written after what it tells of was done.
//
//     transfersprobe DIRECTORY SESSION ROUND

/// Straight to the pipe: what is buffered dies with the process.
func tell(_ line: String) { FileHandle.standardOutput.write(Data((line + "\n").utf8)) }

func intent(_ identifier: String, _ session: String) -> TransferIntent {
    TransferIntent(
        session: session, identifier: identifier, work: .download(DownloadTarget(partial: "/tmp/" + identifier)),
        httpMethod: "GET", url: "https://example.org/" + identifier, created: .epoch, deadline: .distantFuture)
}

let arguments = CommandLine.arguments
let (session, round) = (arguments[2], arguments[3])
let store = try TransfersStore(
    directory: StateDirectory(path: arguments[1]), machine: "m1", boot: "b1", pid: getpid())
guard let owned = try store.own(session) else {
    tell("busy")
    exit(1)
}
try store.takeOver(owned, now: .epoch)
// A test that lets go of it does not leave it behind for ever.
for number in 0..<100_000 {
    let identifier = "\(round)-\(number)"
    guard case .began(let began) = try store.begin(intent(identifier, session)) else { exit(2) }
    tell("began \(identifier)")
    var checkpoint = TransferCheckpoint(state: .running)
    for step in 1...3 {
        checkpoint.attempts = step
        checkpoint.acknowledged = Int64(step * 100)
        try store.update(began.id, checkpoint, durably: true)
        tell("moved \(identifier) \(checkpoint.acknowledged)")
        checkpoint.acknowledged += 50
        try store.update(began.id, checkpoint, durably: false)
        try store.flush()
        // The death of a process takes no flushed tick either.
        tell("moved \(identifier) \(checkpoint.acknowledged)")
    }
    if number % 2 == 0 {
        try store.finish(began.id, TransferResult(.succeeded, ended: .epoch))
        tell("ended \(identifier)")
    }
}
