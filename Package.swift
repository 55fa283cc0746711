// swift-tools-version: 6.1
// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import PackageDescription

// systemd exists on Linux only, and even there an image may be built without libsystemd (turn the trait off).
let systemd: TargetDependencyCondition? = .when(platforms: [.linux], traits: ["Systemd"])
let linux: TargetDependencyCondition? = .when(platforms: [.linux])

/// Code as iOS apps have it, compiled as a client's package would: our `package` members are not seen, warnings are errors.
func clientCode(
    _ name: String, _ mode: SwiftLanguageMode, _ flags: [String] = [], dependencies: [Target.Dependency] = []
) -> Target {
    .testTarget(
        name: "ClientCode" + name, dependencies: ["BackgroundTasks", "Scheduling"] + dependencies,
        path: "Tests/ClientCode/" + name, packageAccess: false,
        swiftSettings: [.swiftLanguageMode(mode), .unsafeFlags(["-warnings-as-errors"] + flags)])
}

let package = Package(
    name: "swift-background",
    platforms: [.macOS(.v15), .iOS(.v18), .tvOS(.v18), .visionOS(.v2)],
    products: [
        .library(name: "Scheduling", targets: ["Scheduling"]),
        .library(name: "Transfers", targets: ["Transfers"]),
        .library(name: "Background", targets: ["Background"]),
        .library(name: "BackgroundTasks", targets: ["BackgroundTasks"]),
        .library(name: "SchedulingTesting", targets: ["SchedulingTesting"]),
        .executable(name: "backgroundctl", targets: ["backgroundctl"]),
    ],
    traits: [
        .trait(
            name: "Systemd",
            description: "Wake programs through systemd and hold logind locks; links libsystemd (Linux only)."),
        .default(enabledTraits: ["Systemd"]),
    ],
    targets: [
        // C libraries and the calls that Swift cannot make by itself.
        .systemLibrary(
            name: "CBackgroundSQLite", pkgConfig: "sqlite3",
            providers: [.apt(["libsqlite3-dev"]), .yum(["sqlite-devel"]), .brew(["sqlite"])]),
        .systemLibrary(
            name: "CBackgroundSystemd", pkgConfig: "libsystemd",
            providers: [.apt(["libsystemd-dev"]), .yum(["systemd-devel"])]),
        .systemLibrary(
            name: "CBackgroundCrypto", pkgConfig: "libcrypto",
            providers: [.apt(["libssl-dev"]), .yum(["openssl-devel"]), .brew(["openssl@3"])]),
        .target(name: "CBackgroundLinux"),
        .systemLibrary(
            name: "CTransferLibcurl", pkgConfig: "libcurl",
            providers: [.apt(["libcurl4-openssl-dev"]), .yum(["libcurl-devel"]), .brew(["curl"])]),
        .target(
            name: "CTransferCurl", dependencies: ["CTransferLibcurl"],
            linkerSettings: [.linkedLibrary("ssl"), .linkedLibrary("crypto")]),

        // The surroundings as values and ports, and what observes them for real.
        .target(name: "BackgroundSurroundings"),
        .target(
            name: "BackgroundMonitors",
            dependencies: [
                "BackgroundSurroundings",
                .target(name: "CBackgroundLinux", condition: linux),
            ]),
        .target(name: "BackgroundSystemCalls"),
        .target(name: "BackgroundSQLite", dependencies: ["CBackgroundSQLite"]),
        .target(
            name: "BackgroundStore",
            dependencies: [
                "SchedulingCore", "BackgroundSurroundings", "BackgroundSQLite", "BackgroundSystemCalls",
                .target(name: "CBackgroundLinux", condition: linux),
            ]),

        // Scheduling: the core decides, the adapters act, the runtime joins them, the products name them.
        .target(name: "SchedulingCore", dependencies: ["BackgroundSurroundings"]),
        .target(
            name: "SchedulingStore",
            dependencies: [
                "SchedulingCore", "BackgroundStore", "BackgroundSurroundings", "BackgroundSQLite",
                "BackgroundSystemCalls",
            ]),
        .target(
            name: "SchedulingSystemd",
            dependencies: [
                "SchedulingCore", "BackgroundSurroundings", "BackgroundSystemCalls",
                .target(name: "CBackgroundLinux", condition: linux),
                .target(name: "CBackgroundSystemd", condition: systemd),
            ]),
        .target(
            name: "SchedulingRuntime",
            dependencies: [
                "SchedulingCore", "SchedulingStore", "BackgroundStore", "BackgroundSurroundings",
                "BackgroundMonitors",
                .target(name: "SchedulingSystemd", condition: systemd),
            ]),
        .target(name: "Scheduling", dependencies: ["SchedulingRuntime", "SchedulingCore"]),
        .target(name: "BackgroundTasks", dependencies: ["SchedulingRuntime"]),
        .target(
            name: "SchedulingTesting",
            dependencies: [
                "Scheduling", "SchedulingRuntime", "SchedulingCore", "SchedulingStore", "BackgroundStore",
                "BackgroundSurroundings", "BackgroundMonitors",
            ]),

        // Transfers: the core decides, the adapters act, the product joins and names them.
        .target(name: "TransfersCore", dependencies: ["BackgroundSurroundings"]),
        .target(
            name: "TransfersFiles",
            dependencies: [
                "TransfersCore", "BackgroundSurroundings", "BackgroundSystemCalls", "CBackgroundCrypto",
                .target(name: "CBackgroundLinux", condition: linux),
            ]),
        .target(
            name: "TransfersStore",
            dependencies: [
                "TransfersCore", "SchedulingCore", "BackgroundStore", "BackgroundSurroundings", "BackgroundSQLite",
            ]),
        .target(name: "TransfersCurl", dependencies: ["TransfersCore", "CTransferCurl", "CTransferLibcurl"]),
        .target(
            name: "Transfers",
            dependencies: [
                "TransfersCore", "TransfersStore", "TransfersFiles", "TransfersCurl", "SchedulingRuntime",
                "SchedulingCore", "BackgroundStore", "BackgroundSurroundings", "BackgroundMonitors",
            ]),
        .target(name: "Background", dependencies: ["Scheduling", "Transfers"]),

        // The tool: what it says, and the program that looks and acts.
        .target(
            name: "BackgroundControl", dependencies: ["SchedulingCore", "TransfersCore", "BackgroundSurroundings"]),
        .executableTarget(
            name: "backgroundctl",
            dependencies: [
                "BackgroundControl", "SchedulingRuntime", "SchedulingCore", "SchedulingStore", "TransfersCore",
                "TransfersStore", "BackgroundStore", "BackgroundSurroundings", "BackgroundMonitors",
                .target(name: "SchedulingSystemd", condition: systemd),
            ]),

        .testTarget(name: "BackgroundSQLiteTests", dependencies: ["BackgroundSQLite"]),
        .testTarget(
            name: "BackgroundMonitorsTests", dependencies: ["BackgroundMonitors", "BackgroundSurroundings"]),
        .testTarget(
            name: "SchedulingCoreTests",
            dependencies: ["SchedulingCore", "BackgroundSurroundings", "BackgroundMonitors"]),
        .testTarget(
            name: "SchedulingStoreTests",
            dependencies: [
                "SchedulingStore", "SchedulingCore", "BackgroundStore", "BackgroundSurroundings", "BackgroundSQLite",
                "BackgroundSystemCalls", .target(name: "CBackgroundFaultVFS", condition: linux),
            ]),
        .testTarget(
            name: "SchedulingSystemdTests",
            dependencies: [
                "SchedulingCore", "BackgroundSurroundings", "BackgroundSystemCalls",
                .target(name: "SchedulingSystemd", condition: systemd),
            ]),
        .testTarget(
            name: "SchedulingTests",
            dependencies: [
                "Scheduling", "SchedulingTesting", "SchedulingRuntime", "SchedulingCore", "SchedulingStore",
                "BackgroundMonitors", "BackgroundStore", "BackgroundSurroundings", "BackgroundSQLite",
            ]),
        .testTarget(name: "TransfersCoreTests", dependencies: ["TransfersCore", "BackgroundSurroundings"]),
        .testTarget(
            name: "BackgroundTasksTests",
            dependencies: ["BackgroundTasks", "SchedulingTesting"]),
        .testTarget(
            name: "TransfersFilesTests",
            dependencies: [
                "TransfersFiles", "TransfersCore", "TransferFixtures", "BackgroundSurroundings",
                "BackgroundSystemCalls",
            ]),
        .testTarget(
            name: "TransfersStoreTests",
            dependencies: [
                "TransfersStore", "TransfersCore", "BackgroundStore", "BackgroundSurroundings", "BackgroundSQLite",
                "transfersprobe", .target(name: "CBackgroundFaultVFS", condition: linux),
            ]),
        // The programs of Tests/Servers, and what hears an exchange: for every target that tests transfers.
        .target(name: "TransferFixtures", dependencies: ["TransfersCore"], path: "Tests/TransferFixtures"),
        .testTarget(
            name: "TransfersCurlTests", dependencies: ["TransfersCurl", "TransfersCore", "TransferFixtures"]),
        // A process that moves transfers, as far as a test needs it; and a program that is killed while it does.
        .target(
            name: "TransferProcesses",
            dependencies: [
                "Transfers", "TransfersCore", "TransfersStore", "TransfersCurl", "BackgroundStore",
                "BackgroundSurroundings", "BackgroundMonitors",
            ], path: "Tests/TransferProcesses"),
        .executableTarget(
            name: "transfersvictim",
            dependencies: ["TransferProcesses", "Transfers", "TransfersCore", "BackgroundMonitors"],
            path: "Tests/TransfersVictim"),
        .testTarget(
            name: "TransfersTests",
            dependencies: [
                "Transfers", "TransferProcesses", "TransferFixtures", "TransfersCore", "TransfersFiles",
                "TransfersStore",
                "BackgroundStore", "BackgroundSurroundings", "transfersvictim",
            ]),
        .testTarget(
            name: "TransfersServersTests",
            dependencies: [
                "Transfers", "TransferProcesses", "TransferFixtures", "TransfersCore", "BackgroundMonitors",
                "backgroundctl",
            ]),
        .executableTarget(
            name: "transfersprobe",
            dependencies: ["TransfersStore", "TransfersCore", "BackgroundStore", "BackgroundSurroundings"],
            path: "Tests/TransfersStoreProbe"),
        .executableTarget(
            name: "transferledger",
            dependencies: ["TransfersStore", "TransfersCore", "BackgroundStore", "BackgroundSurroundings"],
            path: "Tests/Benchmarks/TransferLedger"),
        .testTarget(
            name: "BackgroundControlTests",
            dependencies: ["BackgroundControl", "SchedulingCore", "TransfersCore", "BackgroundSurroundings"]),
        .testTarget(
            name: "BackgroundctlTests",
            dependencies: [
                "backgroundctl", "BackgroundControl", "SchedulingRuntime", "SchedulingCore", "SchedulingStore",
                "TransfersCore", "TransfersStore", "BackgroundStore", "BackgroundSQLite", "BackgroundMonitors",
                "BackgroundSurroundings",
            ]),
        .testTarget(name: "HouseRulesTests"),

        // That it compiles is what they prove, in each style of settings that apps are built with.
        clientCode("Swift5", .v5),
        clientCode("Swift6", .v6, ["-enable-upcoming-feature", "MemberImportVisibility"]),
        clientCode("UncheckedTasks", .v6),
        clientCode("PlacesInSwift5", .v5, dependencies: ["SchedulingTesting"]),
        clientCode("TransfersSwift5", .v5, dependencies: ["Background"]),
        clientCode(
            "TransfersSwift6", .v6, ["-enable-upcoming-feature", "MemberImportVisibility"],
            dependencies: ["Background"]),
        clientCode(
            "TransfersMainActor", .v6,
            ["-default-isolation", "MainActor", "-enable-upcoming-feature", "NonisolatedNonsendingByDefault"],
            dependencies: ["Background"]),
        clientCode(
            "MainActorByDefault", .v6,
            ["-default-isolation", "MainActor", "-enable-upcoming-feature", "NonisolatedNonsendingByDefault"]),

        // A seeded random world that runs the real parts, and a disk whose power can be cut.
        .target(
            name: "CBackgroundFaultVFS", dependencies: ["CBackgroundSQLite"], path: "Tests/Simulation/FaultVFS"),
        .target(
            name: "SchedulingSimulation",
            dependencies: [
                "SchedulingRuntime", "SchedulingCore", "SchedulingStore", "BackgroundStore", "BackgroundSurroundings",
                "CBackgroundSQLite", "CBackgroundFaultVFS",
            ], path: "Tests/Simulation/World"),
        .executableTarget(name: "soak", dependencies: ["SchedulingSimulation"], path: "Tests/Simulation/Soak"),
        .testTarget(
            name: "SimulationTests",
            dependencies: [
                "soak", "CBackgroundFaultVFS", "CBackgroundSQLite", "BackgroundSQLite", "BackgroundStore",
                "SchedulingStore",
            ],
            path: "Tests/Simulation/SimulationTests"),

        // The real thing: a program that is driven on a real systemd host.
        .executableTarget(
            name: "hostprobe", dependencies: ["Scheduling", "SchedulingRuntime", "BackgroundSystemCalls"],
            path: "Tests/Host/Probe"),
        // Measured beside Foundation; `Tests/Benchmarks` is a package of its own and sees what is public only.
        .executableTarget(
            name: "instants", dependencies: ["SchedulingCore", "BackgroundMonitors", "BackgroundSurroundings"],
            path: "Tests/Benchmarks/Instants"),
        .executableTarget(
            name: "throughput", dependencies: ["TransfersCore", "TransfersCurl", "CBackgroundLinux"],
            path: "Tests/Benchmarks/Throughput"),
        // And one that is killed a thousand times.
        .executableTarget(
            name: "hostvictim",
            dependencies: [
                "Scheduling", "SchedulingRuntime", "SchedulingCore", "BackgroundSQLite",
                .target(name: "SchedulingSystemd", condition: systemd),
            ], path: "Tests/Host/Victim"),
        // And one that carries files, and is killed at it.
        .executableTarget(
            name: "hostcarrier", dependencies: ["Scheduling", "Transfers"], path: "Tests/Host/Carrier"),
        .testTarget(
            name: "HostTests",
            dependencies: ["hostprobe", "hostvictim", "hostcarrier", "backgroundctl", "TransferFixtures"],
            path: "Tests/Host/HostTests"),
    ],
    swiftLanguageModes: [.v6]
)

// libFuzzer brings a main of its own (Tests/Fuzzing/run), so this is there only when it asks.
if Context.environment["BACKGROUND_FUZZING"] != nil {
    package.products.append(.library(name: "Fuzzing", type: .static, targets: ["Fuzzing"]))
    package.targets.append(
        .target(
            name: "Fuzzing",
            dependencies: [
                "SchedulingCore", "SchedulingStore", "BackgroundStore", "SchedulingRuntime", "SchedulingSystemd",
                "BackgroundMonitors",
                "BackgroundSurroundings", "BackgroundControl", "TransfersCore",
            ], path: "Tests/Fuzzing/Targets"))
}
