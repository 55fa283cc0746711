// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundControl
import Foundation
import Testing

@Suite("Shells complete what can be typed")
struct CompletionTests {
    private static func path(_ shell: String) -> String? {
        ["/bin/", "/usr/bin/"].map { $0 + shell }.first { FileManager.default.isExecutableFile(atPath: $0) }
    }

    /// Runs a script in a shell; returns what it printed and how it ended.
    private func run(_ shell: String, _ arguments: [String], script: String) throws -> (status: Int32, output: String) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: try #require(Self.path(shell)))
        process.arguments = arguments
        let input = Pipe()
        let output = Pipe()
        (process.standardInput, process.standardOutput, process.standardError) = (input, output, output)
        try process.run()
        try input.fileHandleForWriting.write(contentsOf: Data(script.utf8))
        try input.fileHandleForWriting.close()
        let text = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        process.waitUntilExit()
        return (process.terminationStatus, text)
    }

    /// What bash offers behind a line, with a tool that knows these tasks.
    private func offers(_ line: String, tasks: [String] = []) throws -> [String] {
        let names = tasks.map { "'" + $0.replacing("'", with: "'\\''") + "'" }.joined(separator: " ")
        let driver = """
            \(CompletionScript.text(.bash))
            backgroundctl() { [[ "$*" = "list --names" || "$*" = "transfers --names" ]] && printf '%s\\n' \(names); }
            COMP_LINE=$'\(line)'
            COMP_POINT=${#COMP_LINE}
            # As readline does it: colons and equals signs are words.
            read -r -a COMP_WORDS <<< "${COMP_LINE//:/ : }"
            [[ $COMP_LINE == *' ' ]] && COMP_WORDS+=("")
            COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
            _backgroundctl
            printf '%s\\n' "${COMPREPLY[@]}"
            """
        let (status, output) = try run("bash", ["--norc"], script: driver)
        #expect(status == 0, "\(output)")
        return output.split(separator: "\n").map(String.init)
    }

    @Test(
        "each script is in order for its shell, where that shell is installed",
        arguments: CompletionScript.Shell.allCases)
    func syntax(shell: CompletionScript.Shell) throws {
        guard Self.path(shell.rawValue) != nil else {
            #expect(shell != .bash, "bash is needed")
            return
        }
        let (status, output) = try run(shell.rawValue, ["-n"], script: CompletionScript.text(shell))
        #expect(status == 0 && output.isEmpty, "\(output)")
    }

    @Test("every command and every option of it is in each script", arguments: CompletionScript.Shell.allCases)
    func complete(shell: CompletionScript.Shell) {
        let script = CompletionScript.text(shell)
        for command in Command.allCases {
            #expect(script.contains(command.rawValue))
            for option in command.options { #expect(script.contains(option.rawValue), "\(option)") }
        }
    }

    @Test("commands, options, values and tasks are offered where they fit")
    func offered() throws {
        #expect(try offers("backgroundctl ") == Command.allCases.map(\.rawValue))
        #expect(try offers("backgroundctl hi") == ["history"])
        #expect(try offers("backgroundctl list --na") == ["--names"])
        #expect(try offers("backgroundctl --json uninstall --s") == ["--state", "--system"])
        #expect(try offers("backgroundctl transfers pa", tasks: ["reader/up/x"]) == ["pause"])
        #expect(try offers("backgroundctl transfers pause read", tasks: ["reader/up/x"]) == ["reader/up/x"])
        #expect(try offers("backgroundctl completion ") == ["bash", "zsh", "fish"])
        #expect(try offers("backgroundctl show read", tasks: ["reader/refresh", "photos/x"]) == ["reader/refresh"])
        #expect(
            try offers("backgroundctl uninstall ", tasks: ["reader/refresh", "reader/x", "photos/x"]) == [
                "photos", "reader",
            ])
    }

    @Test("colons, at which bash breaks words, do not double what is there already")
    func colons() throws {
        #expect(try offers("backgroundctl why reader/a:b", tasks: ["reader/a:bc"]) == ["bc"])
    }

    @Test("an identifier that a shell would execute is not offered, and not executed")
    func nastyNames() throws {
        let mark = NSTemporaryDirectory() + "/completion-\(UUID().uuidString)"
        let tasks = ["a/$(touch \(mark))", "a/`touch \(mark)`", "a/;x", "a/fine"]
        #expect(try offers("backgroundctl show a/", tasks: tasks) == ["a/fine"])
        #expect(!FileManager.default.fileExists(atPath: mark))
    }

    @Test("fish offers the same", .enabled(if: path("fish") != nil, "fish is not installed"))
    func fish() throws {
        func offers(_ line: String) throws -> [Substring] {
            let script = """
                \(CompletionScript.text(.fish))
                function backgroundctl
                    if test "$argv" = "list --names"
                        echo reader/refresh
                        echo photos/x
                    end
                end
                complete -C "\(line)"
                """
            let (_, output) = try run("fish", ["--no-config"], script: script)
            return output.split(separator: "\n").compactMap { $0.split(separator: "\t").first }
        }
        #expect(try offers("backgroundctl hi") == ["history"])
        #expect(try offers("backgroundctl show ") == ["photos/x", "reader/refresh"])
        #expect(try offers("backgroundctl list --na") == ["--names"])
    }
}
