// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSurroundings

/// How busy a machine is, from what the kernel says: which share of the last minute work had to wait for something.
package enum LoadPressure {
    /// What may be waited for.
    package enum Resource: String, Sendable, CaseIterable {
        case cpu, io, memory
    }

    /// The share, from 0 to 1, of the last minute in which some task waited: the first line of a file of
    /// `/proc/pressure` or of a control group (kernel documentation, "PSI - Pressure Stall Information"). Nil for any
    /// other text.
    package static func share(_ text: String) -> Double? {
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            guard words.first == "some" else { continue }
            for word in words.dropFirst() where word.hasPrefix("avg60=") {
                guard let percent = Double(word.dropFirst("avg60=".count)), percent.isFinite, percent >= 0 else {
                    return nil
                }
                return (percent / 100).share
            }
        }
        return nil
    }

    /// What others wait for at the least: the time in which somebody waits, less the time in which we do ourselves. A run
    /// that waits for its own disk does not make the machine busy.
    package static func ofOthers(_ all: Double, own: Double) -> Double { max(0, all - own) }

    /// Where the kernel measures no pressure: by how much more is to be done than the processors can do, from the first
    /// number of `/proc/loadavg` (proc_loadavg(5)). 0 while there is a processor for everything that runs.
    package static func excess(loadAverage text: String, processors: Int) -> Double? {
        guard processors > 0, let first = text.split(separator: " ").first, let load = Double(first), load.isFinite,
            load >= 0
        else { return nil }
        return (load / Double(processors) - 1).share
    }
}
