// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

#if !os(Linux)
/// Not told apart on this platform.
package func networkFileSystem(holding path: String) -> String? { nil }
#endif
