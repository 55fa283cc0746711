// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Foundation

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// How a transfer's identifier is written into its task, and read from it again in another process.
///
/// Of what `prepareTask` does to a task, its `taskDescription`, `priority`, `earliestBeginDate` and the two counts that a
/// client expects are kept with the transfer.
public struct BackgroundTaskConfiguration: Sendable {
    /// Reads the identifier of a task; nil if it has none. Called before a handler, which gets what it says.
    public typealias IdentifierProvider = @Sendable (URLSessionTask) -> String?
    /// Prepares a new task for its request and identifier, before anything is written or sent.
    public typealias PrepareTask = @Sendable (URLSessionTask, URLRequest, String) -> Void

    /// Reads the identifier of a task.
    public let getIdentifier: IdentifierProvider
    /// Prepares a new task.
    public let prepareTask: PrepareTask

    /// A way of one's own to keep identifiers.
    ///
    /// - Parameters:
    ///   - getIdentifier: reads the identifier of a task, also of one that another process began.
    ///   - prepareTask: writes it; does nothing if left out.
    public init(
        getIdentifier: @escaping IdentifierProvider, prepareTask: @escaping PrepareTask = { _, _, _ in }
    ) {
        self.getIdentifier = getIdentifier
        self.prepareTask = prepareTask
    }

    /// Keeps the identifier in the task's `taskDescription`.
    public static let taskDescriptionCoder = BackgroundTaskConfiguration(
        getIdentifier: { task in task.taskDescription },
        prepareTask: { task, _, identifier in task.taskDescription = identifier })
}
