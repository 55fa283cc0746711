// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

internal import BackgroundSurroundings

/// One request on its way, over redirects.
struct Hop: Sendable, Equatable {
    var request: CourseRequest
    /// Redirects so far.
    var count = 0
    /// A redirect led to another origin: nothing that proves who we are goes along any more.
    var isForeign = false
    /// A redirect turned it into a GET: nothing that describes a body goes along.
    var isBodiless = false
    /// How much of the body went before it was turned into a GET.
    var sent: Int64 = 0
    /// Every redirect so far was for good.
    var isPermanent = true
    /// What the hook gave for it.
    var granted = HeaderFields()
    /// The hook was asked.
    var isAuthorized = false
    var ticket = 0
}

extension TransferMachine {
    /// The next step of the course.
    mutating func goOn(_ now: WallTime, _ effects: inout [TransferEffect]) {
        if let stop { return obey(stop, now, &effects) }
        switch course.next(now: now) {
        case .exchange(let request): begin(Hop(request: request), now, &effects)
        case .prepareSink(let length, let total, let room):
            persist(durably: true, &effects)
            phase = .preparingSink
            effects.append(.prepareSink(length: length, total: total, room: room))
        case .verify(let length, let digests):
            phase = .verifying
            effects.append(.verify(length: length, digests: digests))
        case .place(let length):
            persist(durably: true, &effects)
            phase = .placing
            effects.append(.place(length: length))
        case .done(let answer): finish(.succeeded, answer, now, &effects)
        case .fail(let failure): fail(failure, Answer(), now, &effects)
        }
    }

    mutating func begin(_ hop: Hop, _ now: WallTime, _ effects: inout [TransferEffect]) {
        var hop = hop
        exchangesWithoutProgress += 1
        if exchangesWithoutProgress > Self.exchangesAllowedWithoutProgress, removal == nil {
            let cause = "the server leads in circles: \(exchangesWithoutProgress - 1) exchanges brought nothing"
            return fail(failure(.tooManyAttempts, cause, "Check the server."), Answer(), now, &effects)
        }
        if let digest = hop.request.digest {
            tickets += 1
            hop.ticket = tickets
            phase = .digesting(hop)
            return effects.append(.digest(ticket: tickets, digest.algorithm, digest.range))
        }
        authorize(hop, now, &effects)
    }

    mutating func digested(
        _ ticket: Int, _ result: Result<[UInt8], TransferFailure>, _ now: WallTime, _ effects: inout [TransferEffect]
    ) {
        guard case .digesting(var hop) = phase, hop.ticket == ticket else { return }
        switch result {
        case .success(let bytes):
            hop.request.digest?.say(bytes, in: &hop.request.fields)
            // A redirect carries the same bytes, so what is said of them stays.
            hop.request.digest = nil
            authorize(hop, now, &effects)
        case .failure(let failure): fail(failure, Answer(), now, &effects)
        }
    }

    private mutating func authorize(_ hop: Hop, _ now: WallTime, _ effects: inout [TransferEffect]) {
        var hop = hop
        guard intent.authorizer != nil, !hop.isForeign, !hop.isAuthorized else { return perform(hop, now, &effects) }
        tickets += 1
        hop.ticket = tickets
        phase = .authorizing(hop)
        effects.append(
            .authorize(
                AuthorizationRequest(
                    ticket: tickets, purpose: hop.request.purpose, method: hop.request.method, url: hop.request.url,
                    isRefresh: refreshes > 0)))
    }

    mutating func authorized(
        _ ticket: Int, _ fields: HeaderFields, _ url: String?, _ now: WallTime, _ effects: inout [TransferEffect],
        _ random: inout some RandomNumberGenerator
    ) {
        guard case .authorizing(var hop) = phase, hop.ticket == ticket else { return }
        if let flaw = fields.all.first(where: { !$0.isWellFormed }) {
            return fail(.badField(flaw.name, subject: intent.identifier), Answer(), now, &effects)
        }
        hop.granted = fields
        hop.isAuthorized = true
        if let url {
            do {
                hop.request.url = try HTTPAddress(url).text
            } catch {
                return fail(error.failure(subject: "the URL of the hook"), Answer(), now, &effects)
            }
        } else if hop.request.isPresigned, removal == nil, let verdict = course.declined(hop.request.purpose) {
            return act(on: verdict, now, &effects, &random)
        } else if hop.request.isPresigned {
            let cause = "the hook gave no presigned URL for \(hop.request.purpose)"
            return fail(
                failure(.authorization, cause, "Give one for each purpose of S3."), Answer(), now, &effects)
        }
        perform(hop, now, &effects)
    }

