// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSurroundings

/// How far a continued task has come, as every process of the app can see it.
public struct ContinuedProgress: Hashable, Sendable, CustomStringConvertible {
    /// The task.
    public let identifier: String
    /// What people are told is being done.
    public let title: String
    /// More about it.
    public let subtitle: String
    /// How many units are done.
    public let completedUnitCount: Int64
    /// Of how many; 0 or less: nobody knows.
    public let totalUnitCount: Int64
    /// The process that runs it.
    public let processIdentifier: Int32

    package init(
        identifier: String, title: String, subtitle: String, completedUnitCount: Int64, totalUnitCount: Int64,
        processIdentifier: Int32
    ) {
        self.identifier = identifier
        self.title = title
        self.subtitle = subtitle
        self.completedUnitCount = completedUnitCount
        self.totalUnitCount = totalUnitCount
        self.processIdentifier = processIdentifier
    }

    /// From 0 to 1, whatever the handler reported; nil when nobody knows.
    public var fractionCompleted: Double? {
        guard totalUnitCount > 0 else { return nil }
        return min(1, max(0, Double(completedUnitCount) / Double(totalUnitCount)))
    }

    /// One line for people.
    public var description: String {
        let percent = fractionCompleted.map { "\(Int($0 * 100)) %" } ?? "in progress"
        return "\(title): \(percent)" + (subtitle.isEmpty ? "" : " (\(subtitle))")
    }
}

/// Shows the progress of continued tasks to people, where there is a desktop to show it on. Never blocks for long.
package protocol ProgressPresenter: Sendable {
    /// Shows a task, or what has become of it since.
    func show(_ progress: ContinuedProgress, number: Int64)
    /// Takes it away again.
    func remove(number: Int64)
}
