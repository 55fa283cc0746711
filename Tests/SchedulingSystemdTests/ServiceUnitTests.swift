// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

#if os(Linux) && Systemd

import Glibc
import SchedulingCore
import SchedulingSystemd
import Testing

@Suite("The service unit")
struct ServiceUnitTests {
    private func specification(
        _ appIdentifier: String = "org.example.reader", executable: String = "/bin/true", arguments: [String] = [],
        workingDirectory: String? = nil, environment: [ServiceSpecification.Variable] = [],
        stateDirectory: String = "/var/lib/reader", retryAfterDeath: Duration = .seconds(900)
    ) -> ServiceSpecification {
        ServiceSpecification(
            appIdentifier: appIdentifier, executable: executable, arguments: arguments,
            workingDirectory: workingDirectory, environment: environment, stateDirectory: stateDirectory,
            retryAfterDeath: retryAfterDeath)
    }

    private func lines(_ specification: ServiceSpecification, systemWide: Bool = false) throws -> [String] {
        try ServiceUnit(specification, systemWide: systemWide).text.split(separator: "\n").map(String.init)
    }

    @Test("the executable that a unit starts is read back, so that two which share an app id are told of")
    func executable() throws {
        let plain = try ServiceUnit(specification(executable: "/usr/bin/reader", arguments: ["--x"]), systemWide: false)
        #expect(ServiceUnit.executable(in: plain.text) == "/usr/bin/reader")
        let bare = try ServiceUnit(specification(executable: "/usr/bin/reader"), systemWide: true)
        #expect(ServiceUnit.executable(in: bare.text) == "/usr/bin/reader")
        let quoted = try ServiceUnit(specification(executable: "/opt/my reader"), systemWide: false)
        #expect(ServiceUnit.executable(in: quoted.text) == nil)
        #expect(ServiceUnit.executable(in: "[Service]\n") == nil)
    }

