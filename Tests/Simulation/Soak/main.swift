// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Foundation

// Sets and dictionaries have to be in the same order in every run, or no seed could be run again; that is decided before
// the first one is made (https://github.com/swiftlang/swift/blob/main/docs/EnvironmentVariables.md).
if getenv("SWIFT_DETERMINISTIC_HASHING") == nil {
    setenv("SWIFT_DETERMINISTIC_HASHING", "1", 1)
    var arguments = CommandLine.arguments.map { strdup($0) } + [nil]
    execv("/proc/self/exe", &arguments)
}

do {
    let soak = Soak(try Options(CommandLine.arguments.dropFirst()))
    exit(try soak.run() ? EXIT_SUCCESS : EXIT_FAILURE)
} catch is Options.Misuse {
    print(Options.usage)
    exit(2)
} catch {
    print("\(error)")
    exit(3)
}
