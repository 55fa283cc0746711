// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

/// An exit status with which systemd itself says what it could not do for a service, before there was a program
/// (systemd.exec(5), "Process exit codes").
package struct ExecutorStatus: Hashable, Sendable {
    package let number: Int32
    /// As systemd writes it behind the number: "EXEC".
    package let name: String
    /// What failed.
    package let failure: String
    /// The setting of the unit that asked for it; nil: none does.
    package let setting: String?

    /// Nil for a status that is the program's own.
    package init?(_ number: Int32) {
        guard let (name, failure, setting) = ExecutorStatus.all[number] else { return nil }
        self.number = number
        self.name = name
        self.failure = failure
        self.setting = setting
    }

    /// 223, 234 and 244 are no status of systemd's.
    package static let all: [Int32: (name: String, failure: String, setting: String?)] = [
        200: ("CHDIR", "its working directory cannot be entered", "WorkingDirectory="),
        201: ("NICE", "its nice value was refused", "Nice="),
        202: ("FDS", "its file descriptors could not be passed on", nil),
        203: ("EXEC", "the executable cannot be executed", "ExecStart="),
        204: ("MEMORY", "there was not enough memory to start it", nil),
        205: ("LIMITS", "its resource limits were refused", "LimitNOFILE= and the like"),
        206: ("OOM_ADJUST", "its place in the order of the out-of-memory killer was refused", "OOMScoreAdjust="),
        207: ("SIGNAL_MASK", "its signal mask could not be set", nil),
        208: ("STDIN", "its standard input could not be opened", "StandardInput="),
        209: ("STDOUT", "its standard output could not be opened", "StandardOutput="),
        210: ("CHROOT", "its root directory could not be entered", "RootDirectory="),
        211: ("IOPRIO", "its I/O priority was refused", "IOSchedulingClass="),
        212: ("TIMERSLACK", "its timer slack was refused", "TimerSlackNSec="),
        213: ("SECUREBITS", "its secure bits were refused", "SecureBits="),
        214: ("SETSCHEDULER", "its CPU scheduling policy was refused", "CPUSchedulingPolicy="),
        215: ("CPUAFFINITY", "its CPU affinity was refused", "CPUAffinity="),
        216: ("GROUP", "its group is unknown, or could not be taken on", "Group="),
        217: ("USER", "its user is unknown, or could not be taken on", "User="),
        218: ("CAPABILITIES", "its capabilities were refused", "CapabilityBoundingSet="),
        219: ("CGROUP", "its control group could not be made", "Slice="),
        220: ("SETSID", "no session could be made for its process", nil),
        221: ("CONFIRM", "somebody at the console refused to start it", nil),
        222: ("STDERR", "its standard error could not be opened", "StandardError="),
        224: ("PAM", "PAM refused its session", "PAMName="),
        225: ("NETWORK", "its network namespace could not be made", "PrivateNetwork="),
        226: ("NAMESPACE", "its view of the file system could not be made", "ReadWritePaths= and the like"),
        227: ("NO_NEW_PRIVILEGES", "it could not be barred from new privileges", "NoNewPrivileges="),
        228: ("SECCOMP", "its filter of system calls was refused", "SystemCallFilter="),
        229: ("SELINUX_CONTEXT", "its SELinux context was refused", "SELinuxContext="),
        230: ("PERSONALITY", "its execution domain was refused", "Personality="),
        231: ("APPARMOR", "its AppArmor profile was refused", "AppArmorProfile="),
        232: ("ADDRESS_FAMILIES", "its address families could not be restricted", "RestrictAddressFamilies="),
        233: ("RUNTIME_DIRECTORY", "its runtime directory could not be made", "RuntimeDirectory="),
        235: ("CHOWN", "its socket could not be given to its owner", nil),
        236: ("SMACK_PROCESS_LABEL", "its SMACK label was refused", "SmackProcessLabel="),
        237: ("KEYRING", "its keyring could not be made", "KeyringMode="),
        238: ("STATE_DIRECTORY", "its state directory could not be made", "StateDirectory="),
        239: ("CACHE_DIRECTORY", "its cache directory could not be made", "CacheDirectory="),
        240: ("LOGS_DIRECTORY", "its log directory could not be made", "LogsDirectory="),
        241: ("CONFIGURATION_DIRECTORY", "its configuration directory could not be made", "ConfigurationDirectory="),
        242: ("NUMA_POLICY", "its NUMA policy was refused", "NUMAPolicy="),
        243: ("CREDENTIALS", "its credentials could not be loaded", "LoadCredential="),
        245: ("BPF", "its file systems could not be restricted", "RestrictFileSystems="),
    ]
}
