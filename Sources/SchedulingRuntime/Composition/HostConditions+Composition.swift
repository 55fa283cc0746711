// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundMonitors
import BackgroundSurroundings

#if os(Linux) && Systemd
import SchedulingSystemd
#endif

extension HostConditions {
    /// By all who can tell on this host: its daemons, where this build knows them, and its kernel.
    ///
    /// `isLaunch`: this process is alone with its tasks in its control group, and their own waiting is no load.
    package static func ofThisHost(
        stateDirectory: String, isLaunch: Bool = false, clock: any TimeSource = SystemClocks()
    ) -> HostConditions {
        #if os(Linux) && Systemd
        let daemons: (any HostDaemons)? = SystemDaemons(clock: clock)
        #else
        let daemons: (any HostDaemons)? = nil
        #endif
        return HostConditions(
            clock: clock, storage: FileSystemSpace(path: stateDirectory),
            load: ProcLoad(ownGroup: isLaunch ? ProcLoad.groupOfThisProcess() : nil), daemons: daemons)
    }
}
