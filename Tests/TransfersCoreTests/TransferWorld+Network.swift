// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSurroundings
import TransfersCore

extension TransferWorld {
    /// One exchange, with what the network does to it; its events are queued, and orders of the caller among them.
    mutating func begin(_ exchange: Exchange, _ plan: AnswerPlan) {
        if isExchanging { violations.append("two exchanges at once") }
        isExchanging = true
        heardHead = nil
        created = nil
        exchanges += 1
        log.append(
            "\(exchange.method) \(exchange.url) \(exchange.fields["Upload-Offset"] ?? exchange.fields["Range"] ?? "")")
        check(exchange)
        let body = exchange.body.flatMap { piece -> [UInt8] in
            switch piece {
            case .bytes(let bytes): bytes
            case .file(_, let range): Array(source[Int(range.lowerBound)..<Int(range.upperBound)])
            }
        }
        var request = SimulatedRequest(
            method: exchange.method, url: exchange.url, fields: exchange.fields, body: body, isWhole: true)
        let luck = mayMisbehave ? Int.random(in: 0..<100, using: &random) : 100
        var end = ExchangeEnd()
        var queue: [TransferEvent] = []
        switch luck {
        case 0..<6:
            end.failure = ExchangeFailure(random.chance(50) ? .notConnected : .nameNotResolved)
        case 6..<22:
            // The connection breaks while the request is sent: something arrives, and more was handed to the network.
            let arrived = Int.random(in: 0...body.count, using: &random)
            request.body = Array(body[..<arrived])
            request.isWhole = body.isEmpty
            let reply = server.receive(request, mayMisbehave: false, random: &random)
            if random.chance(70) { queue += reply.interims.map { .informed($0) } }
            end.sent = Int64(Int.random(in: arrived...body.count, using: &random))
            end.failure = ExchangeFailure(random.chance(30) ? .stalled : .connectionLost)
            if random.chance(10) { isDead = true }
        case 22..<28:
            // All arrives, and nobody hears of it.
            _ = server.receive(request, mayMisbehave: true, random: &random)
            end.sent = Int64(body.count)
            end.failure = ExchangeFailure(.connectionLost)
            if random.chance(30) { isDead = true }
        default:
            let reply = server.receive(request, mayMisbehave: mayMisbehave, random: &random)
            queue += reply.interims.map { .informed($0) }
            end.sent = Int64(body.count)
            receive(reply, plan, isCut: mayMisbehave && random.chance(25), &end, &queue)
        }
        queue.append(.ended(end))
        if mayMisbehave, random.chance(8) {
            let orders: [TransferEvent] = [
                .pause, .hold(.turn), .networkChanged(isThere: false), .networkChanged(isThere: true), .timeReached,
            ]
            if let order = orders.randomElement(using: &random) {
                queue.insert(order, at: Int.random(in: 0..<queue.count, using: &random))
            }
        }
        events += queue
    }

    /// The answer comes, or part of it; bytes go where the plan says.
    private mutating func receive(
        _ reply: SimulatedReply, _ plan: AnswerPlan, isCut: Bool, _ end: inout ExchangeEnd,
        _ queue: inout [TransferEvent]
    ) {
        end.head = reply.head
        queue.append(.headed(reply.head))
        let decision = plan.plan(for: reply.head)
        var body = reply.body
        if isCut { body = Array(body[..<Int.random(in: 0...body.count, using: &random)]) }
        let length = reply.head.fields["Content-Length"].flatMap { Int($0) }
        if isCut, body.count < reply.body.count { end.failure = ExchangeFailure(.connectionLost) }
        switch decision {
        case .stop: end.failure = ExchangeFailure(.stoppedByPlan)
        case .keep(let limit):
            end.body = Array(body.prefix(limit))
            end.bodyWasCut = body.count > limit
            end.received = Int64(end.body.count)
        case .write(let start, let count):
            if let count, body.count > Int(count) {
                body = Array(body[..<Int(count)])
                end.failure = ExchangeFailure(.wrongLength)
            }
            if let length, length > body.count { end.failure = end.failure ?? ExchangeFailure(.wrongLength) }
            write(body, at: Int(start))
            end.received = Int64(body.count)
            // Each step of durability is told after it is so; the last one before the end, if the engine is kind.
            var upTo = Int(start)
            while upTo < Int(start) + body.count, random.chance(60) {
                upTo = Int.random(in: (upTo + 1)...(Int(start) + body.count), using: &random)
                queue.append(.madeDurable(upTo: Int64(upTo)))
            }
            if random.chance(70), !body.isEmpty { queue.append(.madeDurable(upTo: start + Int64(body.count))) }
        }
    }

    private mutating func write(_ body: [UInt8], at start: Int) {
        guard var bytes = sink else { return violations.append("bytes without a file") }
        if bytes.count != start { violations.append("written at \(start) into a file of \(bytes.count)") }
        bytes.replaceSubrange(min(start, bytes.count)..., with: body)
        sink = bytes
    }

    /// What the machine hears counts as known to it from now on.
    mutating func hear(_ event: TransferEvent) {
        switch event {
        case .madeDurable(let offset): sinkDurable = max(sinkDurable, min(Int(offset), sink?.count ?? 0))
        case .informed(let head), .headed(let head):
            if !isDownload, let offset = head.fields["Upload-Offset"].flatMap({ Int64($0) }), offset <= source.count,
                head.status < 300, offset >= 0
            {
                // On the creation's own connection the offset is that of the upload that it created.
                if let location = head.fields["Location"] { created = location }
                let key = head.url == intent.url ? created : head.url
                if let key, offset >= told[key] ?? 0 { told[key] = offset }
            }
            if case .headed = event { heardHead = head }
        case .ended: isExchanging = false
        default: break
        }
    }

    /// Nothing that was acknowledged is sent again, and nothing that is durable is asked for again.
    private mutating func check(_ exchange: Exchange) {
        for case .file(_, let range) in exchange.body {
            if let known = told[exchange.url], range.lowerBound < known {
                violations.append("bytes from \(range.lowerBound) on are sent again; the server told \(known)")
            }
        }
        if let range = exchange.fields["Range"], let start = Int64(range.dropFirst(6).dropLast()) {
            if start != Int64(sink?.count ?? 0) { violations.append("\(range) of a file of \(sink?.count ?? 0)") }
        }
        for field in exchange.fields.all where !field.isWellFormed {
            violations.append("a field that is none: \(field)")
        }
        if intent.authorizer != nil, exchange.fields["Authorization"] == nil { violations.append("sent bare") }
    }
}
