// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSurroundings
import Foundation
import SchedulingCore

/// A request for one run of a task; use one of its subclasses.
open class BGTaskRequest: NSObject, NSCopying {
    /// The task that is asked for.
    open var identifier: String { name }
    private let name: String

    /// Not before this date; nil: as soon as possible. A floor, never a promise. A date in the past counts as now, one that
    /// is no number or after the year 9999 is refused by `submit`.
    open var earliestBeginDate: Date?

    /// What the run needs of the world, beyond what the properties of Apple's names say. Default: nothing.
    public var requirements: Requirement = []
    /// When it recurs; nil: it runs once. The earliest begin date is when the schedule begins.
    public var schedule: TaskSchedule?
    /// What happens to runs of the schedule that nothing could start in time. Default: one late run stands for all.
    public var missedRuns: MissedRunPolicy = .runOnce
    /// How long after its instant a run may start at the latest; later it is skipped, and history says so. Nil: no limit.
    public var startDeadline: Duration?
    /// The time over which the hosts of a fleet spread: each runs the task later than its instant by a part of this that is
    /// its own and stays the same. At most a day, and with the flex no more than the interval of `every`. Default: zero.
    public var jitter: Duration = .zero
    /// What happens after a run that failed or used up its time. Default: nothing, as on Apple's systems.
    public var retry: RetryPolicy = .never
    /// What happens when a run is due while an earlier one of the same task goes on. Default: it waits.
    public var overlap: OverlapPolicy = .queue
    /// What happens when a request of the same identifier is pending already. Default: it is replaced.
    public var conflict: ConflictPolicy = .replace
    /// Words by which `cancelAllTaskRequests(withTag:)` finds it. At most 32.
    public var tags: Set<String> = []
    /// The identifier of a task that has to succeed first. It has to be pending or running when this one is submitted, or be
    /// submitted in the same call; if it fails for good, this one is skipped. Nil: none.
    public var follows: String?
    /// What `setInput(_:)` made.
    package var inputData: Data?

    /// Gives the run a value, kept in the store with the request: at most 64 KiB of JSON. Never a secret.
    ///
    /// Throws `EncodingError`; an input that is too large is refused by `submit`.
    public func setInput(_ input: some Encodable) throws { inputData = try JSONEncoder().encode(input) }

    /// What this request was given with `setInput(_:)`. Throws `DecodingError`.
    public func input<Input: Decodable>(as type: Input.Type) throws -> Input? {
        try inputData.map { try JSONDecoder().decode(type, from: $0) }
    }

    package init(identifier: String, earliestBeginDate: Date? = nil) {
        name = identifier
        self.earliestBeginDate = earliestBeginDate
    }

    /// A request with the same values.
    open func copy(with zone: NSZone? = nil) -> Any {
        BGTaskRequest(identifier: identifier, earliestBeginDate: earliestBeginDate).copying(self)
    }

    /// The type, the identifier and the date.
    open override var description: String {
        "<\(type(of: self)): \(identifier), earliestBeginDate: \(earliestBeginDate.map { "\($0)" } ?? "none")>"
    }

    package var kind: TaskKind? { nil }
    /// With what the properties of Apple's names say.
    package var allRequirements: Requirement { requirements }
}

/// A request for a short run that refreshes content.
open class BGAppRefreshTaskRequest: BGTaskRequest {
    /// A request for the task of this identifier, without an earliest date.
    public init(identifier: String) { super.init(identifier: identifier) }

    /// A request with the same values.
    open override func copy(with zone: NSZone? = nil) -> Any {
        let copy = BGAppRefreshTaskRequest(identifier: identifier)
        return copy.copying(self)
    }

    package override var kind: TaskKind? { .refresh }
}

/// A request for a longer run that can wait for power and network.
open class BGProcessingTaskRequest: BGTaskRequest {
    /// Whether the run needs a network. Default: false.
    open var requiresNetworkConnectivity = false
    /// Whether the run needs external power. Default: false.
    open var requiresExternalPower = false

    /// A request for the task of this identifier, without an earliest date and conditions.
    public init(identifier: String) { super.init(identifier: identifier) }

    /// A request with the same values.
    open override func copy(with zone: NSZone? = nil) -> Any {
        let copy = BGProcessingTaskRequest(identifier: identifier)
        copy.requiresNetworkConnectivity = requiresNetworkConnectivity
        copy.requiresExternalPower = requiresExternalPower
        return copy.copying(self)
    }

    package override var kind: TaskKind? { .processing }
    package override var allRequirements: Requirement {
        var requirements = requirements
        if requiresNetworkConnectivity { requirements.insert(.network) }
        if requiresExternalPower { requirements.insert(.externalPower) }
        return requirements
    }
}

/// A request for a processing task of a health study.
///
/// On Apple's systems such a task needs an entitlement and may read protected files. On Linux it is a processing task whose
/// run is a `BGHealthResearchTask`; limits and budgets count it as one.
open class BGHealthResearchTaskRequest: BGProcessingTaskRequest {
    /// The protection of the files that the run reads. Linux has no such protection: it is copied by `copy()`, and neither
    /// judged nor kept in the store. Default: `NSFileProtectionCompleteUntilFirstUserAuthentication`.
    open var protectionTypeOfRequiredData = NSString(
        string: FileProtectionType.completeUntilFirstUserAuthentication.rawValue)

    /// A request with the same values.
    open override func copy(with zone: NSZone? = nil) -> Any {
        let copy = BGHealthResearchTaskRequest(identifier: identifier)
        copy.requiresNetworkConnectivity = requiresNetworkConnectivity
        copy.requiresExternalPower = requiresExternalPower
        copy.protectionTypeOfRequiredData = protectionTypeOfRequiredData
        return copy.copying(self)
    }

    package override var kind: TaskKind? { .health }
}
