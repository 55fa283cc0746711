// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import SchedulingCore

/// What the `Info.plist` permits: `BGTaskSchedulerPermittedIdentifiers` and `UIBackgroundModes`.
package struct Permissions: Sendable {
    /// Identifiers that are listed as they are.
    private let exact: Set<String>
    /// What stands before the `*` of `<app id>.<context>.*`, with its dot: for continued tasks only.
    private let prefixes: [String]
    /// The modes; nil: the key is missing, and nothing is asked.
    private let modes: Set<String>?
    private let permitsEverything: Bool
    /// Entries that permit nothing, each with its reason, for people.
    package let warnings: [String]

    /// Without a plist, everything is permitted.
    package static let everything = Permissions(identifiers: nil, modes: nil, appIdentifier: "")

    package init(identifiers: [String]?, modes: [String]?, appIdentifier: String) {
        permitsEverything = identifiers == nil
        self.modes = modes.map(Set.init)
        var exact: Set<String> = []
        var prefixes: [String] = []
        var warnings: [String] = []
        for entry in identifiers ?? [] {
            guard entry.contains("*") else {
                exact.insert(entry)
                continue
            }
            let segments = entry.split(separator: ".", omittingEmptySubsequences: false)
            let isWellFormed =
                segments.last == "*" && !segments.dropLast().contains { $0.isEmpty || $0.contains("*") }
                && entry.hasPrefix(appIdentifier + ".") && entry.utf8.count > appIdentifier.utf8.count + 2
            if isWellFormed {
                prefixes.append(String(entry.dropLast()))
            } else {
                warnings.append(
                    "\(entry.debugDescription) under BGTaskSchedulerPermittedIdentifiers permits nothing: a wildcard is the "
                        + "last segment, alone, behind the app's identifier, as in \(appIdentifier).export.*")
            }
        }
        self.exact = exact
        self.prefixes = prefixes
        self.warnings = warnings
    }

    /// Whether a handler may be registered. What sort of task it will be is not known then.
    package func permitsHandler(_ identifier: String) -> Bool {
        permitsEverything || exact.contains(identifier) || isMatched(identifier)
    }

    /// Nil, or why a request may not be submitted.
    package func refusal(_ identifier: String, _ kind: TaskKind) -> String? {
        let isListed = permitsEverything || exact.contains(identifier) || kind == .continued && isMatched(identifier)
        guard isListed else {
            return "it is not listed under BGTaskSchedulerPermittedIdentifiers in the Info.plist"
        }
        guard let modes, let mode = kind.mode, !modes.contains(mode) else { return nil }
        return "UIBackgroundModes in the Info.plist does not list \(mode.debugDescription)"
    }

    private func isMatched(_ identifier: String) -> Bool {
        prefixes.contains { identifier.hasPrefix($0) && identifier.utf8.count > $0.utf8.count }
    }
}

extension TaskKind {
    /// The value under `UIBackgroundModes` that it needs.
    fileprivate var mode: String? {
        switch self {
        case .refresh: "fetch"
        case .processing, .health: "processing"
        case .continued, .transfers: nil
        }
    }
}
