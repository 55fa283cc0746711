// swift-tools-version: 6.1
// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import PackageDescription

let package = Package(
    name: "crash-reporter",
    platforms: [.macOS(.v15)],
    dependencies: [
        // In a project of your own: .package(url: "…/swift-background.git", from: "…")
        .package(name: "swift-background", path: "../..")
    ],
    targets: [
        .executableTarget(
            name: "crash-reporter",
            dependencies: [.product(name: "Background", package: "swift-background")])
    ],
    swiftLanguageModes: [.v6]
)
