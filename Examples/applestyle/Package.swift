// swift-tools-version: 6.1
// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import PackageDescription

let package = Package(
    name: "applestyle",
    platforms: [.macOS(.v15), .iOS(.v18)],
    dependencies: [
        // In a project of your own: .package(url: "…/swift-background.git", from: "…")
        .package(name: "swift-background", path: "../..")
    ],
    targets: [
        .executableTarget(
            name: "applestyle",
            dependencies: [
                .product(name: "BackgroundTasks", package: "swift-background", condition: .when(platforms: [.linux]))
            ])
    ],
    // As the apps that it stands for are: written before Swift 6.
    swiftLanguageModes: [.v5]
)
