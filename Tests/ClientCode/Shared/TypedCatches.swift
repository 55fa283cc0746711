// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundTasks

// The ways in which apps look at what `submit` throws.

enum SubmissionProblem {
    case disabled
    case tooMany
    case misconfigured
    case busy
    case other
}

func submitWithCatchOfEachCode(_ request: BGTaskRequest) -> SubmissionProblem? {
    do {
        try BGTaskScheduler.shared.submit(request)
        return nil
    } catch BGTaskScheduler.Error.notPermitted {
        return .misconfigured
    } catch BGTaskScheduler.Error.tooManyPendingTaskRequests {
        return .tooMany
    } catch BGTaskScheduler.Error.unavailable {
        return .disabled
    } catch BGTaskScheduler.Error.immediateRunIneligible {
        return .busy
    } catch {
        return .other
    }
}

func submitWithSwitchOnCode(_ request: BGTaskRequest) -> SubmissionProblem? {
    do {
        try BGTaskScheduler.shared.submit(request)
        return nil
    } catch let error as BGTaskScheduler.Error {
        switch error.code {
        case .unavailable: return .disabled
        case .tooManyPendingTaskRequests: return .tooMany
        case .notPermitted: return .misconfigured
        case .immediateRunIneligible: return .busy
        @unknown default: return .other
        }
    } catch {
        return .other
    }
}

func submitWithNSError(_ request: BGTaskRequest) -> SubmissionProblem? {
    do {
        try BGTaskScheduler.shared.submit(request)
    } catch let error as NSError where error.domain == BGTaskScheduler.errorDomain && error.code == 3 {
        return .misconfigured
    } catch {
        let nsError = error as NSError
        print(nsError.domain, nsError.code, nsError.userInfo, nsError.localizedDescription)
        guard nsError.domain == BGTaskScheduler.Error.errorDomain,
            let code = BGTaskScheduler.Error.Code(rawValue: nsError.code)
        else { return .other }
        switch code {
        case .unavailable: return .disabled
        default: return .other
        }
    }
    return nil
}

func submitWithRawValues(_ request: BGTaskRequest) -> SubmissionProblem? {
    do {
        try BGTaskScheduler.shared.submit(request)
    } catch let error {
        let errorCode = (error as NSError).code
        switch errorCode {
        case BGTaskScheduler.Error.Code.notPermitted.rawValue: return .misconfigured
        case BGTaskScheduler.Error.Code.tooManyPendingTaskRequests.rawValue: return .tooMany
        default: return .other
        }
    }
    return nil
}

func describe(_ error: any Error) -> String {
    if case BGTaskScheduler.Error.unavailable = error { return "unavailable" }
    if (error as? BGTaskScheduler.Error)?.code == .notPermitted { return "not permitted" }
    guard let error = error as? BGTaskScheduler.Error else { return "something else" }
    switch error {
    case BGTaskScheduler.Error.tooManyPendingTaskRequests: return "too many"
    default: return "\(error.errorCode) \(error.errorUserInfo) \(error.userInfo) \(error.localizedDescription)"
    }
}

func sameErrors() -> Bool {
    let first = BGTaskScheduler.Error(.unavailable)
    let second = BGTaskScheduler.Error(.unavailable, userInfo: [NSLocalizedDescriptionKey: "No."])
    let codes: Set<BGTaskScheduler.Error.Code> = [
        first.code, second.code, BGTaskScheduler.Error.immediateRunIneligible,
    ]
    return first == second || first.hashValue == second.hashValue || codes.count == 1
}
