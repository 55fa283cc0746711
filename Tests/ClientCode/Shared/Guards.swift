// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

#if canImport(BackgroundTasks)
import BackgroundTasks
#endif
import Foundation

// How apps fence the framework off where it may be missing.

#if canImport(BackgroundTasks)
@available(iOS 13, *)
protocol GuardedSeam {
    @available(iOS 13.0, macCatalyst 13.1, tvOS 13.0, *)
    func submit(_ taskRequest: BGTaskRequest) throws
}

@available(iOSApplicationExtension, unavailable)
extension BGTaskScheduler: GuardedSeam {}

@available(iOS 13, tvOS 13, *)
final class GuardedRefresher {
    @available(iOS 26.0, *)
    var isImmediate: Bool { true }

    func schedule() {
        if #available(iOS 17, *) {
            let request = BGHealthResearchTaskRequest(identifier: "org.example.study")
            try? BGTaskScheduler.shared.submit(request)
        }
        guard #available(iOS 26, *) else { return }
        print(isImmediate)
    }
}
#endif

#if os(iOS)
import UIKit

@main
final class GuardedDelegate: UIResponder, UIApplicationDelegate {}
#endif
