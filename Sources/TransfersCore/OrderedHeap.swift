// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

/// A queue by order: the element that comes before all others is first, each change in logarithmic time.
struct OrderedHeap<Element: Sendable>: Sendable {
    private var elements: [Element] = []
    private let isBefore: @Sendable (Element, Element) -> Bool

    init(_ isBefore: @escaping @Sendable (Element, Element) -> Bool) { self.isBefore = isBefore }

    var first: Element? { elements.first }
    var count: Int { elements.count }
    var all: [Element] { elements }

    mutating func insert(_ element: Element) {
        elements.append(element)
        var child = elements.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard isBefore(elements[child], elements[parent]) else { return }
            elements.swapAt(child, parent)
            child = parent
        }
    }

    mutating func removeFirst() -> Element? {
        guard let first = elements.first, let last = elements.popLast() else { return nil }
        guard !elements.isEmpty else { return first }
        elements[0] = last
        var parent = 0
        while true {
            var best = parent
            for child in [2 * parent + 1, 2 * parent + 2]
            where child < elements.count && isBefore(elements[child], elements[best]) {
                best = child
            }
            guard best != parent else { return first }
            elements.swapAt(parent, best)
            parent = best
        }
    }

    mutating func removeAll() { elements.removeAll(keepingCapacity: true) }
}
