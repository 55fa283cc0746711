// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Foundation
import Testing

extension OnAHost {
    /// A fresh package outside the tree, as somebody who uses the library has it.
    @Suite("A package that depends on this one", .serialized)
    struct LibraryUser {
        let host: TestHost
        init() throws { host = try TestHost.shared() }

        @Test(
            "builds by path in debug and by a URL with a tag in release, and its task is woken by systemd",
            arguments: zip(["path", "url"], ["debug", "release"]))
        func builds(dependency: String, configuration: String) async throws {
            let package = try VisitorPackage(dependency: dependency)
            defer { package.remove() }
            let binary = try package.build(configuration)
            let name = "visitor-\(dependency)-\(configuration)"
            try host.call(["install", binary, "/usr/local/bin/" + name])
            try host.user([name, "submit"])
            try await Eventually.holds(
                "the task of \(name) was woken", seen: { host.attempt(["user", name, "history"]).output },
                { host.attempt(["user", "cat", "/home/tester/\(name).woken"]).output.contains("by systemd") })
        }
    }
}

/// A package in a folder of its own, which has nothing but a dependency on this one.
struct VisitorPackage {
    private struct Failed: Error, CustomStringConvertible {
        let description: String
    }

    private let directory: String

    init(dependency: String) throws {
        directory = NSTemporaryDirectory() + "/visitor-\(UUID().uuidString)"
        let sources = directory + "/package/Sources/visitor"
        try FileManager.default.createDirectory(atPath: sources, withIntermediateDirectories: true)
        let line: String
        if dependency == "path" {
            line = ".package(name: \"swift-background\", path: \"\(TestHost.root)\")"
        } else {
            let url = try VisitorPackage.publish(below: directory)
            line = ".package(url: \"\(url)\", from: \"1.0.0\")"
        }
        try VisitorPackage.manifest(line).write(
            toFile: directory + "/package/Package.swift", atomically: true, encoding: .utf8)
        try VisitorPackage.program.write(toFile: sources + "/Visitor.swift", atomically: true, encoding: .utf8)
    }

    func remove() { try? FileManager.default.removeItem(atPath: directory) }

    /// Returns the path of the executable.
    func build(_ configuration: String) throws -> String {
        let package = directory + "/package"
        _ = try VisitorPackage.run([
            "/usr/bin/env", "swift", "build", "--package-path", package, "--configuration", configuration,
        ])
        return package + "/.build/\(configuration)/visitor"
    }

    /// Puts the present state of our tree into a repository of its own, under a tag, and returns its URL.
    private static func publish(below directory: String) throws -> String {
        let repository = directory + "/swift-background"
        let git = ["/usr/bin/env", "git", "--git-dir", repository + "/.git", "--work-tree", TestHost.root]
        _ = try run(["/usr/bin/env", "git", "init", "--quiet", repository])
        _ = try run(git + ["add", "--all"])
        let author = ["-c", "user.name=Tester", "-c", "user.email=tester@example.org"]
        _ = try run(git + author + ["commit", "--quiet", "--message", "As it is"])
        _ = try run(git + ["tag", "1.0.0"])
        return "file://" + repository
    }

    private static func run(_ command: [String]) throws -> String {
        let (status, output) = TestHost.execute(command)
        guard status == 0 else { throw Failed(description: "\(command.joined(separator: " ")): \(output)") }
        return output
    }

    private static func manifest(_ dependency: String) -> String {
        """
        // swift-tools-version: 6.1
        import PackageDescription

        let package = Package(
            name: "visitor",
            dependencies: [\(dependency)],
            targets: [
                .executableTarget(
                    name: "visitor", dependencies: [.product(name: "Scheduling", package: "swift-background")])
            ])
        """
    }

    private static let program = """
        import Foundation
        import Scheduling

        @main
        struct Visitor {
            static func main() async throws {
                let scheduler = TaskScheduler.shared
                scheduler.register(forTaskWithIdentifier: "visit", using: nil) { task in
                    let name = URL(fileURLWithPath: CommandLine.arguments[0]).lastPathComponent
                    let note = URL(fileURLWithPath: NSHomeDirectory()).appendingPathComponent(name + ".woken")
                    let isService = ProcessInfo.processInfo.environment["INVOCATION_ID"] != nil
                    let words = isService ? "by systemd" : "by itself"
                    task.setTaskCompleted(success: (try? words.write(to: note, atomically: true, encoding: .utf8)) != nil)
                }
                if try await scheduler.handleBackgroundLaunch() { return }
                if CommandLine.arguments.last == "submit" {
                    let request = AppRefreshTaskRequest(identifier: "visit")
                    request.earliestBeginDate = Date(timeIntervalSinceNow: 1)
                    try scheduler.submit(request)
                }
                for entry in try scheduler.history(for: "visit") { print(entry) }
            }
        }
        """
}
