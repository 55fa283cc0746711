// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

/// What `help` prints.
package enum HelpText {
    package static func lines(_ command: Command?) -> [String] {
        guard let command else { return overview }
        var lines = ["Usage: backgroundctl " + command.usage + " [OPTION]...", "", command.summary + "."]
        if !command.discussion.isEmpty { lines += [""] + wrapped(command.discussion, to: 78) }
        let width = command.options.map(\.usage.count).max() ?? 0
        lines += ["", "Options:"]
        lines += command.options.map { "  " + VisibleText.padded($0.usage, to: width + 2) + $0.summary }
        if command.operand == .task || command.operand == .optionalTask {
            lines += ["", "ID is the identifier of a task, or APP/ID where several apps have the same."]
        }
        return lines
    }

    private static var overview: [String] {
        let shown = Command.allCases
        let width = shown.map(\.usage.count).max() ?? 0
        return [
            "Usage: backgroundctl [COMMAND] [OPTION]...", "",
            "Shows and steers the background tasks of all apps of a user that were built with", "swift-background.", "",
            "Commands:",
        ] + shown.map { "  " + VisibleText.padded($0.usage, to: width + 2) + $0.summary } + [
            "", "Without a command: list. `backgroundctl help COMMAND` explains one.",
            "Exit status: 0 all is well, 1 it failed or something is wrong, 2 the arguments make no sense.",
        ]
    }

    private static func wrapped(_ text: String, to width: Int) -> [String] {
        var lines: [String] = []
        var line = ""
        for word in text.split(separator: " ") {
            if !line.isEmpty, line.count + 1 + word.count > width {
                lines.append(line)
                line = ""
            }
            line += (line.isEmpty ? "" : " ") + word
        }
        return line.isEmpty ? lines : lines + [line]
    }
}
