// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Foundation

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// An empty program with Foundation: what any program needs before it does anything.
@main
enum Bare {
    static func main() {
        print(ProcessInfo.processInfo.processIdentifier, URLSessionConfiguration.default.httpMaximumConnectionsPerHost)
    }
}
