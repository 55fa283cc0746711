// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

#if os(Linux) && Systemd

import SchedulingCore
import SchedulingSystemd
import Testing

@Suite("The launch environment")
struct LaunchTests {
    private let ours = [
        "BACKGROUND_LAUNCH": "login", "NOTIFY_SOCKET": "/run/user/1/systemd/notify", "SYSTEMD_EXEC_PID": "7",
        "BACKGROUND_APP_ID": "org.example.app", "BACKGROUND_STATE_DIRECTORY": "/var/lib/app",
    ]

    @Test("a launch by systemd is believed, and its variables are taken")
    func believes() {
        let (launch, consumed) = Launch.read(ours, processIdentifier: 7)
        #expect(launch.context == .background(instance: "login"))
        #expect(launch.notifier.socket == "/run/user/1/systemd/notify")
        #expect(launch.appIdentifier == "org.example.app" && launch.stateDirectory == "/var/lib/app")
        #expect(Set(consumed) == Set(ours.keys))
    }

    @Test("a child of the launched process is no launch, and does not speak for its parent")
    func distrustsInherited() {
        let (launch, consumed) = Launch.read(ours, processIdentifier: 8)
        #expect(launch.context == .ordinary)
        #expect(launch.notifier.socket == nil)
        #expect(launch.appIdentifier == nil && launch.stateDirectory == nil)
        #expect(consumed == ["BACKGROUND_LAUNCH"])
    }

    @Test("a program that is a service of its own keeps its variables")
    func leavesOthersAlone() {
        let (launch, consumed) = Launch.read(
            ["NOTIFY_SOCKET": "/run/systemd/notify", "SYSTEMD_EXEC_PID": "7"], processIdentifier: 7)
        #expect(launch.context == .ordinary)
        #expect(launch.notifier.socket == nil)
        #expect(consumed.isEmpty)
    }

    @Test("a launch without a process id, or without an instance, is none")
    func distrustsIncomplete() {
        #expect(Launch.read(["BACKGROUND_LAUNCH": "login"], processIdentifier: 7).launch.context == .ordinary)
        let empty = Launch.read(["BACKGROUND_LAUNCH": "", "SYSTEMD_EXEC_PID": "7"], processIdentifier: 7)
        #expect(empty.launch.context == .ordinary)
    }

    @Test("the manager of a user listens in its runtime directory")
    func addresses() {
        #expect(
            ManagerAddress(scope: .user, environment: ["XDG_RUNTIME_DIR": "/tmp/r"], uid: 1000).privateSocket
                == "/tmp/r/systemd/private")
        #expect(
            ManagerAddress(scope: .user, environment: ["XDG_RUNTIME_DIR": "r"], uid: 1000).privateSocket
                == "/run/user/1000/systemd/private")
        #expect(ManagerAddress(scope: .system, environment: [:], uid: 0).privateSocket == "/run/systemd/private")
    }

    @Test("without a manager, detection says why")
    func detectsNothing() {
        let detection = SystemdWaker.detect(environment: ["XDG_RUNTIME_DIR": "/nonexistent"], uid: 4_000_000)
        guard case .unusable(let reason) = detection else {
            Issue.record("found a manager: \(detection)")
            return
        }
        #expect(reason.contains("/nonexistent/systemd/private"))
    }

    @Test("our template lies where its owner can mask it")
    func choosesDirectory() {
        let user = [
            "/home/x/.config/systemd/user", "/etc/systemd/user", "/home/x/.local/share/systemd/user",
            "/data/systemd/user",
        ]
        func candidates(_ dataHome: String?, _ homes: [String]) -> [String] {
            UnitDirectory.candidates(scope: .user, unitPath: user, dataHome: dataHome, homes: homes)
        }
        #expect(candidates(nil, ["/home/x"]).first == "/home/x/.local/share/systemd/user")
        #expect(candidates("/data/", ["/home/x"]).first == "/data/systemd/user")
        // What the manager does not read is of no use, though our own environment names it.
        #expect(candidates("/elsewhere", ["/nowhere", "/home/x"]).first == "/home/x/.local/share/systemd/user")
        #expect(candidates("/elsewhere", ["/nowhere"]) == [])
        let system = ["/etc/systemd/system", "/usr/local/lib/systemd/system"]
        #expect(
            UnitDirectory.candidates(scope: .system, unitPath: system, dataHome: nil, homes: [])
                == ["/usr/local/lib/systemd/system", "/etc/systemd/system"])
    }
}

#endif
