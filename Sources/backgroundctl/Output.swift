// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundControl
import Foundation

/// What goes to standard output and standard error.
enum Output {
    static func lines(_ lines: [String]) { text(lines.joined(separator: "\n") + "\n") }

    static func json(_ report: some Encodable, onOneLine: Bool = false) throws {
        text(try JSONText.text(report, onOneLine: onOneLine) + "\n")
    }

    /// A standard output that is closed ends the program as SIGPIPE does others.
    static func text(_ text: String) {
        do { try FileHandle.standardOutput.write(contentsOf: Data(text.utf8)) } catch { exit(1) }
    }

    static func complain(_ line: String) {
        try? FileHandle.standardError.write(contentsOf: Data(("backgroundctl: " + line + "\n").utf8))
    }
}
