// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

internal import TransfersCore
internal import TransfersStore

// An order stands in the store until it has been obeyed durably: whoever dies in between, the next owner obeys it.
extension TransferSession {
    /// Tells the machines what was asked of them, once each.
    func takeOrders() {
        guard state.withLock({ $0.ownership != nil }) else { return }
        do throws(TransferFailure) {
            for (number, (id, order)) in try store.orders(session: identifier).enumerated() {
                if state.withLock({ $0.told[id] == order }) { continue }
                let event: TransferEvent =
                    switch order {
                    case .pause: .pause
                    case .resume: .resume
                    case .cancel: .cancel
                    }
                if tellResting(id, event) { state.withLock { $0.told[id] = order } }
                // Together in a commit, but not all in memory.
                if number % 64 == 63 { settle() }
            }
        } catch {
            failed(error)
        }
    }

    /// Takes the orders out of the store that have been obeyed.
    func forgetOrders() {
        let obeyed = state.withLock { state in
            state.told.filter { id, order in
                guard let work = state.works[id]?.work else { return true }
                // To let it go on is done at once; it stops when what is under way has ended.
                return order == .resume && work.effects.isEmpty
            }
        }
        if obeyed.isEmpty { return }
        do throws(TransferFailure) {
            try store.forget(obeyed)
            state.withLock { state in for id in obeyed.keys { state.told[id] = nil } }
        } catch {
            failed(error)
        }
    }
}
