// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

/// What a command found, as the one object that `--json` prints.
package struct ListReport: Hashable, Sendable, Encodable {
    package var apps: [AppReport]

    package init(apps: [AppReport]) { self.apps = apps }
}

/// One task with all that is known of it.
package struct ShowReport: Hashable, Sendable, Encodable {
    package var task: TaskReport
    package var continued: [ContinuedReport]
    package var explanation: ExplanationReport
    /// The app without its tasks.
    package var app: AppReport

    package init(
        task: TaskReport, continued: [ContinuedReport], explanation: ExplanationReport, app: AppReport
    ) {
        self.task = task
        self.continued = continued
        self.explanation = explanation
        self.app = app
    }
}

/// Rows of history, newest first.
package struct HistoryReport: Hashable, Sendable, Encodable {
    package var runs: [RunReport]
    /// The apps whose history could not be read.
    package var unreadable: [AppReport]

    package init(runs: [RunReport], unreadable: [AppReport]) {
        self.runs = runs
        self.unreadable = unreadable
    }
}

/// What became of an order: `run`, `expire`, `cancel`, `uninstall`, or to a transfer.
package struct OrderReport: Hashable, Sendable, Encodable {
    package var app: String
    package var id: String?
    package var done: String
    /// What people should know besides.
    package var notes: [String]

    package init(app: String, id: String?, done: String, notes: [String] = []) {
        self.app = app
        self.id = id
        self.done = done
        self.notes = notes
    }
}

/// What became of orders to several transfers.
package struct OrdersReport: Hashable, Sendable, Encodable {
    package var orders: [OrderReport]

    package init(orders: [OrderReport]) { self.orders = orders }
}
