// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Foundation
internal import TransfersCore
internal import TransfersStore

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// An end, as it comes to an actor.
enum TransferEnd: Sendable {
    /// It could not be begun.
    case refused(TransferFailure, url: String)
    case ended(StoredTransfer, TransferResult)
}

/// What an actor has of its session.
struct TransferAccess: Sendable {
    /// A transfer that is to be begun, and who is told of its end.
    struct Order: Sendable {
        var draft: Result<TransferIntentDraft, TransferFailure>
        var task: TransferTaskState
        /// Told while the end is still on the books; it counts as handled when this returns.
        var tell: @Sendable (String, TransferEnd) -> Void
        /// Done when the end is off the books; not to block.
        var afterwards: @Sendable () -> Void = {}
    }

    let session: Result<TransferSession, TransferFailure>
    let defaults: SessionDefaults
    let configuration: BackgroundTaskConfiguration
    private let deliveries = TransferDeliveries()

    init(
        _ configuration: URLSessionConfiguration, _ tasks: BackgroundTaskConfiguration, _ world: TransferWorld
    ) {
        let defaults = SessionDefaults(configuration)
        self.defaults = defaults
        self.configuration = tasks
        session = Result { () throws(TransferFailure) in
            try TransferSession.named(defaults.identifier, defaults.settings, in: world)
        }
    }

    /// Begins them in one commit.
    func begin(_ orders: [Order]) {
        let now = orders.filter { order in !deliveries.waits(order.task.identifier) { begin([order], tries: 3) } }
        begin(now, tries: 3)
    }

    private func begin(_ orders: [Order], tries: Int) {
        let session: TransferSession
        switch self.session {
        case .success(let opened): session = opened
        case .failure(let failure):
            for order in orders { refuse(order, failure) }
            return
        }
        var ready: [(order: Order, draft: TransferIntentDraft)] = []
        for order in orders {
            switch order.draft {
            case .success(let draft): ready.append((order, draft))
            case .failure(let failure): refuse(order, failure)
            }
        }
        if ready.isEmpty { return }
        let (outcomes, attached) = session.begin(ready.map(\.draft)) { index, stored in
            ready[index].order.task.bind(to: session, number: stored.id)
            return handler(of: ready[index].order, session)
        }
        for (index, ((order, draft), outcome)) in zip(ready, outcomes).enumerated() where !attached.contains(index) {
            switch outcome {
            case .failure(let failure), .success(.refused(let failure)): refuse(order, failure, url: draft.url)
            case .success(.began(let stored)), .success(.attached(let stored)):
                order.task.bind(to: session, number: stored.id)
                if attach(order, to: session) { continue }
                // It ended and was forgotten in between: there is room for a new one.
                if tries > 1 {
                    begin([order], tries: tries - 1)
                } else {
                    refuse(order, .gone(order.task.identifier), url: draft.url)
                }
            }
        }
    }

    private func refuse(_ order: Order, _ failure: TransferFailure, url: String? = nil) {
        order.tell(
            order.task.identifier, .refused(failure, url: url ?? order.task.request?.url?.absoluteString ?? ""))
        order.afterwards()
    }

    private func attach(_ order: Order, to session: TransferSession) -> Bool {
        session.attach(order.task.identifier, handler(of: order, session))
    }

    private func handler(of order: Order, _ session: TransferSession) -> TransferSession.Handler {
        let identifier = order.task.identifier
        return { stored, result in
            deliveries.begin(identifier)
            order.task.end(stored, result)
            let name = configuration.getIdentifier(stored.task(result)) ?? identifier
            order.tell(name, .ended(stored, result))
            session.acknowledge(identifier) {
                order.afterwards()
                deliveries.end(identifier)
            }
        }
    }

    /// Hears the end of one that is on the books; false if there is none of this kind.
    func attach(
        to identifier: String, kind: TransferStatus.Kind, _ tell: @escaping @Sendable (String, TransferEnd) -> Void
    ) -> Bool {
        guard case .success(let session) = session, let stored = (try? session.find(identifier)).flatMap(\.self),
            stored.kind == kind
        else { return false }
        let task = TransferTaskState(identifier, URLRequest(url: URL(fileURLWithPath: "/")))
        task.bind(to: session, number: stored.id)
        return attach(Order(draft: .failure(.gone(identifier)), task: task, tell: tell), to: session)
    }

    /// Goes on with a transfer of the session that is not to be described once more.
    func attach(
        _ identifier: String, _ tell: @escaping @Sendable (String, TransferEnd) -> Void
    ) {
        let request = URLRequest(url: URL(fileURLWithPath: "/"))
        let task = TransferTaskState(identifier, request)
        let order = Order(draft: .failure(.gone(identifier)), task: task, tell: tell)
        guard case .success(let session) = session, attach(order, to: session) else {
            return refuse(order, .gone(identifier))
        }
        session.resume(identifier)
    }
}

extension TransferFailure {
    static func gone(_ identifier: String) -> TransferFailure {
        TransferFailure(
            .badIdentifier, doing: "Looking for", subject: identifier,
            cause: "the session has no transfer of this identifier", remedy: "Begin it.")
    }
}

extension StoredTransfer {
    fileprivate var kind: TransferStatus.Kind {
        if case .upload = intent.work { .upload } else { .download }
    }

    /// A task as the one that began it had it, for `getIdentifier`.
    fileprivate func task(_ result: TransferResult) -> URLSessionTask {
        let state = TransferTaskState(self, result)
        return if case .upload = intent.work { TransferUploadTask(state) } else { TransferDownloadTask(state) }
    }
}
