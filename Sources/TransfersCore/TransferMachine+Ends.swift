// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

internal import BackgroundSurroundings

extension TransferMachine {
    mutating func informed(_ head: ResponseHead, _ now: WallTime, _ effects: inout [TransferEffect]) {
        guard case .exchanging(let hop) = phase, hop.count == 0, removal == nil else { return }
        if !course.informed(head, now: now), stop == nil { effects.append(.cancelExchange) }
        // The upload's URL, before more bytes of it go; how far it came can be asked again.
        let known = lastPersisted?.position
        var position = TransferPosition()
        course.save(into: &position)
        persist(durably: position.bytes != known, &effects)
    }

    mutating func headed(_ head: ResponseHead, _ now: WallTime, _ effects: inout [TransferEffect]) {
        guard case .exchanging = phase, removal == nil else { return }
        let known = course.total
        course.headed(head, now: now)
        persist(durably: false, &effects)
        if case .download = intent.work, let total = course.total, total != known, total > 0 {
            effects.append(.reserve(total: total))
        }
    }

    mutating func ended(
        _ end: ExchangeEnd, _ now: WallTime, _ effects: inout [TransferEffect],
        _ random: inout some RandomNumberGenerator
    ) {
        guard case .exchanging(let hop) = phase else { return }
        phase = .resting
        if removal != nil { return removed(end, now, &effects) }
        tellQueue(hop, end, now, &effects)
        var end = end
        if let stop {
            if case .upload = intent.work, end.head != nil, end.failure?.kind == .cancelled {
                // We hung up in the middle of an answer, but the server has said what it had to say.
                end.failure = nil
                end.bodyWasCut = true
            }
            if stop == .cancel, end.head != nil, end.failure == nil, hop.count == 0 {
                // The answer that came too late may name what was begun at the server, or say that it is complete.
                switch course.judge(end, now: now) {
                case .succeed, .reject: return endWithoutRemoval(TransferResult(.cancelled, ended: now), now, &effects)
                case .goOn, .again, .fail: break
                }
            }
            if stop == .cancel || end.failure != nil || end.head == nil {
                // Where it stands is known by what was made durable, or will be asked.
                persist(durably: false, &effects)
                return obey(stop, now, &effects)
            }
        }
        if hop.isAuthorized, refreshes < 2, let status = end.head?.status,
            status == 401 || (status == 403 && hop.request.isPresigned)
        {
            refreshes += 1
            return goOn(now, &effects)
        }
        if hop.isAuthorized { refreshes = 0 }
        do {
            if let next = try redirected(hop, by: end) {
                if next.isPermanent, hop.request.method == "GET" { course.moved(to: next.request.url) }
                if let stop { return obey(stop, now, &effects) }
                return begin(next, now, &effects)
            }
        } catch {
            return fail(error, Answer(head: end.head, body: end.body), now, &effects)
        }
        if hop.isBodiless {
            var whole = end
            whole.sent = hop.sent
            return judge(whole, now, &effects, &random)
        }
        if hop.request.carriesSource {
            phase = .recheckingSource(hop, end)
            return effects.append(.checkSource)
        }
        judge(end, now, &effects, &random)
    }

    mutating func source(
        _ judgement: SourceJudgement, _ now: WallTime, _ effects: inout [TransferEffect],
        _ random: inout some RandomNumberGenerator
    ) {
        let end: ExchangeEnd?
        switch phase {
        case .checkingSource: end = nil
        case .recheckingSource(_, let exchange): end = exchange
        default: return
        }
        phase = .resting
        let answer = Answer(head: end?.head, body: end?.body ?? [])
        switch judgement {
        case .same:
            if let end { judge(end, now, &effects, &random) } else { goOn(now, &effects) }
        case .missing where end != nil:
            // It was read to its end through an open file; what has no name any more cannot be sent again, though.
            if let end { judge(end, now, &effects, &random) }
        case .changed:
            fail(
                failure(.sourceChanged, "the file is another than was to be sent", "Begin it again."), answer, now,
                &effects)
        case .missing: fail(failure(.sourceMissing, "the file is gone", "Begin it again."), answer, now, &effects)
        case .unreadable(let number):
            let cause = "the file cannot be read (errno \(number))"
            fail(failure(.sourceUnreadable, cause, "Check its permissions."), answer, now, &effects)
        }
    }

    mutating func sinkFailed(
        _ failure: TransferFailure, _ now: WallTime, _ effects: inout [TransferEffect],
        _ random: inout some RandomNumberGenerator
    ) {
        switch phase {
        case .preparingSink, .verifying, .placing:
            if stop == .cancel { return cancelNow(now, &effects) }
            act(on: unwritable(failure, Answer()), now, &effects, &random)
        case .exchanging:
            // The reservation failed: the disk is too small for what comes.
            localFailure = failure
            if stop == nil { effects.append(.cancelExchange) }
        case .resting, .checkingSource, .recheckingSource, .authorizing, .digesting, .removing, .ended: break
        }
    }

    /// Room may be made on a disk that is full; the rest stays as it is.
    private func unwritable(_ failure: TransferFailure, _ answer: Answer) -> CourseVerdict {
        guard failure.code == .diskFull else { return .fail(failure, answer) }
        return .again(Setback(kind: .storage, failure: failure, answer: answer))
    }

    private mutating func judge(
        _ end: ExchangeEnd, _ now: WallTime, _ effects: inout [TransferEffect],
        _ random: inout some RandomNumberGenerator
    ) {
        if let failure = localFailure {
            localFailure = nil
            // Unless all of it found its room meanwhile.
            if end.failure != nil {
                return act(on: unwritable(failure, Answer(head: end.head)), now, &effects, &random)
            }
        }
        act(on: course.judge(end, now: now), now, &effects, &random)
    }

