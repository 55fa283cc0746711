// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Foundation
import Synchronization

/// Looks at each article in turn and forgets the old ones. It can be stopped after any article, and goes on there.
final class Cleanup: Sendable {
    private let library: Library
    private let isStopped = Atomic(false)

    init(library: Library) { self.library = library }

    /// Returns soon after from `perform`, with what was done so far kept.
    func stop() { isStopped.store(true, ordering: .relaxed) }

    /// Returns whether it came to the end.
    func perform() throws -> Bool {
        let settings = try library.settings()
        let oldest = Date(timeIntervalSinceNow: TimeInterval(-86_400 * settings.keepDays))
        let articles = try library.articles()
        let bookmark = try library.bookmark()
        let first = articles.firstIndex { $0.id == bookmark } ?? 0
        say("cleanup: begins at article \(first + 1) of \(articles.count)")
        for (number, article) in articles.enumerated().dropFirst(first) {
            if isStopped.load(ordering: .relaxed) {
                say("cleanup: stopped before article \(number + 1), and will go on there")
                return false
            }
            if article.date < oldest { try library.forget(article.id) }
            Thread.sleep(forTimeInterval: TimeInterval(settings.paceSeconds))  // be gentle to the disk
            let next = articles.dropFirst(number + 1).first
            try library.setBookmark(next?.id)
        }
        say("cleanup: done, \(try library.articles().count) articles are kept")
        return true
    }
}
