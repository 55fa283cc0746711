// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Foundation

/// What libFuzzer feeds: one parser each, with what has to hold of what it makes of any bytes. The runner names one in
/// $FUZZ_TARGET (libFuzzer, https://llvm.org/docs/LibFuzzer.html).
enum FuzzTarget: String, CaseIterable {
    case identifiers, units, plist, terms, calendar, zone, netlink, host, journal, launch, database, command
    case answers, head, document, address, position, transfer

    static let chosen: FuzzTarget = {
        guard let name = ProcessInfo.processInfo.environment["FUZZ_TARGET"], let target = FuzzTarget(rawValue: name)
        else { fatalError("FUZZ_TARGET names none of \(allCases.map(\.rawValue))") }
        return target
    }()

    func feed(_ bytes: [UInt8]) throws {
        switch self {
        case .identifiers: feedIdentifiers(String(decoding: bytes, as: UTF8.self))
        case .units: feedUnits(String(decoding: bytes, as: UTF8.self))
        case .plist: try feedPlist(bytes)
        case .terms: try feedTerms(String(decoding: bytes, as: UTF8.self))
        case .calendar: feedCalendar(String(decoding: bytes, as: UTF8.self))
        case .zone: feedZone(bytes)
        case .netlink: feedNetlink(bytes)
        case .host: try feedHost(String(decoding: bytes, as: UTF8.self))
        case .journal: feedJournal(String(decoding: bytes, as: UTF8.self))
        case .launch: feedLaunch(String(decoding: bytes, as: UTF8.self))
        case .database: try feedDatabase(bytes)
        case .command: feedCommand(String(decoding: bytes, as: UTF8.self))
        case .answers: feedAnswers(String(decoding: bytes, as: UTF8.self))
        case .head: feedHead(bytes)
        case .document: feedDocument(bytes)
        case .address: feedAddress(String(decoding: bytes, as: UTF8.self))
        case .position: feedPosition(bytes)
        case .transfer: feedTransfer(bytes)
        }
    }

    /// A folder in memory for what is read from files; one for each process, and left to the runner.
    static let folder: String = {
        let path = (ProcessInfo.processInfo.environment["FUZZ_FOLDER"] ?? "/dev/shm") + "/fuzz-\(getpid())"
        try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        return path
    }()
}

/// What has to hold.
func hold(_ condition: Bool, _ what: @autoclosure () -> String) {
    if !condition { fatalError(what()) }
}

/// What libFuzzer calls for each input.
@_cdecl("LLVMFuzzerTestOneInput")
public func feedOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    do { try FuzzTarget.chosen.feed(bytes) } catch { fatalError("\(error)") }
    return 0
}