    mutating func act(
        on verdict: CourseVerdict, _ now: WallTime, _ effects: inout [TransferEffect],
        _ random: inout some RandomNumberGenerator
    ) {
        phase = .resting
        switch verdict {
        case .goOn: goOn(now, &effects)
        case .again(let setback): again(setback, now, &effects, &random)
        case .succeed(let answer): finish(.succeeded, answer, now, &effects)
        case .reject(let answer): finish(.rejected, answer, now, &effects)
        case .fail(let failure, let answer): fail(failure, answer, now, &effects)
        }
    }

    private mutating func again(
        _ setback: Setback, _ now: WallTime, _ effects: inout [TransferEffect],
        _ random: inout some RandomNumberGenerator
    ) {
        if let stop { return obey(stop, now, &effects) }
        persist(durably: false, &effects)
        if setback.kind == .network, networkIsThere == false {
            guard intent.policy.waitsForConnectivity else {
                return fail(
                    failure(.noNetwork, "there is no network", "Allow it to wait for one."), Answer(), now, &effects)
            }
            // Whoever watches the network may be wrong, so it is looked at again by itself.
            return rest(.waiting(until: now.advanced(by: .seconds(300)), reason: .network), &effects)
        }
        if setback.kind == .storage, intent.policy.retry.attemptsAllowed > 1 {
            // Nobody tells when there is room: it is looked for, by and by less often, and asks no server for anything.
            let until = now.advanced(by: .seconds(min(15 << min(shortages, 6), 900)))
            shortages += 1
            return rest(.waiting(until: until, reason: .storage), &effects)
        }
        checkpoint.attempts = min(checkpoint.attempts, .max - 1) + 1
        let retry = intent.policy.retry
        guard checkpoint.attempts < retry.attemptsAllowed else {
            var last = setback.failure
            if setback.kind == .server { last.code = .tooManyAttempts }
            if checkpoint.attempts > 1 { last.cause += ", \(checkpoint.attempts) times in a row" }
            return fail(last, setback.answer, now, &effects)
        }
        var seconds = retry.delay(attempts: checkpoint.attempts, random: &random)
        var reason = WaitReason.retry
        if let asked = RetryAfter.seconds(
            setback.answer.head?.fields["Retry-After"], now: now, longest: retry.longestHeeded)
        {
            // What a server names is a floor; the jitter on top keeps those apart who heard the same.
            seconds += asked
            reason = .serverBusy
        }
        let until = now.advanced(by: .microseconds(Int64(min(seconds, 1e9) * 1_000_000)))
        if until >= intent.deadline {
            var failure = deadlinePassed
            failure.cause = "the next attempt would be after its deadline; the last: \(setback.failure.cause)"
            return fail(failure, setback.answer, now, &effects)
        }
        rest(.waiting(until: until, reason: reason), &effects)
    }

    private func tellQueue(_ hop: Hop, _ end: ExchangeEnd, _ now: WallTime, _ effects: inout [TransferEffect]) {
        guard let host = (try? HTTPAddress(hop.request.url))?.authority else { return }
        if let head = end.head {
            let isBusy = [429, 503].contains(head.status)
            let asked = RetryAfter.seconds(
                head.fields["Retry-After"], now: now, longest: intent.policy.retry.longestHeeded)
            if isBusy, let asked, asked > 0 {
                let until = now.advanced(by: .microseconds(Int64(min(asked, 1e9) * 1_000_000)))
                effects.append(.note(host: host, .busy(until: until)))
            } else {
                effects.append(.note(host: host, head.status >= 500 || head.status == 429 ? .failed : .answered))
            }
        } else if let failure = end.failure, failure.kind.isPassing, networkIsThere != false {
            effects.append(.note(host: host, .failed))
        }
    }
}

// MARK: - The end

extension TransferMachine {
    mutating func fail(
        _ failure: TransferFailure, _ answer: Answer, _ now: WallTime, _ effects: inout [TransferEffect]
    ) {
        finish(.failed(failure), answer, now, &effects)
    }

    mutating func cancelNow(_ now: WallTime, _ effects: inout [TransferEffect]) {
        finish(.cancelled, Answer(), now, &effects)
    }

    mutating func finish(
        _ outcome: TransferResult.Outcome, _ answer: Answer, _ now: WallTime, _ effects: inout [TransferEffect]
    ) {
        if removal != nil { return finishRemoval(&effects) }
        stop = nil
        var result = TransferResult(outcome, head: answer.head, ended: now)
        result.body = Array(answer.body.prefix(AnswerPlan.keptBody))
        if case .download(let target) = intent.work, outcome == .succeeded {
            result.file = target.destination ?? target.partial
        }
        removal = Removal(result: result, ends: now.advanced(by: .seconds(30)))
        guard outcome.leavesSomething, networkIsThere != false, course.abandonment() != nil else {
            return finishRemoval(&effects)
        }
        if outcome == .cancelled { persist(durably: true, &effects) }
        askForRemoval(now, &effects)
    }

    private mutating func endWithoutRemoval(
        _ result: TransferResult, _ now: WallTime, _ effects: inout [TransferEffect]
    ) {
        removal = Removal(result: result, ends: now)
        finishRemoval(&effects)
    }

    mutating func finishRemoval(_ effects: inout [TransferEffect]) {
        guard let removal else { return }
        checkpoint.state = .ended
        phase = .ended
        effects.append(.finish(removal.result))
        effects.append(.removeLeftovers)
    }
}
