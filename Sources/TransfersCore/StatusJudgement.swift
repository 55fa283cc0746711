// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

/// What a status means to a transfer, as those expect it who come from the Background package of ChimeHQ.
package enum StatusJudgement: Sendable, Equatable {
    case success, retry, rejected
    /// Below 200, or no status at all.
    case failure

    package init(status: Int) {
        switch status {
        case 200, 201, 202, 204: self = .success
        case 408, 425, 429, 500, 502, 503, 504: self = .retry
        case 200...: self = .rejected
        default: self = .failure
        }
    }
}
