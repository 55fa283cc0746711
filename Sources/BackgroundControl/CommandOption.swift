// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

/// An option of the tool.
package enum CommandOption: String, CaseIterable, Sendable {
    case app, user, system, json, color, limit, names, past, ahead, html, all, state, yes, help, version

    /// Whether a value follows, and how it is called.
    package enum Value: Hashable, Sendable {
        case none
        case required(String)
        /// Only as `--name=VALUE`.
        case optional(String)
    }

    package var value: Value {
        switch self {
        case .app: .required("APP")
        case .color: .required("WHEN")
        case .limit: .required("N")
        case .past, .ahead: .required("DURATION")
        case .html: .optional("FILE")
        case .user, .system, .json, .names, .all, .state, .yes, .help, .version: .none
        }
    }

    package var name: String { "--" + rawValue }

    /// As help shows it.
    package var usage: String {
        switch value {
        case .none: self == .help ? "-h, --help" : name
        case .required(let value): name + "=" + value
        case .optional(let value): name + "[=" + value + "]"
        }
    }

    package var summary: String {
        switch self {
        case .app: "Only this app"
        case .user: "What the user's manager starts (default, except for root)"
        case .system: "What the system's manager starts (default for root)"
        case .json: "Print one JSON object"
        case .color: "Colours: auto (on a terminal), always, never"
        case .limit: "At most so many rows"
        case .names: "Print APP/ID alone"
        case .past: "How far back (default 24h)"
        case .ahead: "How far ahead (default 24h)"
        case .html: "Write a page instead"
        case .all: "Every app"
        case .state: "Also remove what the app's store keeps"
        case .yes: "Do not ask"
        case .help: "Explain"
        case .version: "Print the version"
        }
    }
}