    @Test("a plain program makes a plain unit")
    func plain() throws {
        let unit = try ServiceUnit(specification(arguments: ["--quiet"]), systemWide: false)
        #expect(unit.name == "app-background-org.example.reader@.service")
        #expect(
            unit.text == """
                # Written by swift-background, which writes it anew whenever it differs from this. Do not edit it here.
                # Your own settings: systemctl --user edit 'app-background-org.example.reader@.service'
                # To keep it from running: systemctl --user mask 'app-background-org.example.reader@.service'

                [Unit]
                Description=Background tasks of org.example.reader (launch %i)
                CollectMode=inactive-or-failed
                StartLimitIntervalSec=600s
                StartLimitBurst=4

                [Service]
                Type=notify
                NotifyAccess=main
                ExecStart=:/bin/true --quiet
                Environment="BACKGROUND_APP_ID=org.example.reader"
                Environment="BACKGROUND_STATE_DIRECTORY=/var/lib/reader"
                Environment=BACKGROUND_LAUNCH=%i
                Restart=on-failure
                RestartSec=2s
                TimeoutStartSec=90s
                RuntimeMaxSec=180s
                TimeoutStopSec=30s
                KillMode=mixed
                Slice=background.slice
                CPUSchedulingPolicy=batch
                IOSchedulingClass=best-effort
                IOSchedulingPriority=7

                [Install]
                WantedBy=default.target
                DefaultInstance=login

                """)
    }

    @Test("the system's manager starts the app at boot")
    func systemWide() throws {
        let lines = try lines(specification(), systemWide: true)
        #expect(lines.contains("WantedBy=multi-user.target"))
        #expect(lines.contains("DefaultInstance=boot"))
        #expect(lines.contains("# Your own settings: systemctl edit 'app-background-org.example.reader@.service'"))
    }

    @Test("arguments keep their spaces, quotes, specifiers and line breaks")
    func quotesArguments() throws {
        let arguments = ["", "a b", "50%", "$HOME", "\"q\"", "it's", "back\\", "two\nlines", ";", "\u{1}", "é", "a\tb"]
        let lines = try lines(specification(executable: "/opt/50% $HOME/run me", arguments: arguments))
        #expect(
            lines.contains(
                #"ExecStart=:"/opt/50%% $HOME/run me" "" "a b" "50%%" "$HOME" "\"q\"" "it's" "back\\" "two\nlines" ";" "#
                    + #""\x01" "é" "a\tb""#))
    }

    @Test("a working directory keeps its spaces and its last backslash")
    func writesWorkingDirectory() throws {
        #expect(try lines(specification(workingDirectory: "/a b/50%")).contains("WorkingDirectory=/a b/50%%"))
        #expect(try lines(specification(workingDirectory: "/a\\")).contains("WorkingDirectory=/a\\/"))
        #expect(try lines(specification(workingDirectory: "/a ")).contains("WorkingDirectory=/a /"))
    }

    @Test("our own variables come after the listed ones, and so they win")
    func ordersEnvironment() throws {
        let listed = ServiceSpecification.Variable(name: "BACKGROUND_APP_ID", value: "other \"%n\"\n")
        let environment = try lines(specification(environment: [listed])).filter { $0.hasPrefix("Environment=") }
        #expect(
            environment == [
                #"Environment="BACKGROUND_APP_ID=other \"%%n\"\n""#,
                #"Environment="BACKGROUND_APP_ID=org.example.reader""#,
                #"Environment="BACKGROUND_STATE_DIRECTORY=/var/lib/reader""#,
                "Environment=BACKGROUND_LAUNCH=%i",
            ])
    }

    @Test("the start limit has ended before the timer tries again, but holds a program that dies at once")
    func limitsStarts() throws {
        #expect(try lines(specification(retryAfterDeath: .seconds(3))).contains("StartLimitIntervalSec=30s"))
        #expect(
            try lines(specification(retryAfterDeath: .milliseconds(100_001))).contains(
                "StartLimitIntervalSec=66667333us"))
    }

    @Test("an id with a backslash at its end does not swallow the next line")
    func guardsDescription() throws {
        let lines = try lines(specification("100%\\"))
        #expect(lines.contains("Description=Background tasks of 100%%\\ (launch %i)"))
        #expect(lines.contains("CollectMode=inactive-or-failed"))
    }

    @Test(
        "what systemd would refuse is refused before it is written",
        arguments: [
            "bin/true", "/bin/tr\"ue", "/bin/tr'ue", "/bin/tr\\ue", "/bin/", "/bin/a\nb", "", "/bin/\u{7f}",
        ])
    func refusesExecutables(_ executable: String) {
        let failure = #expect(throws: SchedulingFailure.self) { try lines(specification(executable: executable)) }
        #expect(failure?.code == .invalidArgument)
    }

    @Test("directories, arguments and variables that cannot be written are refused")
    func refusesOthers() {
        #expect(throws: SchedulingFailure.self) { try lines(specification(workingDirectory: "here")) }
        #expect(throws: SchedulingFailure.self) { try lines(specification(workingDirectory: "/a\nb")) }
        #expect(throws: SchedulingFailure.self) { try lines(specification(stateDirectory: "state")) }
        #expect(throws: SchedulingFailure.self) { try lines(specification(arguments: ["a\0b"])) }
        #expect(throws: SchedulingFailure.self) { try lines(specification(retryAfterDeath: .zero)) }
        #expect(throws: SchedulingFailure.self) {
            try lines(specification(arguments: [String(repeating: "x", count: 1 << 20)]))
        }
        for name in ["", "1A", "A B", "A=B", "Ä"] {
            #expect(throws: SchedulingFailure.self) {
                try lines(specification(environment: [.init(name: name, value: "")]))
            }
        }
    }

    @Test("a refused variable's value is not told to anybody")
    func hidesValues() {
        let failure = #expect(throws: SchedulingFailure.self) {
            try lines(specification(environment: [.init(name: "TOKEN", value: "hunter2\u{1b}")]))
        }
        #expect(failure?.description.contains("TOKEN") == true)
        #expect(failure?.description.contains("hunter2") == false)
    }

    @Test("systemd itself finds nothing to complain about in a nasty unit")
    func satisfiesSystemd() throws {
        let directory = try output(of: "/bin/mktemp", ["-d"])
        defer { _ = try? output(of: "/bin/rm", ["-rf", directory]) }
        let program = directory + "/50% $HOME ${X} ü;"
        _ = try output(of: "/bin/cp", ["/bin/true", program])
        let unit = try ServiceUnit(
            specification(
                "50% a@b\\", executable: program, arguments: ["", ";", "%n", "a\"b'c\\", "two\nlines", "$A"],
                workingDirectory: "/", environment: [.init(name: "A", value: "%h \"x\" \\ \n\t")]),
            systemWide: true)
        let file = try #require(fopen(directory + "/" + unit.name, "w"))
        fputs(unit.text, file)
        fclose(file)
        let instance = UnitName.service(appIdentifier: "50% a@b\\", instance: "boot")
        // It reads the template under the name of an instance.
        _ = try output(of: "/bin/ln", ["-s", unit.name, directory + "/" + instance])
        #expect(try output(of: "/usr/bin/systemd-analyze", ["verify", "--man=no", directory + "/" + instance]) == "")
    }
}

#endif
