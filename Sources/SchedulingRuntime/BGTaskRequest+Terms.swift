// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSurroundings
import Foundation
import SchedulingCore
import SchedulingStore

extension BGTaskRequest {
    /// What this request says beyond Apple's, as the core and the store have it.
    var terms: RequestTerms {
        RequestTerms(
            schedule: schedule, missedRuns: missedRuns == .runOnce ? nil : missedRuns,
            startDeadline: startDeadline?.clampedMicroseconds,
            jitter: jitter == .zero ? nil : jitter.clampedMicroseconds,
            retry: retry == .never ? nil : retry, overlap: overlap == .queue ? nil : overlap,
            tags: tags.isEmpty ? nil : tags.sorted())
    }

    /// Throws what of this cannot be meant.
    func validateTerms() throws(SchedulingFailure) {
        func refuse(_ cause: String, _ remedy: String) -> SchedulingFailure {
            SchedulingFailure(
                .invalidArgument, doing: "submit a request for", subject: identifier, cause: cause, remedy: remedy)
        }
        try terms.validate()
        if kind == .continued {
            throw refuse(
                "a continued task runs once, in this process: it has no schedule, input, tags or policies",
                "Submit a processing request.")
        }
        if let follows {
            try TaskIdentifier.validate(follows)
            guard follows != identifier else { throw refuse("it is to run after itself", "Name another task.") }
            guard schedule == nil else {
                throw refuse("it has a schedule and follows another task", "Take one of them away.")
            }
        }
        if let inputData, inputData.count > RequestTerms.largestInput {
            throw refuse(
                "its input has \(inputData.count) bytes of JSON, and \(RequestTerms.largestInput) is the limit",
                "Keep the data in a file, and put its path into the input.")
        }
    }

    /// Takes over what every request has, and returns itself.
    func copying(_ other: BGTaskRequest) -> Self {
        earliestBeginDate = other.earliestBeginDate
        requirements = other.requirements
        schedule = other.schedule
        missedRuns = other.missedRuns
        startDeadline = other.startDeadline
        jitter = other.jitter
        retry = other.retry
        overlap = other.overlap
        conflict = other.conflict
        tags = other.tags
        follows = other.follows
        inputData = other.inputData
        return self
    }

    /// The request as it was submitted, from what the store kept.
    static func make(_ pending: PendingRequest) -> BGTaskRequest {
        let request: BGTaskRequest
        switch pending.kind {
        case .continued:  // not in the store
            request = BGContinuedProcessingTaskRequest(identifier: pending.identifier, title: "", subtitle: "")
        case .refresh: request = BGAppRefreshTaskRequest(identifier: pending.identifier)
        case .processing, .transfers:  // the latter are not shown
            request = BGProcessingTaskRequest(identifier: pending.identifier)
        case .health: request = BGHealthResearchTaskRequest(identifier: pending.identifier)
        }
        request.requirements = pending.requirements
        if let processing = request as? BGProcessingTaskRequest {
            request.requirements.subtract([.network, .externalPower])
            processing.requiresNetworkConnectivity = pending.requirements.contains(.network)
            processing.requiresExternalPower = pending.requirements.contains(.externalPower)
        }
        request.earliestBeginDate = pending.hasEarliest ? Date(pending.instant) : nil
        let terms = pending.terms
        request.schedule = terms.schedule
        request.missedRuns = terms.missedRuns ?? .runOnce
        request.startDeadline = terms.startDeadline.map { .microseconds($0) }
        request.jitter = .microseconds(terms.jitter ?? 0)
        request.retry = terms.retry ?? .never
        request.overlap = terms.overlap ?? .queue
        request.tags = Set(terms.tags ?? [])
        request.follows = pending.follows
        request.inputData = pending.input.map { Data($0) }
        return request
    }
}
