// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

/// The arguments of the tool, understood.
package struct Invocation: Hashable, Sendable {
    /// Whether colours are used.
    package enum ColorChoice: String, CaseIterable, Sendable { case auto, always, never }
    /// Whose apps.
    package enum Scope: String, Sendable { case user, system }
    /// Where a page goes.
    package enum PageTarget: Hashable, Sendable {
        case standardOutput
        case file(String)
    }

    /// What transfers can be told.
    package enum TransferOrder: String, CaseIterable, Sendable { case pause, resume, cancel }

    package var command: Command
    package var operand: String?
    package var order: TransferOrder?
    /// The transfers that the order is for, as they were called; each once.
    package var ordered: [String] = []
    package var app: String?
    package var scope: Scope?
    package var color = ColorChoice.auto
    package var isJSON = false
    package var limit: Int?
    package var past: Duration?
    package var ahead: Duration?
    package var page: PageTarget?
    package var namesOnly = false
    package var isAll = false
    package var removesState = false
    package var isSure = false

    package init(_ command: Command) { self.command = command }

    /// Understands arguments, without the name of the program.
    package init(parsing arguments: [String]) throws(UsageError) {
        var words: [String] = []
        var options: [(option: CommandOption, value: String?)] = []
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            if argument == "--" {
                words += rest
                rest = []
            } else if argument == "-h" {
                options.append((.help, nil))
            } else if argument.hasPrefix("--") {
                options.append(try Invocation.option(argument, &rest))
            } else if argument.hasPrefix("-"), argument != "-" {
                throw UsageError("unknown option \(argument.debugDescription)")
            } else {
                words.append(argument)
            }
        }
        if options.contains(where: { $0.option == .version }) {
            self.init(.version)
            return
        }
        let command = try Invocation.command(words.first)
        if options.contains(where: { $0.option == .help }) {
            self.init(.help)
            operand = words.isEmpty ? nil : command.rawValue
            return
        }
        self.init(command)
        for (option, value) in options { try take(option, value) }
        try take(operands: Array(words.dropFirst()))
        if let app, app.isEmpty { throw UsageError("--app needs the id of an app") }
    }

    private static func option(
        _ argument: String, _ rest: inout ArraySlice<String>
    ) throws(UsageError) -> (CommandOption, String?) {
        let parts = argument.dropFirst(2).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let name = String(parts[0])
        guard let option = CommandOption(rawValue: name) else {
            let near = UsageError.nearest(to: name, in: CommandOption.allCases.map(\.rawValue))
            throw UsageError("unknown option --\(name)" + (near.map { "; did you mean --\($0)?" } ?? ""))
        }
        let value = parts.count > 1 ? String(parts[1]) : nil
        switch option.value {
        case .none:
            if value != nil { throw UsageError("\(option.name) takes no value") }
            return (option, nil)
        case .optional(let wanted):
            if value == "" { throw UsageError("\(option.name)= needs a value: \(wanted)") }
            return (option, value)
        case .required(let wanted):
            guard let value = value ?? rest.popFirst(), !value.isEmpty else {
                throw UsageError("\(option.name) needs a value: \(wanted)")
            }
            return (option, value)
        }
    }

    private static func command(_ word: String?) throws(UsageError) -> Command {
        guard let word else { return .list }
        if let command = Command(rawValue: word) { return command }
        let near = UsageError.nearest(to: word, in: Command.allCases.map(\.rawValue))
        throw UsageError("unknown command \(word.debugDescription)" + (near.map { "; did you mean \($0)?" } ?? ""))
    }

    private mutating func take(operands: [String]) throws(UsageError) {
        if command.operand == .transfers { return try take(transfers: operands) }
        let isNeeded: String?
        let most: Int
        switch command.operand {
        case .none, .transfers: (isNeeded, most) = (nil, 0)
        case .task: (isNeeded, most) = ("the ID of a task", 1)
        case .optionalTask, .optionalApp, .optionalCommand: (isNeeded, most) = (nil, 1)
        case .shell: (isNeeded, most) = ("a shell: bash, zsh or fish", 1)
        }
        if let isNeeded, operands.first?.isEmpty != false { throw UsageError("\(command) needs \(isNeeded)") }
        if operands.count > most {
            throw UsageError("\(command) does not take \(operands[most].debugDescription)")
        }
        operand = operands.first
        switch (command, operand) {
        case (.uninstall, nil) where !isAll: break  // who is meant may be clear: there may be one app only
        case (.uninstall, .some) where isAll: throw UsageError("--all and an app exclude each other")
        case (.completion, let shell?):
            guard CompletionScript.Shell(rawValue: shell) != nil else {
                throw UsageError("there is no completion for \(shell.debugDescription), only for bash, zsh and fish")
            }
        case (.help, let topic?): operand = try Invocation.command(topic).rawValue
        default: break
        }
    }

    private mutating func take(transfers operands: [String]) throws(UsageError) {
        if operands.contains("") { throw UsageError("transfers needs a NAME that is not empty") }
        guard let first = operands.first else { return }
        if let order = TransferOrder(rawValue: first) {
            for name in operands.dropFirst() where !ordered.contains(name) { ordered.append(name) }
            if ordered.isEmpty { throw UsageError("transfers \(first) needs the NAME of a transfer") }
            if namesOnly { throw UsageError("--names is for looking, not for \(first)") }
            self.order = order
            return
        }
        if operands.count > 1 {
            let near = UsageError.nearest(to: first, in: TransferOrder.allCases.map(\.rawValue))
            throw UsageError(
                near.map { "transfers has no order \(first.debugDescription); did you mean \($0)?" }
                    ?? "transfers does not take \(operands[1].debugDescription): it shows one NAME")
        }
        operand = first
    }

    private mutating func take(_ option: CommandOption, _ value: String?) throws(UsageError) {
        guard command.options.contains(option) else { throw UsageError("\(command) has no option \(option.name)") }
        let value = value ?? ""
        switch option {
        case .app: app = value
        case .user, .system:
            let wanted: Scope = option == .user ? .user : .system
            if let scope, scope != wanted { throw UsageError("--user and --system exclude each other") }
            scope = wanted
        case .json: isJSON = true
        case .color:
            guard let choice = ColorChoice(rawValue: value) else {
                throw UsageError("--color is auto, always or never, not \(value.debugDescription)")
            }
            color = choice
        case .limit:
            guard let number = Int(value), number > 0 else {
                throw UsageError("--limit needs a number from 1, not \(value.debugDescription)")
            }
            limit = number
        case .past: past = try Invocation.duration(value, option)
        case .ahead: ahead = try Invocation.duration(value, option)
        case .html: page = value.isEmpty ? .standardOutput : .file(value)
        case .names: namesOnly = true
        case .all: isAll = true
        case .state: removesState = true
        case .yes: isSure = true
        case .help, .version: break
        }
    }

    private static func duration(_ text: String, _ option: CommandOption) throws(UsageError) -> Duration {
        guard let duration = DurationText.parse(text), duration > .zero, duration <= .seconds(400 * 86_400) else {
            throw UsageError(
                "\(option.name) needs a duration up to 400d such as 90s, 15min, 6h or 2d, not \(text.debugDescription)")
        }
        return duration
    }
}
