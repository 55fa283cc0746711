// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundMonitors
internal import BackgroundSurroundings
import SchedulingCore
import SchedulingRuntime
internal import TransfersCore
import TransfersCurl
internal import TransfersStore

/// Puts the real parts together.
enum Composition {
    static func parts() throws(TransferFailure) -> TransferWorld.Parts {
        let scheduler = BGTaskScheduler.shared
        let surroundings: BGTaskScheduler.TransferSurroundings
        do throws(SchedulingFailure) {
            surroundings = try scheduler.transferSurroundings()
        } catch {
            throw TransferFailure(
                error.code == .diskFull ? .diskFull : .storage, doing: "The attempt to " + error.doing,
                subject: error.subject, cause: error.cause, remedy: error.remedy)
        }
        let facts = HostFacts.current()
        return TransferWorld.Parts(
            time: surroundings.time, conditions: surroundings.conditions,
            wakeups: ScheduledWakeups(scheduler: scheduler, log: surroundings.log), directory: surroundings.directory,
            machine: facts.machineID, boot: facts.bootID, processIdentifier: surroundings.processIdentifier,
            isLaunch: surroundings.isLaunch,
            makeEngine: { () throws(ExchangeFailure) in try CurlEngine() }, log: surroundings.log)
    }
}

extension CurlEngine: EndableEngine {}

/// Wake-ups as tasks of the scheduler.
struct ScheduledWakeups: TransferWakeups {
    let scheduler: BGTaskScheduler
    let log: @Sendable (String) -> Void

    func register(session: String, run: @escaping @Sendable () async -> Void) {
        if !scheduler.registerTransfers(Self.name(session), handler: { _ in await run() }) {
            log(
                "The transfers of \(session.debugDescription) are not run in the background: they have a handler already."
            )
        }
    }

    var runHere: Bool { scheduler.runsTasks }

    func schedule(session: String, at instant: WallTime?, requiresNetwork: Bool) throws {
        try scheduler.scheduleTransfers(
            Self.name(session), at: instant, requirements: requiresNetwork ? .network : [])
    }

    private static func name(_ session: String) -> String {
        SessionLock.nameInTask(of: session) { BGTaskScheduler.transfersIdentifier($0) }
    }
}
