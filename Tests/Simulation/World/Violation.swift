// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

/// A promise that was broken.
package struct Violation: Error, CustomStringConvertible {
    /// The promise, "a" to "g", or "+" for what goes with them.
    package var promise: String
    package var what: String
    package var description: String { "(\(promise)) \(what)" }
}
