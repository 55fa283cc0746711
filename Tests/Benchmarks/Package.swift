// swift-tools-version: 6.1
// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import PackageDescription

// The programs under test, as a user of the package would write them. What `Subject` is measured against is in `Floor/`, in
// C, and is built by `run`: no Swift comes near it. What `Mover` is measured against are the programs that everybody has,
// and the same work by URLSession.
let package = Package(
    name: "Benchmarks",
    platforms: [.macOS(.v15)],
    dependencies: [.package(name: "swift-background", path: "../..")],
    targets: [
        .executableTarget(name: "Subject", dependencies: [.product(name: "Scheduling", package: "swift-background")]),
        .executableTarget(
            name: "Mover",
            dependencies: [
                .product(name: "Scheduling", package: "swift-background"),
                .product(name: "Transfers", package: "swift-background"),
            ]),
        .executableTarget(name: "URLSessionMover"),
        .executableTarget(name: "Bare"),
    ],
    swiftLanguageModes: [.v6]
)
