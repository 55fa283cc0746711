// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundTasks

// View models and delegates of the main actor that give closures and methods of their own as launch handlers.

@MainActor
final class FeedModel {
    private(set) var items: [String] = []
    private(set) var isRefreshing = false
    static let refreshIdentifier = "org.example.model.refresh"

    func register(with scheduler: BGTaskScheduler = .shared) {
        scheduler.register(forTaskWithIdentifier: Self.refreshIdentifier, using: nil) { task in
            self.isRefreshing = true
            task.expirationHandler = { self.isRefreshing = false }
            self.refresh()
            task.setTaskCompleted(success: !self.items.isEmpty)
        }
        scheduler.register(forTaskWithIdentifier: "org.example.model.weak", using: nil) { [weak self] task in
            self?.handle(task)
        }
        scheduler.register(forTaskWithIdentifier: "org.example.model.explicit", using: .main) { @MainActor task in
            self.handle(task)
        }
        scheduler.register(forTaskWithIdentifier: "org.example.model.method", using: .main, launchHandler: handle)
        scheduler.register(forTaskWithIdentifier: "org.example.model.assumed", using: .main) { task in
            MainActor.assumeIsolated { self.refresh() }
            task.setTaskCompleted(success: true)
        }
        scheduler.register(forTaskWithIdentifier: "org.example.model.hop", using: nil) { @Sendable task in
            Task { @MainActor in self.refresh() }
            task.setTaskCompleted(success: true)
        }
        scheduler.getPendingTaskRequests { requests in
            let names = requests.map(\.identifier)
            Task { @MainActor in self.items = names }
        }
    }

    func handle(_ task: BGTask) {
        refresh()
        task.setTaskCompleted(success: true)
    }

    func refresh() { items.append("new") }

    func showPending() async {
        items = await BGTaskScheduler.shared.pendingTaskRequests().map(\.identifier)
    }
}

actor Exporter {
    var exported = 0

    func register() {
        BGTaskScheduler.shared.register(forTaskWithIdentifier: "org.example.exporter", using: nil) { task in
            task.expirationHandler = { task.setTaskCompleted(success: false) }
            task.setTaskCompleted(success: true)
        }
    }
}
