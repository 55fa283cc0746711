// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import CTransferCurl
import CTransferLibcurl

/// Sets options of an easy handle, and remembers the first that was refused.
struct EasyHandle {
    private let raw: UnsafeMutableRawPointer
    private(set) var refused: CURLcode?

    init(_ raw: UnsafeMutableRawPointer) {
        self.raw = raw
    }

    mutating func set(_ option: CURLoption, _ value: Int) {
        note(ctransfer_set_long(raw, Int32(bitPattern: option.rawValue), value))
    }

    mutating func set(_ option: CURLoption, size: Int64) {
        note(ctransfer_set_size(raw, Int32(bitPattern: option.rawValue), size))
    }

    /// libcurl copies it; nil takes the option back.
    mutating func set(_ option: CURLoption, _ text: String?) {
        if let text {
            note(text.withCString { ctransfer_set_text(raw, Int32(bitPattern: option.rawValue), $0) })
        } else {
            note(ctransfer_set_text(raw, Int32(bitPattern: option.rawValue), nil))
        }
    }

    private mutating func note(_ code: Int32) {
        if code != 0, refused == nil { refused = CURLcode(UInt32(bitPattern: code)) }
    }
}
