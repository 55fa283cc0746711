// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Foundation
import SchedulingCore
import SchedulingRuntime

/// A wish in the product's words.
extension World {
    func request(_ wish: Wish) -> BGTaskRequest {
        let number = Int(wish.identifier.dropFirst()) ?? 0
        let request: BGTaskRequest
        if number % 3 == 0 {
            request = BGAppRefreshTaskRequest(identifier: wish.identifier)
        } else {
            let processing = BGProcessingTaskRequest(identifier: wish.identifier)
            processing.requiresExternalPower = number % 3 == 1 && number % 2 == 0
            processing.requiresNetworkConnectivity = number % 3 == 2
            request = processing
        }
        request.earliestBeginDate = wish.date.map { Date(timeIntervalSince1970: Double($0) / 1_000_000) }
        request.conflict = [.replace: .replace, .keep: .keep, .fail: .fail][wish.conflict] ?? .replace
        if wish.isPlain { return request }
        do {
            request.schedule = try wish.taskSchedule
            // By this the ledger knows it again.
            try request.setInput(wish.number)
        } catch {
            broke("+", "\(wish) cannot be said: \(error)")
        }
        request.jitter = .microseconds(wish.jitter)
        request.startDeadline = wish.deadline.map { .microseconds($0) }
        request.follows = wish.follows
        switch wish.missed {
        case .once: break
        case .all(let most): request.missedRuns = .runAll(max: Int(most))
        case .skip(let age): request.missedRuns = .skip(olderThan: .microseconds(age))
        }
        switch wish.overlap {
        case .queue: break
        case .skip: request.overlap = .skip
        case .replace: request.overlap = .replace
        }
        guard let retry = wish.retry else { return request }
        let make = retry.isLinear ? RetryPolicy.linear : RetryPolicy.exponential
        request.retry = make(
            .microseconds(retry.delay), .microseconds(retry.maximum), Int(retry.attempts), retry.isJittered ? 0.1 : 0)
        return request
    }
}

extension Wish {
    fileprivate var taskSchedule: TaskSchedule? {
        get throws {
            switch schedule {
            case nil: return nil
            case .every(let interval): return .every(.microseconds(interval), flex: .microseconds(flex))
            case .after(let delay): return .after(.microseconds(delay), flex: .microseconds(flex))
            case .calendar(let calendar, let zone):
                return .calendar(
                    try calendar.calendarSchedule, timeZone: zone.map { ReferenceZone.all[$0].name },
                    flex: .microseconds(flex))
            }
        }
    }
}

extension ReferenceCalendar {
    fileprivate var calendarSchedule: CalendarSchedule {
        get throws {
            if isHourly { return try .hourly(atMinutes: Int(times[0] / 60)) }
            let times = try times.map { try TimeOfDay(Int($0 / 3600), Int($0 / 60 % 60), Int($0 % 60)) }
            switch days {
            case .all: return try .daily(at: times)
            case .weekdays(let days):
                return try .weekly(on: days.sorted().compactMap { Weekday(rawValue: Int($0)) }, at: times)
            case .endsOfMonths: return try .monthly(on: [.last], at: times)
            }
        }
    }
}
