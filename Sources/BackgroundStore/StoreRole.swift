// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

/// Who opens a store.
package enum StoreRole: Sendable {
    /// The app that it belongs to: makes it when it is missing, brings it to the present schema, sets a damaged one aside.
    case app
    /// A tool that looks in: it takes the store as it is, or not at all.
    case visitor
}
