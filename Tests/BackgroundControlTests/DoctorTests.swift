// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundControl
import BackgroundSurroundings
import SchedulingCore
import Testing

@Suite("The doctor finds each thing alone, says how bad it is, and what mends it")
struct DoctorTests {
    private static func host() -> HostExamination {
        HostExamination(
            isSystemWide: false, uid: 1000, userName: "ann", managerName: "the user manager of uid 1000", manager: .yes,
            lingering: .yes, bus: .yes, inhibitors: .yes, clock: .yes, installedApps: 1, apps: 1)
    }

    private static func app() -> AppExamination {
        var app = AppExamination(app: "reader", stateDirectory: "/s", now: Samples.now)
        app.unit = AppExamination.Unit(
            name: "app-background-reader@.service", path: "/u/app-background-reader@.service", isAsWritten: true,
            isReadable: true, state: "enabled", wasEnabled: true, needsReload: false, shadow: nil)
        app.executable = "/usr/bin/reader"
        app.executableState = .fine
        app.pending = 2
        app.earliest = Samples.at(600)
        app.wakeup = AppReport.Wakeup(timer: "x.timer", at: Instant(Samples.at(600)), isArmed: true)
        return app
    }

    private func bad(_ findings: [Finding]) -> [Finding] { findings.filter { $0.weight != .fine } }

    @Test("a host and an app that are well have no finding")
    func well() {
        #expect(bad(Self.host().findings).isEmpty)
        #expect(Self.app().findings.map(\.weight) == [.fine])
        #expect(DoctorText(terminal: .plain).lines(DoctorReport(findings: Self.host().findings)).last == "All is well.")
    }

    @Test("the host's findings come in the order in which things depend on each other")
    func hostFindings() {
        var host = Self.host()
        host.manager = .no(why: "no socket")
        host.lingering = .no(why: "")
        host.inhibitors = .no(why: "access denied")
        host.clock = .no(why: "")
        let findings = bad(host.findings)
        #expect(findings.map(\.check) == ["manager", "lingering", "inhibitors", "clock"])
        #expect(findings.map(\.weight) == [.problem, .problem, .warning, .warning])
        #expect(findings[0].remedy == "sudo loginctl enable-linger ann && sudo systemctl start user@1000.service")
        #expect(findings[1].remedy == "loginctl enable-linger ann")
        #expect(findings[3].remedy == "sudo timedatectl set-ntp true")
        host.bus = .no(why: "no socket")
        #expect(bad(host.findings).map(\.check) == ["manager", "lingering", "bus"])
    }

    @Test("where no app uses systemd, a missing manager is no problem; no app at all is said first")
    func withoutSystemd() {
        var host = Self.host()
        (host.manager, host.lingering, host.installedApps, host.apps) = (.no(why: "x"), .no(why: ""), 0, 0)
        #expect(host.findings[0].check == "apps" && host.findings[0].weight == .warning)
        #expect(bad(host.findings).allSatisfy { $0.weight == .warning })
        host.isSystemWide = true
        #expect(!host.findings.contains { $0.check == "lingering" })
    }

    /// One thing that is wrong: what to break, and how it is found.
    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let check: String
        let weight: Finding.Weight
        let says: String
        let remedy: String
        let breaking: @Sendable (inout AppExamination) -> Void

