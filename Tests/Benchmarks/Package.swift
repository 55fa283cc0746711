// swift-tools-version: 6.1
// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import PackageDescription

// The program under test, as a user of the package would write it. What it is measured against is in `Floor/`, in C,
// and is built by `run`: no Swift comes near it.
let package = Package(
    name: "Benchmarks",
    platforms: [.macOS(.v15)],
    dependencies: [.package(name: "swift-background", path: "../..")],
    targets: [
        .executableTarget(name: "Subject", dependencies: [.product(name: "Scheduling", package: "swift-background")])
    ],
    swiftLanguageModes: [.v6]
)
