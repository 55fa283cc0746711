// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

#if !os(Linux)
import BackgroundSystemCalls
import Darwin

func reserve(_ file: OpenedFile, _ length: Int64) -> Int32 { ENOTSUP }

func lookForRoom(_ file: OpenedFile, _ length: Int64) -> Int32 { ENOTSUP }

func clone(_ source: OpenedFile, to target: OpenedFile) -> Bool { false }

func copyRange(_ source: OpenedFile, to target: OpenedFile, _ length: Int) -> Int {
    errno = ENOTSUP
    return -1
}

func renameNew(_ path: String, to name: String) -> Int32 {
    systemCall(.renameNew, name) { renamex_np(path, name, UInt32(RENAME_EXCL)) }
}

func sendAhead(_ descriptor: Int32) {}

func adviseSequential(_ descriptor: Int32) {}

extension stat {
    var modified: Int64 {
        let (nanoseconds, overflow) = Int64(st_mtimespec.tv_sec).multipliedReportingOverflow(by: 1_000_000_000)
        return overflow ? .max : nanoseconds &+ Int64(st_mtimespec.tv_nsec)
    }
}
#endif
