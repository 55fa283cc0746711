// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundStore
import SchedulingCore
import TransfersCore

extension TransferFailure {
    /// What the file below said, in the words of transfers.
    init(_ failure: SchedulingFailure) {
        self.init(
            failure.code == .diskFull ? .diskFull : .storage, doing: "The attempt to " + failure.doing,
            subject: failure.subject, cause: failure.cause, remedy: failure.remedy)
    }

    static func badIdentifier(_ what: String, _ cause: String) -> TransferFailure {
        TransferFailure(
            .badIdentifier, doing: "Using the identifier of", subject: what, cause: cause,
            remedy: "Choose a text of 1 to \(TransfersStore.longestIdentifier) bytes, without NUL.")
    }
}

extension TransfersStore {
    /// In bytes.
    package static let longestIdentifier = 1024

    static func judge(_ name: String, of what: String) -> TransferFailure? {
        if name.isEmpty { return .badIdentifier(what, "it is empty") }
        if name.utf8.count > longestIdentifier { return .badIdentifier(what, "it has \(name.utf8.count) bytes") }
        if name.utf8.contains(0) { return .badIdentifier(what, "it contains NUL") }
        return nil
    }
}
