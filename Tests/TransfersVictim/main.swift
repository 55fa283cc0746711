// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundMonitors
import Foundation
import TransferProcesses
import Transfers
import TransfersCore

// One life of a program that moves one transfer. It is killed by itself, at the moment that it was told.
//
//     transfersvictim DIRECTORY KIND URL FILE MICROSECONDS RATE [IDENTIFIER]
//
// KIND is download, plain, form, tus, resumable-VERSION, s3 or snapshot; 0 microseconds: it lives until the end. RATE limits
// bytes a second.
//
//     transfersvictim DIRECTORY crowd NAME FOLDER ORIGIN TUS
//     transfersvictim DIRECTORY last
//
// One of several that share a session: it begins some, gives orders to all, and hears every end, until it is killed; and the
// one that comes last, lets everything go on, and ends when nothing is left.

func tell(_ line: String) { FileHandle.standardOutput.write(Data((line + "\n").utf8)) }

let arguments = CommandLine.arguments
let (directory, kind) = (arguments[1], arguments[2])
if kind == "crowd" || kind == "last" {
    try await Crowd(directory).live(Array(arguments.dropFirst(3)))
    exit(0)
}

let (url, file) = (arguments[3], arguments[4])
let life = Int64(arguments[5]) ?? 0
let identifier = arguments.count > 7 ? arguments[7] : "one"
let clocks = SystemClocks()
let alarm = clocks.makeAlarm { kill(getpid(), SIGKILL) }
if life > 0 { alarm.set(wall: nil, awake: clocks.now().awake(after: .microseconds(life))) }

var policy = TransferPolicy()
policy.rateLimit = Int64(arguments[6])
policy.retry.base = 0
var method = "POST"
var authorizer: String?
let work: TransferIntentDraft.Work
switch kind {
case "download": (work, method) = (.download(to: file), "GET")
case "tus": work = .upload([file], method: .tus)
case "form":
    let part = MultipartForm.Part.file(name: "movie", fileName: "movie", type: "video/mp4", source: 0)
    work = .upload([file], method: .form(MultipartForm([part], seed: (1, 2))))
case "s3":
    (work, authorizer) = (.upload([file], method: .s3Multipart), "presign")
    policy.partSize = 100_000
case _ where kind.hasPrefix("resumable"):
    let version = kind.split(separator: "-").last.flatMap { Int($0) }
    policy.resumableInterop = version.flatMap(ResumableInterop.init(rawValue:)) ?? .final
    work = .upload([file], method: .resumable)
case "snapshot": (work, method) = (.upload([file], method: .plain, source: .snapshot), "PUT")
default: (work, method) = (.upload([file], method: .plain), "PUT")
}
let process = TransferProcess(directory, identifier: getpid(), log: tell)
let session = try process.session()
session.setAuthorizer("presign") { request, _ in
    let query =
        switch request.purpose {
        case .request, .s3Create: "uploads"
        case .s3Part(let number, let upload): "uploadId=\(upload)&partNumber=\(number)"
        case .s3List(let upload, let after): "uploadId=\(upload)&part-number-marker=\(after)"
        case .s3Complete(let upload), .s3Abort(let upload): "uploadId=\(upload)"
        }
    return (HeaderFields(), url.contains("?") ? "\(url)&\(query)" : "\(url)?\(query)")
}
let draft = TransferIntentDraft(
    identifier, work, httpMethod: method, url: url, policy: policy, authorizer: authorizer)
for result in session.begin([draft]) {
    switch result {
    case .success(let outcome):
        if case .began = outcome { tell("began") } else { tell("attached") }
    case .failure(let failure):
        tell("\(failure)")
        exit(1)
    }
}
guard let (_, result) = await session.end(of: identifier, acknowledging: false) else { exit(2) }
// Killed in between it is told of once more; the other way round nobody would ever hear of it.
tell("ended \(result.outcome)")
await session.acknowledge(identifier)
exit(result.outcome == .succeeded ? 0 : 3)