        init(
            _ name: String, _ check: String, _ weight: Finding.Weight, says: String, remedy: String,
            _ breaking: @escaping @Sendable (inout AppExamination) -> Void
        ) {
            testDescription = name
            self.check = check
            self.weight = weight
            self.says = says
            self.remedy = remedy
            self.breaking = breaking
        }
    }

    private static func exits(_ status: Int32) -> @Sendable (inout AppExamination) -> Void {
        { $0.failingServices = [FailingService(name: "x.service", result: "exit-code", end: .exited(status))] }
    }

    static let cases: [Case] = [
        Case("store", "state", .problem, says: "it is damaged", remedy: "restore it") {
            $0.trouble = AppReport.Trouble(code: "storeCorrupt", message: "it is damaged", remedy: "restore it")
        },
        Case("unit missing", "unit", .problem, says: "no unit file", remedy: "start the app once") { $0.unit = nil },
        Case(
            "masked", "unit", .problem, says: "masked",
            remedy: "systemctl --user unmask 'app-background-reader@.service'"
        ) {
            $0.unit?.state = "masked"
        },
        Case("shadowed", "unit", .problem, says: "/etc/x takes the place", remedy: "rm '/etc/x'") {
            $0.unit?.shadow = "/etc/x"
        },
        Case("unreadable unit", "unit", .problem, says: "does not say what it starts", remedy: "writes the file anew") {
            $0.unit?.isReadable = false
            $0.executable = nil
        },
        Case("edited", "unit", .warning, says: "edited by hand", remedy: "systemctl --user edit") {
            $0.unit?.isAsWritten = false
        },
        Case("not reloaded", "unit", .warning, says: "has not read", remedy: "systemctl --user daemon-reload") {
            $0.unit?.needsReload = true
        },
        Case(
            "disabled", "unit", .warning, says: "disabled by hand",
            remedy: "systemctl --user enable 'app-background-reader@login.service'"
        ) { $0.unit?.state = "disabled" },
        Case(
            "executable gone", "executable", .problem, says: "/usr/bin/reader is gone",
            remedy: "backgroundctl uninstall 'reader'"
        ) {
            $0.executableState = .missing
        },
        Case("not executable", "executable", .problem, says: "cannot be executed", remedy: "chmod +x '/usr/bin/reader'")
        {
            $0.executableState = .notExecutable
        },
        Case(
            "no wake-up", "wakeup", .problem, says: "no wake-up is armed",
            remedy: "systemctl --user start 'app-background-reader@login.service'"
        ) {
            $0.wakeup = nil
        },
        Case(
            "wake-up gone", "wakeup", .problem, says: "x.timer is gone",
            remedy: "start 'app-background-reader@login.service'"
        ) {
            $0.wakeup?.isArmed = false
        },
        Case("wake-up too late", "wakeup", .problem, says: "later than what is pending", remedy: "start 'app-") {
            $0.wakeup?.at = Instant(Samples.at(7200))
        },
        Case(
            "cannot start", "launch", .problem, says: "systemd cannot start the app: x.service",
            remedy: "journalctl --user -u 'app-background-reader@*'"
        ) {
            $0.failingServices = [FailingService(name: "x.service")]
        },
        Case(
            "cannot be executed", "launch", .problem,
            says: "cannot start the app: the executable cannot be executed (203/EXEC): x.service, y.service",
            remedy: "'/usr/bin/reader' and the interpreter or loader"
        ) {
            $0.failingServices = ["x.service", "y.service"].map {
                FailingService(name: $0, result: "exit-code", end: .exited(203))
            }
        },
        Case(
            "no working directory", "launch", .problem, says: "its working directory cannot be entered (200/CHDIR)",
            remedy: "systemctl --user cat 'app-background-reader@.service'",
            exits(200)),
        Case(
            "scheduling refused", "launch", .problem,
            says: "its CPU scheduling policy was refused (214/SETSCHEDULER): x.service",
            remedy: "set CPUSchedulingPolicy= to what is allowed, or to nothing: systemctl --user edit 'app-",
            exits(214)),
        Case(
            "unknown user", "launch", .problem, says: "its user is unknown, or could not be taken on (217/USER)",
            remedy: "set User= to",
            exits(217)),
        Case(
            "namespace", "launch", .problem, says: "its view of the file system could not be made (226/NAMESPACE)",
            remedy: "set ReadWritePaths= and the like",
            exits(226)),
        Case(
            "without a setting", "launch", .problem, says: "no session could be made for its process (220/SETSID)",
            remedy: "journalctl --user -u",
            exits(220)),
        Case(
            "launch not handled", "launch", .problem, says: "1 launches ended without",
            remedy: "handleBackgroundLaunch() early"
        ) {
            $0.unhandledLaunches = 1
        },
        Case(
            "launch not handled, recorded", "launch", .problem, says: "2 launches ended without",
            remedy: "early in main"
        ) {
            $0.history = [
                Samples.run(nil, .launchUnhandled), Samples.run(nil, .launchUnhandled), Samples.run("x", .succeeded),
            ]
        },
        Case("dies", "launch", .problem, says: "died 2 times", remedy: "journalctl") {
            $0.history = [Samples.run("x", .gaveUp), Samples.run("x", .abandoned), Samples.run("x", .succeeded)]
        },
        Case("no handler", "handler", .problem, says: "no handler for x", remedy: "backgroundctl cancel 'reader/x'") {
            $0.history = [Samples.run("x", .noHandler, took: nil)]
        },
        Case("overdue", "launch", .warning, says: "due since 10 min", remedy: "backgroundctl why") {
            $0.earliest = Samples.at(-600)
            $0.wakeup?.at = Instant(Samples.at(60))
        },
    ]

    @Test("one thing that is wrong is one finding", arguments: cases)
    func one(_ broken: Case) throws {
        var app = Self.app()
        broken.breaking(&app)
        let findings = bad(app.findings)
        #expect(findings.count == 1, "\(findings)")
        let finding = try #require(findings.first)
        #expect(finding.check == broken.check && finding.weight == broken.weight && finding.app == "reader")
        #expect(finding.message.contains(broken.says), "\(finding.message)")
        #expect(finding.remedy?.contains(broken.remedy) == true, "\(finding.remedy ?? "")")
    }

    @Test("how the last process of a service ended is told in words, systemd's own statuses first")
    func endsOfServices() {
        func cause(_ result: String, _ code: Int32, _ status: Int32) -> String? {
            FailingService(name: "x", result: result, end: .init(code: code, status: status)).cause
        }
        #expect(cause("exit-code", 1, 203) == "the executable cannot be executed (203/EXEC)")
        #expect(cause("exit-code", 1, 1) == "the program ended with exit status 1")
        #expect(cause("exit-code", 1, 244) == "the program ended with exit status 244")
        #expect(cause("signal", 2, 9) == "the program was killed by signal 9")
        #expect(cause("core-dump", 3, 11) == "the program was killed by signal 11")
        #expect(cause("protocol", 1, 0) == "it ended before it touched the scheduler")
        #expect(cause("timeout", 2, 15) == "it did not say that it is ready, or did not stop, in time")
        #expect(cause("success", 0, 0) == nil)
        // A signal's number is no exit status.
        #expect(FailingService(name: "x", end: .killed(signal: 203)).refusal == nil)
        for number in ExecutorStatus.all.keys { #expect((200...245).contains(number)) }
        #expect(ExecutorStatus.all.count == 43 && ExecutorStatus(199) == nil && ExecutorStatus(234) == nil)
    }

    @Test("services that fail for different reasons are told apart")
    func severalCauses() {
        var app = Self.app()
        app.failingServices = [
            FailingService(name: "x", result: "exit-code", end: .exited(203)),
            FailingService(name: "y", result: "exit-code", end: .exited(1)),
            FailingService(name: "z", result: "exit-code", end: .exited(203)),
        ]
        let messages = bad(app.findings).map(\.message)
        #expect(messages.count == 2 && messages[0].hasSuffix("(203/EXEC): x, z"))
        #expect(messages[1].hasSuffix("status 1: y"))
    }

    @Test("a success since then ends the complaint; a live resident and a launch under way need no timer")
    func noComplaint() {
        var app = Self.app()
        app.history = [Samples.run("x", .succeeded), Samples.run(nil, .launchUnhandled), Samples.run("x", .gaveUp)]
        #expect(bad(app.findings).isEmpty)
        for resident in [true, false] {
            app.wakeup?.isArmed = false
            app.hasLiveResident = resident
            app.isLaunching = !resident
            #expect(bad(app.findings).isEmpty)
        }
        app = Self.app()
        (app.unit, app.pending) = (nil, 0)
        #expect(bad(app.findings).isEmpty)
    }

    @Test("the text shows each remedy on a line of its own, and counts")
    func text() {
        let report = DoctorReport(findings: [
            Finding("a", .fine, "this is fine"), Finding("b", .warning, "so so", remedy: "mend it"),
            Finding("c", .problem, app: "reader", "it is broken", remedy: "mend it --now"),
        ])
        #expect(
            DoctorText(terminal: .plain).lines(report) == [
                "✓ this is fine", "! so so", "  → mend it", "✗ reader: it is broken", "  → mend it --now", "",
                "1 problem, 1 warning.",
            ])
    }
}
