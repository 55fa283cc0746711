// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundControl
import BackgroundMonitors
import BackgroundSQLite
import Foundation
import SchedulingRuntime
import Testing
import TransfersCore
import TransfersStore

/// Beside each other they would only wait for the machine.
@Suite("Transfers of every app are listed, shown, ordered and watched", .serialized, .timeLimit(.minutes(5)))
struct TransfersToolTests {
    let home: TemporaryHome
    let tool: ToolProcess

    init() throws {
        home = try TemporaryHome()
        tool = ToolProcess(home: home)
    }

    private func list(_ arguments: String...) async throws -> [String: [String: Any]] {
        let answer = try await tool("transfers", "--json", arguments.first ?? "reader")
        let rows = try #require(try answer.json()["transfers"] as? [[String: Any]])
        return Dictionary(
            rows.compactMap { row in (row["id"] as? String).map { ($0, row) } }, uniquingKeysWith: { $1 })
    }

    // MARK: Looking

    @Test("all transfers of all apps are listed with state, wait, bytes and attempts, and looking changes nothing")
    func listing() async throws {
        let store = try home.transfers("reader")
        let other = try home.transfers("photos")
        let owned = try #require(try store.own("uploads"))
        try store.takeOver(owned, now: SystemClocks().now().wall)
        let movie = try store.add("movie")
        try store.move(movie, .running, 126)
        let later = try store.add("later", in: 3600)
        try store.move(try store.add("rested"), .paused, 30, of: nil)
        let ended = try store.add("ended")
        try store.finish(
            ended,
            TransferResult(.rejected, head: ResponseHead(url: "", status: 403), ended: SystemClocks().now().wall))
        try other.add("picture", session: "sync")
        let before = try (home.snapshot("reader"), home.snapshot("photos"))
        let answer = try await tool("transfers")
        #expect(answer.status == 0 && answer.errors.isEmpty, "\(answer)")
        let lines = answer.output.split(separator: "\n").map(String.init)
        #expect(
            lines.contains { $0.hasPrefix("photos/sync") && $0.contains("1 waiting; no process of the app moves it") })
        #expect(lines.contains { $0.hasPrefix("reader/uploads") && $0.contains("moved by process \(getpid())") })
        let moving = try #require(lines.first { $0.contains("movie") })
        #expect(moving.split(separator: " ") == ["movie", "↑", "126", "300", "2", "moving"], "\(moving)")
        #expect(lines.contains { $0.contains("later") && $0.contains("scheduled in ") })
        #expect(lines.contains { $0.contains("rested") && $0.contains("paused") })
        #expect(lines.contains { $0.contains("ended") && $0.contains("rejected; the app has not taken it yet") })
        #expect(lines.contains { $0.contains("picture") && $0.contains("waits for") })
        let rows = try await list()
        #expect(rows.count == 4)
        #expect(rows["movie"]?["fraction"] as? Double == 0.42 && rows["movie"]?["attempts"] as? Int == 2)
        #expect(rows["later"]?["waitsFor"] as? String == "notBefore" && rows["later"]?["until"] is String)
        #expect(rows["ended"]?["outcome"] as? String == "rejected")
        #expect(try await tool("transfers", "later", "--json").json()["url"] as? String == "https://example.org/up")
        let after = try (home.snapshot("reader"), home.snapshot("photos"))
        #expect(before == after)
        withExtendedLifetime((owned, later)) {}
    }

    @Test("on a terminal each has a bar that fits, in plain letters where the terminal has no others")
    func bars() async throws {
        let store = try home.transfers("reader")
        let owned = try #require(try store.own("uploads"))
        try store.move(try store.add("movie"), .running, 150)
        let wide = try await tool.onTerminal("transfers")
        #expect(wide.contains("██████░░░░░░") && wide.contains("50 % of 300 B"), "\(wide)")
        let narrow = try await tool.onTerminal("transfers", columns: 44)
        #expect(narrow.split(whereSeparator: \.isNewline).allSatisfy { $0.count <= 44 }, "\(narrow)")
        withExtendedLifetime(owned) {}
    }

    @Test("one of them is shown with its request, policy and checkpoint, and no secret of it anywhere")
    func detail() async throws {
        let store = try home.transfers("reader")
        let fields = HeaderFields([.init("Authorization", "Bearer hunter2"), .init("Content-Type", "video/mp4")])
        let kept = try store.add("kept", url: "https://example.org/up?token=hunter2", fields: fields) {
            $0.policy.keepsSecrets = true
        }
        var checkpoint = TransferCheckpoint(state: .running)
        var position = TransferPosition()
        position["upload"] = "https://example.org/files/hunter2"
        (checkpoint.acknowledged, checkpoint.total, checkpoint.isResumable) = (100, 300, true)
        checkpoint.position = position.bytes
        try store.update(kept, checkpoint, durably: true)
        try store.add("withheld", url: "https://example.org/up?X-Amz-Signature=hunter2", fields: fields)
        let shown = try await tool("transfers", "reader/uploads/kept")
        #expect(shown.status == 0, "\(shown)")
        #expect(shown.output.contains("cut off: its process died"))
        #expect(shown.output.contains("POST https://example.org/up\n"))
        #expect(shown.output.contains("goes on from byte 100"))
        #expect(shown.output.contains("/home/ann/kept") && shown.output.contains("tus"))
        let withheld = try await tool("transfers", "withheld")
        #expect(withheld.output.contains("Not kept") && withheld.output.contains("Authorization, ?X-Amz-Signature"))
        for answer in [
            shown, withheld, try await tool("transfers"), try await tool("transfers", "--json"),
            try await tool("transfers", "kept", "--json"), try await tool("list", "--json"),
            try await tool("show", "uploads"), try await tool("transfers", "pause", "kept"),
        ] {
            #expect(!answer.output.contains("hunter2") && !answer.errors.contains("hunter2"), "\(answer)")
        }
    }

    @Test("an app's tasks tell of its sessions, and the task of a session is found by the session's name")
    func beside() async throws {
        let store = try home.transfers("reader")
        try store.add("movie", in: 600)
        let tasks = try home.tasks("reader")
        let task = BGTaskScheduler.transfersIdentifier("uploads")
        #expect(task == TaskReference.transfersPrefix + "uploads")
        _ = try tasks.submit(
            [.init(identifier: task, kind: .transfers, instant: SystemClocks().now().wall.advanced(by: .seconds(600)))],
            limits: .unlimited, now: SystemClocks().now().wall, relying: .none)
        let list = try await tool("list")
        #expect(list.output.contains("transfers of uploads") && list.output.contains("scheduled: 1 waiting"), "\(list)")
        let shown = try await tool("show", "uploads")
        #expect(shown.status == 0 && shown.output.contains("backgroundctl transfers reader/uploads"), "\(shown)")
        let transfers = try await tool("transfers")
        #expect(transfers.output.contains("the app is started for it in "), "\(transfers)")
        let cancelled = try await tool("cancel", "uploads")
        #expect(cancelled.status == 1 && cancelled.errors.contains("backgroundctl transfers cancel"), "\(cancelled)")
        #expect(try tasks.occurrences(identifier: task).count == 1)
    }

    // MARK: Orders

    @Test("orders go into the store and ring its doorbell, and the owner takes each once")
    func orders() async throws {
        let store = try home.transfers("reader")
        let owned = try #require(try store.own("uploads"))
        try store.takeOver(owned, now: SystemClocks().now().wall)
        let (one, two) = (try store.add("one"), try store.add("two"))
        try store.move(one, .running, 10)
        let (rings, continuation) = AsyncStream.makeStream(of: Void.self)
        let watch = try #require(store.watch { continuation.yield() })
        let answer = try await tool("transfers", "pause", "one", "reader/uploads/two")
        #expect(answer.status == 0, "\(answer)")
        #expect(answer.output.contains("process \(getpid()), which moves it, is told to pause it"), "\(answer)")
        // It hangs here, until the time limit, if nobody rang.
        for await _ in rings { break }
        #expect(try await list()["one"]?["asked"] as? String == "pause")
        #expect(try await tool("transfers").output.contains("moving; asked to pause"))
        let orders = try store.orders(session: "uploads")
        #expect(orders.map(\.id) == [one, two] && orders.allSatisfy { $0.order == .pause })
        try store.forget([one: .pause, two: .pause])
        try store.move(one, .paused, 10)
        #expect(try await tool("transfers", "resume", "one").status == 0)
        #expect(try await tool("transfers", "cancel", "two").status == 0)
        #expect(try store.orders(session: "uploads").map(\.order) == [.resume, .cancel])
        withExtendedLifetime((owned, watch)) {}
    }

    @Test("without a process that moves them orders stay in the store, and it is told what happens to them")
    func ordersToNobody() async throws {
        let store = try home.transfers("reader")
        let one = try store.add("one")
        let paused = try await tool("transfers", "pause", "one", "--json")
        let orders = try #require(try paused.json()["orders"] as? [[String: Any]])
        #expect((orders.first?["done"] as? String)?.contains("paused before anybody does") == true, "\(paused)")
        #expect(try store.transfer(one)?.order == .pause)
        let resumed = try await tool("transfers", "resume", "one")
        #expect(resumed.status == 0 && resumed.output.contains("Nothing can start the program"), "\(resumed)")
        #expect(try store.transfer(one)?.order == .resume)
    }

    @Test("an order that makes no sense is refused and changes nothing; the others are given")
    func refusedOrders() async throws {
        let store = try home.transfers("reader")
        let (one, two, three) = (try store.add("one"), try store.add("two"), try store.add("three"))
        try store.finish(two, TransferResult(.succeeded, ended: SystemClocks().now().wall))
        let answer = try await tool("transfers", "cancel", "one", "two")
        #expect(answer.status == 1 && answer.errors.contains("reader/uploads/two has ended"), "\(answer)")
        #expect(try store.transfer(one)?.order == .cancel)
        #expect(try await tool("transfers", "resume", "three").errors.contains("is not paused"))
        #expect(try await tool("transfers", "pause", "reader/uploads").errors.contains("is no single transfer"))
        // One name that nobody knows, and no order is given at all.
        #expect(try await tool("transfers", "pause", "three", "tree").status == 1)
        #expect(try store.transfer(three)?.order == nil)
    }

    // MARK: Bad input

    @Test("no apps, an app without transfers and a session that nobody has are told, and nothing is made")
    func nothing() async throws {
        let none = try await tool("transfers")
        #expect(none.status == 0 && none.output == TransfersText.nothing + "\n", "\(none)")
        _ = try home.tasks("idle")
        let before = try home.snapshot("idle")
        #expect(try await tool("transfers", "idle").output == TransfersText.nothing + "\n")
        #expect(try home.snapshot("idle") == before)
        try home.transfers("reader").add("movie")
        let unknown = try await tool("transfers", "reader/uplods")
        #expect(unknown.status == 1 && unknown.errors.contains("did you mean reader/uploads?"), "\(unknown)")
        #expect(try await tool("transfers", "--app", "nobody").errors.contains("there is no app nobody here"))
        #expect(try await tool("transfers", "pause").status == 2)
        #expect(try await tool("transfers", "a", "b").status == 2)
    }

    @Test(
        "a store of a newer schema, one of something else and one that is damaged hide no other, and stay as they are")
    func unreadable() async throws {
        try home.transfers("reader").add("movie")
        for (app, harm) in [
            ("newer", "PRAGMA user_version = 99"), ("foreign", "PRAGMA application_id = 7"),
        ] {
            try home.transfers(app).add("x")
            try home.mischief(app).execute(harm)
        }
        _ = try home.tasks("broken")
        let path = home.directory("broken").path + "/transfers.sqlite"
        try Data("no database, and long enough to be looked at".utf8).write(to: URL(fileURLWithPath: path))
        let before = try home.snapshot("newer").filter { $0.key.hasSuffix(".sqlite") }
        let answer = try await tool("transfers")
        #expect(answer.status == 1 && answer.output.contains("movie"), "\(answer)")
        #expect(answer.output.contains("The transfers of newer cannot be read"), "\(answer)")
        #expect(answer.output.contains("it has schema 99") && answer.output.contains("Update this program"))
        #expect(answer.output.contains("a SQLite database of something else"))
        #expect(answer.output.contains("The transfers of broken cannot be read"))
        let json = try await tool("transfers", "--json").json()
        #expect((json["unreadable"] as? [Any])?.count == 3 && (json["transfers"] as? [Any])?.count == 1)
        #expect(try home.snapshot("newer").filter { $0.key.hasSuffix(".sqlite") } == before)
        #expect(FileManager.default.fileExists(atPath: path))
        let asked = try await tool("transfers", "pause", "newer/uploads/x")
        #expect(asked.status == 1 && asked.errors.contains("The transfers of newer are not known"), "\(asked)")
        // Tasks are listed whatever becomes of transfers.
        #expect(try await tool("list").status == 0)
    }

    @Test("a store that another process holds is looked at all the same, and an order to it says that it is in use")
    func inUse() async throws {
        let store = try home.transfers("reader")
        try store.add("movie")
        let holder = try home.mischief("reader")
        try holder.execute("BEGIN IMMEDIATE")
        #expect(try await tool("transfers").output.contains("movie"))
        let answer = try await tool("transfers", "pause", "movie")
        #expect(answer.status == 1 && answer.errors.contains("Find the process that holds"), "\(answer)")
        try holder.execute("ROLLBACK")
        #expect(try await tool("transfers", "pause", "movie").status == 0)
    }

    @Test("control characters in names reach no terminal, and such a session has its task all the same")
    func controlCharacters() async throws {
        let store = try home.transfers("reader")
        let (nasty, session) = ("ev\u{1b}[31mil\n\u{202e}", "s\u{7}\u{1b}]0;x")
        let id = try store.add(nasty, session: session)
        let task = BGTaskScheduler.transfersIdentifier(SessionLock.name(of: session))
        _ = try home.tasks("reader").submit(
            [.init(identifier: task, kind: .transfers, instant: SystemClocks().now().wall.advanced(by: .seconds(600)))],
            limits: .unlimited, now: SystemClocks().now().wall, relying: .none)
        for answer in [
            try await tool("transfers"), try await tool("transfers", "reader/\(session)/\(nasty)"),
            try await tool("transfers", "--names"), try await tool("list"), try await tool("show", task),
            try await tool("transfers", "nobody\u{1b}"), try await tool("transfers", "pause", nasty),
        ] {
            let text = answer.output + answer.errors
            #expect(
                !text.isEmpty && !text.contains("\u{1b}") && !text.contains("\u{202e}") && !text.contains("\u{7}"),
                "\(answer)")
        }
        #expect(try store.transfer(id)?.order == .pause)
        #expect(try await tool("list").output.contains("transfers of s\\u{7}"))
        let row = try #require(try await list("reader")[nasty])
        #expect(row["session"] as? String == session)
    }

    @Test("ten thousand are listed, and people are told of those that are not shown")
    func many() async throws {
        let store = try home.transfers("reader")
        let now = SystemClocks().now().wall
        _ = try store.begin(
            (0..<10_050).map { number in
                TransferIntent(
                    session: "uploads", identifier: "\(number)", work: .download(DownloadTarget(partial: "/tmp/x")),
                    httpMethod: "GET", url: "https://example.org/\(number)", created: now,
                    deadline: now.advanced(by: .seconds(60)))
            })
        #expect(try await list().count == 10_050)
        let answer = try await tool("transfers")
        #expect(answer.output.contains("and 9850 more; --json shows them all"))
        #expect(answer.output.contains("10050 waiting"))
    }

    // MARK: Watching

    @Test("a watch that sees nothing move is woken by the doorbell, and tells what moves from the ticks in the store")
    func watching() async throws {
        let store = try home.transfers("reader")
        let owned = try #require(try store.own("uploads"))
        try store.takeOver(owned, now: SystemClocks().now().wall)
        let movie = try store.add("movie")
        try store.add("other", in: 3600)
        try store.move(movie, .paused, 0)
        let soon = SystemClocks().now().wall.advanced(by: .seconds(3600))
        _ = try home.tasks("reader").submit(
            [.init(identifier: "refresh", kind: .refresh, instant: soon)], limits: .unlimited,
            now: SystemClocks().now().wall, relying: .none)
        let watch = try tool.watch("watch")
        // It has looked, and nothing moves: without the doorbell it would look again in half a minute.
        #expect(await watch.line(with: "reader/refresh") != nil)
        try store.move(movie, .running, 30)
        #expect(await watch.line(with: "reader/uploads/movie")?.hasSuffix("moving, 10 % of 300 B") == true)
        var checkpoint = TransferCheckpoint(state: .running)
        (checkpoint.acknowledged, checkpoint.total, checkpoint.attempts) = (150, 300, 2)
        try store.update(movie, checkpoint, durably: false)
        try store.flush()
        #expect(await watch.line(with: "movie")?.hasSuffix("moving, 50 % of 300 B") == true)
        try store.finish(movie, TransferResult(.succeeded, ended: SystemClocks().now().wall))
        #expect(await watch.line(with: "movie")?.contains("succeeded; the app has not taken it yet") == true)
        withExtendedLifetime(owned) {}
    }

    @Test("on a terminal a watch draws the bars of what moves")
    func watchingOnATerminal() async throws {
        let store = try home.transfers("reader")
        let owned = try #require(try store.own("uploads"))
        let movie = try store.add("movie")
        try store.move(movie, .running, 75)
        let text = try await tool.onTerminal("watch") { $0.contains("25 % of 300 B") }
        #expect(text.contains("↑ uploads/movie  ██████░░░░░░░░░░░░░░░░░░"), "\(text)")
        withExtendedLifetime(owned) {}
    }
}
