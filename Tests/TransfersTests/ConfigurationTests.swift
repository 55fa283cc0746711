// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSurroundings
import Foundation
import Testing
import TransferProcesses
import TransfersCore

@testable import Transfers

@Suite("What a session's configuration says")
struct ConfigurationTests {
    private func copied(_ configuration: URLSessionConfiguration) throws -> URLSessionConfiguration {
        try #require(configuration.copy() as? URLSessionConfiguration)
    }

    @Test("an identifier and what Linux has no room for survive a copy, and belong to one configuration")
    func copies() throws {
        let configuration = URLSessionConfiguration.background(withIdentifier: "films")
        #expect(configuration.identifier == "films")
        let isOn = [
            configuration.sessionSendsLaunchEvents, configuration.allowsExpensiveNetworkAccess,
            configuration.allowsConstrainedNetworkAccess, configuration.waitsForConnectivity,
        ]
        #expect(isOn == [true, true, true, true])
        configuration.sessionSendsLaunchEvents = false
        configuration.allowsConstrainedNetworkAccess = false
        let copy = try copied(configuration)
        copy.waitsForConnectivity = false
        #expect(copy.identifier == "films" && !copy.sessionSendsLaunchEvents && !copy.allowsConstrainedNetworkAccess)
        #expect(copy.allowsExpensiveNetworkAccess && !copy.waitsForConnectivity && configuration.waitsForConnectivity)
        #expect(URLSessionConfiguration.default.sessionSendsLaunchEvents)
    }

    @Test("every property that a transfer can heed is in its policy or its session's settings")
    func heeded() {
        let configuration = URLSessionConfiguration.background(withIdentifier: "films")
        configuration.sessionSendsLaunchEvents = false
        configuration.allowsExpensiveNetworkAccess = false
        configuration.allowsConstrainedNetworkAccess = false
        configuration.allowsCellularAccess = false
        configuration.waitsForConnectivity = false
        configuration.isDiscretionary = true
        configuration.timeoutIntervalForRequest = 17
        configuration.timeoutIntervalForResource = 3600
        configuration.httpMaximumConnectionsPerHost = 3
        configuration.httpAdditionalHeaders = ["X-A": "1"]
        let read = SessionDefaults(configuration)
        #expect(read.identifier == "films" && !read.settings.sendsLaunchEvents && read.settings.hostLimit == 3)
        let policy = read.policy
        #expect(!policy.allowsExpensiveNetwork && !policy.allowsConstrainedNetwork && !policy.allowsCellular)
        #expect(!policy.waitsForConnectivity && policy.isDiscretionary && policy.stallTimeout == 17)
        #expect(read.lifetime == 3600 && read.fields["x-a"] == "1")
        #expect(SessionDefaults(.default).identifier == "default")
    }

    @Test(
        "negative and absurd limits are those of a new configuration",
        arguments: [-1, 0, .nan, -.infinity] as [TimeInterval])
    func absurd(interval: TimeInterval) {
        let configuration = URLSessionConfiguration.background(withIdentifier: "films")
        configuration.timeoutIntervalForRequest = interval
        configuration.timeoutIntervalForResource = interval
        configuration.httpMaximumConnectionsPerHost = -4
        let read = SessionDefaults(configuration)
        #expect(read.policy.stallTimeout == 60 && read.lifetime == 7 * 86_400)
        #expect(read.settings == SessionSettings())
        var options = TransferOptions()
        options.lifetime = interval
        options.stallTimeout = interval
        options.bytesPerSecond = -1
        options.partSize = 0
        options.priority = .nan
        let draft = draft(options, read)
        #expect(draft.policy.stallTimeout == 60 && draft.lifetime == .seconds(7 * 86_400))
        #expect(draft.policy.rateLimit == nil && draft.policy.partSize == nil && draft.policy.priority == 0.5)
        options.lifetime = .infinity
        #expect(self.draft(options, read).lifetime == .seconds(100 * 365 * 86_400))
    }

    private func draft(_ options: TransferOptions, _ read: SessionDefaults, _ request: URLRequest? = nil)
        -> TransferIntentDraft
    {
        let request = request ?? URLRequest(url: URL(fileURLWithPath: "/"))
        let state = TransferTaskState("a", request)
        return read.draft("a", .download(), method: "GET", request, options, state)
    }

    @Test("the nearest word counts: options before the request, the request before the configuration")
    func nearest() throws {
        let configuration = URLSessionConfiguration.background(withIdentifier: "films")
        configuration.httpAdditionalHeaders = ["X-A": "1", "X-B": "2"]
        configuration.timeoutIntervalForRequest = 20
        configuration.allowsExpensiveNetworkAccess = false
        let read = SessionDefaults(configuration)
        var request = URLRequest(url: try #require(URL(string: "http://example.org/")))
        request.setValue("9", forHTTPHeaderField: "x-b")
        #expect(draft(.default, read, request).fields.values("X-B") == ["9"])
        #expect(draft(.default, read, request).fields["X-A"] == "1")
        #expect(draft(.default, read, request).policy.stallTimeout == 20)
        request.timeoutInterval = 30
        #expect(draft(.default, read, request).policy.stallTimeout == 30)
        let options = TransferOptions {
            $0.stallTimeout = 40
            $0.allowsExpensiveNetworkAccess = true
        }
        #expect(draft(options, read, request).policy.stallTimeout == 40)
        #expect(draft(options, read, request).policy.allowsExpensiveNetwork)
        request.allowsCellularAccess = false
        #expect(!draft(options, read, request).policy.allowsCellular)
    }

    @Test("what was set on a task while it was prepared goes with the transfer")
    func prepared() throws {
        let request = URLRequest(url: try #require(URL(string: "http://example.org/")))
        let state = TransferTaskState("a", request)
        let task: URLSessionTask = TransferUploadTask(state)
        BackgroundTaskConfiguration.taskDescriptionCoder.prepareTask(task, request, "a")
        task.priority = 0.9
        #expect(task.state == .suspended && task.originalRequest == request && task.currentRequest == request)
        #expect(task.response == nil && task.error == nil && task.countOfBytesSent == 0)
        let read = SessionDefaults(.background(withIdentifier: "films"))
        let draft = read.draft("a", .upload(["/a"]), method: "PUT", request, .default, state)
        #expect(draft.taskDescription == "a" && draft.policy.priority == 0.9)
    }
}
