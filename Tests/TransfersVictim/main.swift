// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundMonitors
import Foundation
import TransferProcesses
import Transfers
import TransfersCore

// One life of a program that moves one transfer. It is killed by itself, at the moment that it was told.
//
//     transfersvictim DIRECTORY KIND URL FILE MICROSECONDS RATE
//
// KIND is download, plain, tus or resumable; 0 microseconds: it lives until the end. RATE limits bytes a second.

func tell(_ line: String) { FileHandle.standardOutput.write(Data((line + "\n").utf8)) }

let arguments = CommandLine.arguments
let (directory, kind, url, file) = (arguments[1], arguments[2], arguments[3], arguments[4])
let life = Int64(arguments[5]) ?? 0
let clocks = SystemClocks()
let alarm = clocks.makeAlarm { kill(getpid(), SIGKILL) }
if life > 0 { alarm.set(wall: nil, awake: clocks.now().awake(after: .microseconds(life))) }

let work: TransferIntentDraft.Work =
    switch kind {
    case "download": .download(to: file)
    case "tus": .upload([file], method: .tus)
    case "resumable": .upload([file], method: .resumable)
    default: .upload([file], method: .plain)
    }
var policy = TransferPolicy()
policy.rateLimit = Int64(arguments[6])
policy.retry.base = 0
let process = TransferProcess(directory, identifier: getpid(), log: tell)
let session = try process.session()
let draft = TransferIntentDraft(
    "one", work, httpMethod: kind == "download" ? "GET" : kind == "plain" ? "PUT" : "POST", url: url, policy: policy)
for result in session.begin([draft]) {
    switch result {
    case .success(let outcome):
        if case .began = outcome { tell("began") } else { tell("attached") }
    case .failure(let failure):
        tell("\(failure)")
        exit(1)
    }
}
guard let (_, result) = await session.end(of: "one") else { exit(2) }
tell("ended \(result.outcome)")
exit(result.outcome == .succeeded ? 0 : 3)
