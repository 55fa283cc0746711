// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundControl
import SchedulingCore

/// Why a command could not be carried out; the program ends with status 1.
struct Refusal: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }

    init(_ failure: SchedulingFailure) { self.init(VisibleText.escaped(failure.description)) }
}
