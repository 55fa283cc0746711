// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSurroundings
import TransfersCore

/// What a waiting transfer waits for as seen from outside, where only its row, the host and the session's owner are known.
package struct TransferWaiting: Sendable {
    private let reason: WaitReason
    private let due: WallTime?
    private let demands: TransferDemands
    private let isOwned: Bool
    private let launch: WallTime?

    /// - Parameters:
    ///   - host: host and port; this machine is there without any network.
    ///   - isOwned: a process moves the session's transfers.
    ///   - launch: when the app is started for the session.
    package init(
        reason: WaitReason, due: WallTime?, host: String, demands: TransferDemands, isOwned: Bool, launch: WallTime?
    ) {
        self.reason = reason
        self.due = due == .distantFuture ? nil : due
        self.demands = HostDemands.isLocal(host) ? demands.subtracting(.network) : demands
        self.isOwned = isOwned
        self.launch = launch
    }

    /// An instant that lies ahead counts first; then what the host lacks, which is asked for only then; then the app itself.
    package func judged(
        now: WallTime, conditions: (ConditionKinds) -> Conditions
    ) -> (TransferWait, until: Instant?) {
        let until = due.flatMap { $0 > now ? Instant($0) : nil }
        switch reason {
        case .authorizer, .paused: return (TransferWait(reason), until)
        case .notBefore, .retry, .serverBusy, .storage:
            if until != nil { return (TransferWait(reason), until) }
        case .turn, .network, .unmeteredNetwork, .externalPower, .otherProcess: break
        }
        let unmet = HostDemands.unmet(by: conditions(HostDemands.kinds(for: demands)))
        if let obstacle = unmet.obstacle(to: demands) { return (TransferWait(obstacle), nil) }
        guard isOwned else { return (.launch, launch.map { Instant(max($0, now)) }) }
        return (reason == .otherProcess ? .otherProcess : .turn, until)
    }
}

/// Whether an order makes sense for a transfer that stands so.
package struct TransferAsking: Sendable {
    private let order: Invocation.TransferOrder
    private let state: TransferCheckpoint.State
    private let asked: String?

    /// - Parameter asked: the order that was given and not obeyed yet.
    package init(_ order: Invocation.TransferOrder, of state: TransferCheckpoint.State, asked: String?) {
        self.order = order
        self.state = state
        self.asked = asked
    }

    /// The order to give, or why it is not given.
    package var judged: (Invocation.TransferOrder, refusal: String?) {
        if state == .ended { return (order, "has ended: there is nothing left to \(order)") }
        if asked == order.rawValue { return (order, "was asked to \(order) already") }
        if asked == Invocation.TransferOrder.cancel.rawValue { return (order, "was asked to cancel already") }
        switch order {
        case .cancel: return (order, nil)
        case .pause:
            // Paused, and asked to go on: that is taken back.
            return (order, state == .paused && asked == nil ? "is paused already" : nil)
        case .resume:
            return (order, state == .paused || asked != nil ? nil : "is not paused")
        }
    }
}
