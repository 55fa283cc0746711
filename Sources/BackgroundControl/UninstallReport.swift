// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

/// What was uninstalled.
package struct UninstallReport: Hashable, Sendable, Encodable {
    package var uninstalled: [OrderReport]

    package init(uninstalled: [OrderReport]) { self.uninstalled = uninstalled }
}
