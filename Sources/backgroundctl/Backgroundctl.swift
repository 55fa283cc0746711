// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundControl
import Foundation
import SchedulingCore
import TransfersCore

/// The tool. Its exit status: 0 all is well, 1 it failed or something is wrong, 2 the arguments make no sense.
@main
struct Backgroundctl {
    static let version = "1.0"

    static func main() {
        let arguments = Array(CommandLine.arguments.dropFirst())
        do throws(UsageError) {
            exit(perform(try Invocation(parsing: arguments)))
        } catch {
            Output.complain(VisibleText.escaped(error.message))
            Output.complain("`backgroundctl help` explains the commands")
            exit(2)
        }
    }

    private static func perform(_ invocation: Invocation) -> Int32 {
        do {
            return try Session(Surroundings(invocation)).perform()
        } catch let refusal as Refusal {
            Output.complain(refusal.description)
        } catch let unresolved as TaskReference.Unresolved {
            Output.complain(unresolved.description)
        } catch let failure as SchedulingFailure {
            Output.complain(Refusal(failure).description)
        } catch let failure as TransferFailure {
            Output.complain(VisibleText.escaped(failure.description))
        } catch {
            Output.complain("\(error)")
        }
        return 1
    }
}
