// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

/// What the tool can be told to do.
package enum Command: String, CaseIterable, Sendable {
    case list, show, why, history, run, expire, cancel, transfers, watch, timeline, doctor, uninstall, completion, help
    case version

    /// What a command takes besides options.
    package enum Operand: Hashable, Sendable {
        case none
        case task
        case optionalTask
        /// Nothing, what to look at, or an order and the transfers that it is for.
        case transfers
        case optionalApp
        case shell
        case optionalCommand
    }

    package var operand: Operand {
        switch self {
        case .list, .watch, .timeline, .doctor, .version: .none
        case .show, .why, .run, .expire, .cancel: .task
        case .history: .optionalTask
        case .transfers: .transfers
        case .uninstall: .optionalApp
        case .completion: .shell
        case .help: .optionalCommand
        }
    }

    /// How it is written in a line of usage.
    package var usage: String {
        switch operand {
        case .none: rawValue
        case .task: rawValue + " ID"
        case .optionalTask: rawValue + " [ID]"
        case .transfers: rawValue + " [ORDER] [NAME]"
        case .optionalApp: rawValue + " [APP]"
        case .shell: rawValue + " bash|zsh|fish"
        case .optionalCommand: rawValue + " [COMMAND]"
        }
    }

    package var summary: String {
        switch self {
        case .list: "Every app's tasks: what is pending, what runs, what is next"
        case .show: "One task with everything that is known of it"
        case .why: "Why a task has not run, or when it will"
        case .history: "What became of runs, newest first"
        case .run: "Run a pending task now, whatever it waits for"
        case .expire: "Tell a running task that its time is used up"
        case .cancel: "Cancel a pending task; one that runs is told to stop"
        case .transfers: "Uploads and downloads, with progress bars; pause, resume or cancel them"
        case .watch: "What happens, as it happens, with progress bars"
        case .timeline: "Past and coming runs as a picture"
        case .doctor: "What could keep tasks from ever running, and what mends it"
        case .uninstall: "Take an app's timers and unit file away"
        case .completion: "Print the completion script of a shell"
        case .help: "Explain a command, or all of them"
        case .version: "Print the version"
        }
    }

    package var options: [CommandOption] {
        let own: [CommandOption] =
            switch self {
            case .list, .transfers: [.names]
            case .history: [.limit]
            case .timeline: [.past, .ahead, .html]
            case .uninstall: [.all, .state, .yes]
            case .show, .why, .run, .expire, .cancel, .watch, .doctor, .completion, .help, .version: []
            }
        switch self {
        case .completion, .help, .version: return own + [.help]
        case .uninstall: return own + [.user, .system, .json, .color, .help]
        default: return own + [.app, .user, .system, .json, .color, .help]
        }
    }

    /// What people should know besides the summary.
    package var discussion: String {
        switch self {
        case .list:
            "With --names it prints APP/ID alone, one on each line, for scripts."
        case .show, .why:
            ""
        case .history:
            "Without ID: of every task, and of launches that nobody handled. The newest 50, or as --limit says."
        case .run:
            "Its conditions and its instant are left aside. A process of the app that lives runs it; else systemd starts "
                + "the program."
        case .expire:
            "The task is told to stop as if its time were used up: its expiration handler is called."
        case .cancel:
            "History says that it was cancelled."
        case .transfers:
            "NAME is APP, APP/SESSION or APP/SESSION/IDENTIFIER, or the end of such a name where that is clear; of one "
                + "transfer everything is shown that is no secret. ORDER is pause, resume or cancel, for one or several "
                + "transfers: the process that moves them obeys at once; if none does, the app is started to resume or "
                + "cancel. With --names it prints whole names alone, for scripts."
        case .watch:
            "On a terminal the picture is drawn anew with every change; elsewhere each change is a line, with --json each "
                + "state is one object on a line. Control-C ends it."
        case .timeline:
            "DURATION is a number with a unit: 90s, 15min, 6h, 2d, 1w. --html writes one self-contained page, to standard "
                + "output or to FILE."
        case .doctor:
            "Exit status 1 says that something is wrong."
        case .uninstall:
            "Stops what runs of it, then its timers; disables it, removes its unit file, and has systemd read its units "
                + "anew. What is pending stays in the app's store unless --state is given. The app installs itself again "
                + "when it submits its next request."
        case .completion:
            "bash: backgroundctl completion bash > ~/.local/share/bash-completion/completions/backgroundctl"
        case .help, .version:
            ""
        }
    }
}
