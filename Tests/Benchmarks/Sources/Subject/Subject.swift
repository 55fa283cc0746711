// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Glibc
import Scheduling

/// What is measured: a program that uses the public product only. Each command prints one number a line.
@main
enum Subject {
    @MainActor static func main() async throws {
        let began = Clock.wall()
        let words = Array(CommandLine.arguments.dropFirst())
        guard words.count >= 2 else { fail("subject COMMAND DIRECTORY ...") }
        let rest = Array(words.dropFirst(2))
        let scheduler = scheduler(directory: words[1])
        switch (words[0], rest.count) {
        case ("submit", 4):
            try Submitting(scheduler).run(mode: rest[0], count: number(rest[1]), base: number(rest[2]), tag: rest[3])
        case ("bulk", 2): try Submitting(scheduler).bulk(count: number(rest[0]), base: number(rest[1]))
        case ("burn", 1): try await Burning(scheduler).run(count: number(rest[0]))
        case ("crowded", 0): try await Crowded(scheduler).run()
        case ("resident", 0): try await Resident(scheduler).run()
        case ("resident-main", 0): try await Resident(scheduler).run(onMainActor: true)
        case ("cold-submit", 1): try ColdWake(scheduler, words[1], began: began).submit(at: number(rest[0]))
        case ("cold-launched", 0): try await ColdWake(scheduler, words[1], began: began).launched()
        case ("calendar", 1): try CalendarWalk().run(count: number(rest[0]))
        default: fail("unknown command \(words[0]), or not its arguments")
        }
    }

    /// Each directory is an app of its own, named after the directory.
    private static func scheduler(directory: String) -> TaskScheduler {
        let name = directory.split(separator: "/").last.map(String.init) ?? "none"
        return TaskScheduler(
            configuration: .init(
                appIdentifier: "bench." + name, stateDirectory: directory,
                launch: .init(arguments: ["cold-launched", directory]), limits: .unlimited))
    }

    static func number(_ text: String) -> Int {
        guard let number = Int(text) else { fail("\(text) is not a number") }
        return number
    }

    static func fail(_ cause: String) -> Never {
        FileHandle.standardError.write(Data("subject: \(cause)\n".utf8))
        exit(2)
    }

    /// One line, at once.
    static func say(_ line: String) {
        let bytes = Array((line + "\n").utf8)
        if write(STDOUT_FILENO, bytes, bytes.count) != bytes.count { exit(3) }
    }
}

extension BGTaskRequest {
    /// A refresh request for an instant in microseconds since 1970.
    static func refresh(_ identifier: String, at instant: Int) -> BGTaskRequest {
        let request = AppRefreshTaskRequest(identifier: identifier)
        request.earliestBeginDate = Date(timeIntervalSince1970: Double(instant) / 1_000_000)
        return request
    }
}
