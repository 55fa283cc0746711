// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

internal import BackgroundSurroundings

// What was begun at the server costs somebody money until it is removed. Asked a few times, and not for long.
extension TransferMachine {
    /// After each try but the last: a request that broke off is missed at once, or after seconds.
    private static let removalPauses: [Duration] = [.milliseconds(500), .milliseconds(1500), .seconds(4), .seconds(12)]

    mutating func askForRemoval(_ now: WallTime, _ effects: inout [TransferEffect]) {
        guard let request = course.abandonment() else { return finishRemoval(&effects) }
        removal?.tries += 1
        removal?.again = nil
        phase = .resting
        begin(Hop(request: request), now, &effects)
    }

    /// The server's word on it. For a moment it may hold on to the upload, for the request that broke off (423, 409).
    mutating func removed(_ end: ExchangeEnd, _ now: WallTime, _ effects: inout [TransferEffect]) {
        guard let removal, let head = end.head, !removal.isHurried, removal.tries <= Self.removalPauses.count,
            [409, 423].contains(head.status) || StatusJudgement(status: head.status) == .retry
        else { return finishRemoval(&effects) }
        let asked = RetryAfter.seconds(head.fields["Retry-After"], now: now, longest: 60) ?? 0
        let again = now.advanced(by: max(Self.removalPauses[removal.tries - 1], .milliseconds(Int64(asked * 1000))))
        guard again < removal.ends else { return finishRemoval(&effects) }
        self.removal?.again = again
        phase = .removing
    }

    /// Nobody stays for another try.
    mutating func hurryRemoval(_ effects: inout [TransferEffect]) {
        removal?.isHurried = true
        if phase == .removing { finishRemoval(&effects) }
    }
}

extension TransferResult.Outcome {
    /// The server may hold part of an upload that nobody will continue, and can probably be reached.
    var leavesSomething: Bool {
        switch self {
        case .succeeded, .rejected: false
        case .cancelled: true
        case .failed(let failure):
            switch failure.code {
            case .cannotResolve, .cannotConnect, .connectionLost, .timedOut, .noNetwork, .tls, .certificateUntrusted,
                .certificateExpired, .certificateWrongHost, .pinMismatch, .clientCertificate, .badURL,
                .unsupportedScheme, .badField, .redirectRefused, .tooManyRedirects, .authorization:
                false
            default: true
            }
        }
    }
}
