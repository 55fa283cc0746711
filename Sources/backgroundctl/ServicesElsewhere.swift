// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

#if !(os(Linux) && Systemd)

import BackgroundControl
import BackgroundStore
import SchedulingCore
import SchedulingStore

/// Where there is no systemd, or this build knows none: apps run by their own timers.
struct Services: Sendable {
    private static let none = "this build of backgroundctl has no systemd"

    init(scope: Invocation.Scope, environment: [String: String], uid: UInt32) {}

    var name: String { "systemd" }
    var userName: String? { nil }
    func refusal() -> String? { Services.none }
    func installed(elsewhere: (String) -> StateDirectory) -> [InstalledApp] { [] }
    func waker(for app: InstalledApp) -> (any Waker)? { nil }
    func isArmed(_ timer: String) -> Bool? { nil }
    func services(of app: InstalledApp) -> [(name: String, state: String)] { [] }
    func failure(of service: String) -> FailingService { FailingService(name: service) }
    func timers(of app: InstalledApp) -> [String] { [] }
    func examination(of app: InstalledApp) -> AppExamination.Unit? { nil }
    func isLingering() -> HostExamination.Answer { .unknown(why: Services.none) }
    func bus() -> HostExamination.Answer { .unknown(why: Services.none) }
    func inhibitors() -> HostExamination.Answer { .unknown(why: Services.none) }
    func clock() -> HostExamination.Answer { .unknown(why: Services.none) }
    func stop(_ unit: String) throws(Refusal) {}
    func remove(_ app: InstalledApp) throws(Refusal) {}
}

#endif
