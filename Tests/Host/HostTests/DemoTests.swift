// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Foundation
import Testing

extension OnAHost {
    @Suite("The demo", .serialized)
    struct Demo {
        @Test("make demo shows every step on a real host, and everything is as told")
        func demo() {
            let (status, output) = TestHost.execute([TestHost.root + "/Tests/Host/demo"], onSharedHost: false)
            #expect(status == 0, "\(output)")
            for step in 1...8 {
                #expect(output.contains("\n\(step). "), "step \(step) was not shown: \(output)")
            }
        }
    }
}
