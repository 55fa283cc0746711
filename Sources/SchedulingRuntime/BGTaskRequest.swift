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

    package init(identifier: String, earliestBeginDate: Date? = nil) {
        name = identifier
        self.earliestBeginDate = earliestBeginDate
    }

    /// A request with the same values.
    open func copy(with zone: NSZone? = nil) -> Any {
        BGTaskRequest(identifier: identifier, earliestBeginDate: earliestBeginDate)
    }

    /// The type, the identifier and the date.
    open override var description: String {
        "<\(type(of: self)): \(identifier), earliestBeginDate: \(earliestBeginDate.map { "\($0)" } ?? "none")>"
    }

    package var kind: TaskKind? { nil }
    package var requirements: Requirement { [] }
}

/// A request for a short run that refreshes content.
open class BGAppRefreshTaskRequest: BGTaskRequest {
    /// A request for the task of this identifier, without an earliest date.
    public init(identifier: String) { super.init(identifier: identifier) }

    /// A request with the same values.
    open override func copy(with zone: NSZone? = nil) -> Any {
        let copy = BGAppRefreshTaskRequest(identifier: identifier)
        copy.earliestBeginDate = earliestBeginDate
        return copy
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
        copy.earliestBeginDate = earliestBeginDate
        copy.requiresNetworkConnectivity = requiresNetworkConnectivity
        copy.requiresExternalPower = requiresExternalPower
        return copy
    }

    package override var kind: TaskKind? { .processing }
    package override var requirements: Requirement {
        var requirements: Requirement = []
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
        copy.earliestBeginDate = earliestBeginDate
        copy.requiresNetworkConnectivity = requiresNetworkConnectivity
        copy.requiresExternalPower = requiresExternalPower
        copy.protectionTypeOfRequiredData = protectionTypeOfRequiredData
        return copy
    }

    package override var kind: TaskKind? { .health }
}
