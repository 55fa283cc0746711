// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundControl
import Testing

@Suite("Arguments are understood, or refused with a reason")
struct InvocationTests {
    private func refusal(_ arguments: String...) -> String {
        do throws(UsageError) {
            let invocation = try Invocation(parsing: arguments)
            return "understood: \(invocation)"
        } catch {
            return error.message
        }
    }

    @Test("without arguments the list is meant")
    func list() throws {
        #expect(try Invocation(parsing: []) == Invocation(.list))
    }

    @Test("every command is understood by its name, with as many operands as it takes", arguments: Command.allCases)
    func commands(command: Command) throws {
        let operand: [String] =
            switch command.operand {
            case .none: []
            case .task, .optionalTask: ["refresh"]
            case .transfers: ["reader/uploads"]
            case .optionalApp: ["org.example.reader"]
            case .shell: ["bash"]
            case .optionalCommand: ["list"]
            }
        let invocation = try Invocation(parsing: [command.rawValue] + operand)
        #expect(invocation.command == command && invocation.operand == operand.first)
        #expect(refusal(command.rawValue, "a", "b").contains("understood") == false)
    }

    @Test("options stand anywhere, with their value behind a sign or as the next word")
    func options() throws {
        let one = try Invocation(parsing: ["--json", "history", "--limit=5", "refresh", "--app", "reader", "--system"])
        #expect(one.isJSON && one.limit == 5 && one.app == "reader" && one.scope == .system && one.operand == "refresh")
        let two = try Invocation(parsing: [
            "timeline", "--past", "90min", "--ahead=2d", "--html=page.html", "--color=never",
        ])
        #expect(two.past == .seconds(5400) && two.ahead == .seconds(172_800) && two.color == .never)
        #expect(two.page == .file("page.html"))
        #expect(try Invocation(parsing: ["timeline", "--html"]).page == .standardOutput)
        #expect(try Invocation(parsing: ["show", "--", "--odd"]).operand == "--odd")
    }

    @Test("transfers take a name to look at, or an order and the names that it is for, each once")
    func transfers() throws {
        #expect(try Invocation(parsing: ["transfers"]).operand == nil)
        let look = try Invocation(parsing: ["transfers", "reader/uploads/movie", "--json"])
        #expect(look.operand == "reader/uploads/movie" && look.order == nil && look.isJSON)
        let order = try Invocation(parsing: [
            "transfers", "--user", "pause", "reader/uploads/a", "b", "reader/uploads/a",
        ])
        #expect(order.order == .pause && order.ordered == ["reader/uploads/a", "b"] && order.operand == nil)
        #expect(try Invocation(parsing: ["transfers", "cancel", "--", "-x"]).ordered == ["-x"])
    }

    @Test("help and the version are shown whatever else is said")
    func help() throws {
        #expect(try Invocation(parsing: ["-h"]) == Invocation(.help))
        #expect(try Invocation(parsing: ["cancel", "--help"]).operand == "cancel")
        #expect(try Invocation(parsing: ["--version"]).command == .version)
        #expect(try Invocation(parsing: ["help", "why"]).operand == "why")
    }

    @Test(
        "nonsense is refused with what is wrong",
        arguments: [
            (["lst"], "did you mean list?"), (["show"], "show needs the ID of a task"), (["show", ""], "show needs"),
            (["list", "x"], "does not take \"x\""), (["list", "--jsn"], "did you mean --json?"),
            (["list", "-q"], "unknown option \"-q\""), (["list", "--json=yes"], "--json takes no value"),
            (["history", "--limit"], "--limit needs a value: N"), (["history", "--limit=0"], "a number from 1"),
            (["history", "--limit=-3"], "a number from 1"),
            (["history", "--limit", "99999999999999999999"], "a number"),
            (["timeline", "--past=soon"], "such as 90s"), (["timeline", "--past=0s"], "such as 90s"),
            (["timeline", "--ahead=99999999w"], "up to 400d"), (["timeline", "--html="], "needs a value: FILE"),
            (["list", "--user", "--system"], "exclude each other"), (["list", "--color=red"], "auto, always or never"),
            (["list", "--yes"], "list has no option --yes"), (["completion"], "bash, zsh or fish"),
            (["completion", "tcsh"], "no completion for \"tcsh\""), (["help", "lits"], "did you mean list?"),
            (["transfers", "pause"], "transfers pause needs the NAME of a transfer"),
            (["transfers", "pasue", "a/b/c"], "did you mean pause?"),
            (["transfers", "a/b", "c/d"], "does not take \"c/d\""),
            (["transfers", ""], "not empty"), (["transfers", "resume", ""], "not empty"),
            (["transfers", "cancel", "x", "--names"], "--names is for looking"),
            (["transfers", "--limit=3"], "transfers has no option --limit"),
            (["uninstall", "--all", "a"], "exclude each other"), (["list", "--app="], "needs a value: APP"),
        ])
    func nonsense(arguments: [String], reason: String) {
        do throws(UsageError) {
            Issue.record("understood: \(try Invocation(parsing: arguments))")
        } catch {
            #expect(error.message.contains(reason), "\(error.message)")
        }
    }

    @Test("durations are read and written as people do")
    func durations() {
        #expect(DurationText.parse("1h30min") == .seconds(5400))
        #expect(DurationText.parse("2w") == .seconds(1_209_600))
        #expect(["", "5", "h", "5x", "-5s", "5 s", "99999999999999999w"].compactMap(DurationText.parse).isEmpty)
        #expect(DurationText.text(.milliseconds(340)) == "340 ms")
        #expect(DurationText.text(.milliseconds(1250)) == "1.2 s")
        #expect(DurationText.text(.seconds(200)) == "3 min 20 s")
        #expect(DurationText.text(.seconds(3600 * 5 + 120)) == "5 h 2 min")
        #expect(DurationText.rough(.seconds(86_400 * 12)) == "12 d")
    }
}