    mutating func unauthorized(
        _ ticket: Int, _ cause: String?, _ now: WallTime, _ effects: inout [TransferEffect],
        _ random: inout some RandomNumberGenerator
    ) {
        guard case .authorizing(let hop) = phase, hop.ticket == ticket else { return }
        if removal != nil { return finishRemoval(&effects) }
        guard let cause else { return rest(.waiting(until: .distantFuture, reason: .authorizer), &effects) }
        let failure = failure(.authorization, "the hook failed: \(cause)", "See to what the hook needs.")
        act(on: .again(Setback(kind: .authorization, failure: failure)), now, &effects, &random)
    }

    mutating func perform(_ hop: Hop, _ now: WallTime, _ effects: inout [TransferEffect]) {
        if hop.request.isPresigned, !hop.isAuthorized {
            return fail(
                failure(.authorization, "presigned URLs need a hook", "Name one in the request."), Answer(), now,
                &effects)
        }
        persist(durably: true, &effects)
        phase = .exchanging(hop)
        effects.append(.perform(exchange(hop), hop.request.plan))
    }

    private func exchange(_ hop: Hop) -> Exchange {
        let request = hop.request
        var fields = HeaderFields()
        if !request.isPresigned {
            let isAtHome =
                !hop.isForeign && (request.url == intent.url || Self.isSameOrigin(request.url, intent.url))
            let leavesBody = hop.isBodiless || request.leavesBodyFields
            for field in intent.fields.all
            where !field.isConnections && (isAtHome || !field.isSecret) && !(leavesBody && field.isOfBody)
                && request.fields[field.name] == nil && hop.granted[field.name] == nil
            {
                fields.append(field.name, field.value)
            }
        }
        for field in request.fields.all where !(hop.isBodiless && field.isOfBody) && hop.granted[field.name] == nil {
            fields.append(field.name, field.value)
        }
        for field in hop.granted.all where !hop.isForeign && !field.isConnections {
            fields.append(field.name, field.value)
        }
        var exchange = Exchange(
            request.method, request.url, fields: fields, body: request.body, expectsContinue: request.expectsContinue,
            durability: request.durability)
        let stall = intent.policy.stallTimeout
        exchange.limits.stall = stall.isFinite && stall >= 1 ? Int(min(stall, 86_400)) : 60
        exchange.limits.sendRate = intent.policy.rateLimit
        exchange.limits.receiveRate = intent.policy.rateLimit
        if removal != nil {
            // Nobody waits long for a courtesy.
            exchange.limits.stall = min(exchange.limits.stall, 10)
            exchange.limits.connect = 10
        }
        exchange.trust = intent.policy.trust
        return exchange
    }

    /// The hop that follows a redirect; nil if the answer is no redirect that is followed.
    func redirected(_ hop: Hop, by end: ExchangeEnd) throws(TransferFailure) -> Hop? {
        guard let head = end.head, [301, 302, 303, 307, 308].contains(head.status), intent.policy.redirects.maximum > 0,
            let location = head.fields["Location"]
        else { return nil }
        guard hop.count < intent.policy.redirects.maximum else {
            throw failure(.tooManyRedirects, "more than \(hop.count) redirects", "Check the server.")
        }
        let from: HTTPAddress
        let to: HTTPAddress
        do {
            from = try HTTPAddress(hop.request.url)
            to = try from.resolving(location)
        } catch {
            let cause = "the redirect leads nowhere: \(error.failure(subject: "").cause)"
            throw failure(.redirectRefused, cause, "Check the server.")
        }
        if from.isSecure, !to.isSecure {
            throw failure(.redirectRefused, "the redirect leads from https to http", "Use the new URL yourself.")
        }
        let isForeign = from.origin != to.origin
        if isForeign, intent.policy.redirects.sameOriginOnly {
            throw failure(.redirectRefused, "the redirect leads to \(to.origin)", "Allow other origins.")
        }
        var next = hop
        next.count += 1
        next.isForeign = hop.isForeign || isForeign
        next.isPermanent = hop.isPermanent && (head.status == 301 || head.status == 308)
        next.request.url = to.text
        // A form's answer: the body arrived, and the result is elsewhere (RFC 9110, sections 15.4.3 and 15.4.4). If a POST
        // was answered before its body was read, nothing arrived, and the whole goes to the new place.
        let isPosted =
            hop.request.method == "POST" && (301...302).contains(head.status)
            && !hop.request.body.isEmpty && end.sent >= hop.request.body.reduce(0) { $0 + $1.count }
        if head.status == 303 ? !["GET", "HEAD"].contains(hop.request.method) : isPosted {
            next.request.method = "GET"
            next.request.body = []
            next.isBodiless = true
            next.sent = end.sent
            next.request.expectsContinue = false
        }
        return next
    }

    func failure(_ code: TransferFailure.Code, _ cause: String, _ remedy: String) -> TransferFailure {
        TransferFailure(code, doing: "Transferring", subject: intent.identifier, cause: cause, remedy: remedy)
    }

    static func isSameOrigin(_ one: String, _ other: String) -> Bool {
        guard let one = try? HTTPAddress(one), let other = try? HTTPAddress(other) else { return false }
        return one.origin == other.origin
    }
}
