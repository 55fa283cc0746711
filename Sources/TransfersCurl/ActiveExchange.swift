// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import CTransferCurl
import CTransferLibcurl
internal import TransfersCore

/// One exchange between `start` and `ended`; only the engine's thread knows it.
final class ActiveExchange {
    enum Turn { case none, waiting, running }

    let key: UInt64
    let host: String
    /// Why it cannot even begin.
    let refusal: ExchangeFailure?
    var turn = Turn.none

    private let exchange: Exchange
    // Let go of when the end was told.
    private var sources: [any OpenFile]
    private var sink: (any OpenFile)?
    private var observer: (any ExchangeObserver)?

    private var transfer: OpaquePointer?
    private var head: ResponseHead?
    /// Why a head was refused.
    private var headFailure: ExchangeFailure?
    /// The body of this answer is not read, and that is no failure.
    private var endsAtHead = false
    private var wasMoved = false
    private var durability: DurabilityPace?
    private let synchronizer: Synchronizer
    private var end: ExchangeEnd?

    init(key: UInt64, order: ExchangeOrder, synchronizer: Synchronizer) {
        self.key = key
        self.synchronizer = synchronizer
        exchange = order.exchange
        sources = order.sources
        sink = order.sink
        observer = order.observer
        host = Admission.host(of: order.exchange.url)
        refusal = order.refusal
        durability = order.sink == nil ? nil : order.exchange.durability.map(DurabilityPace.init)
    }

    deinit { ctransfer_exchange_free(transfer) }

    var easy: UnsafeMutableRawPointer? { transfer.flatMap { ctransfer_exchange_easy($0) } }
    var isOver: Bool { end != nil }
    var isSyncing: Bool { durability?.isSyncing == true }

    func prepare(_ buffers: OpaquePointer?) -> ExchangeFailure? {
        let callbacks = ctransfer_observer(
            context: Unmanaged.passUnretained(self).toOpaque(),
            head: { context, bytes, count in
                ActiveExchange.of(context).headCame(UnsafeBufferPointer(start: bytes, count: count))
            },
            moved: { context, sent, received, isTick in
                ActiveExchange.of(context).moved(sent: sent, received: received, isTick: isTick != 0)
            })
        let limits = ctransfer_limits(
            stall_microseconds: Int64(exchange.limits.stall) * 1_000_000,
            send_rate: exchange.limits.sendRate ?? 0, receive_rate: exchange.limits.receiveRate ?? 0,
            mark: durability?.terms.bytes ?? 0, head_limit: exchange.limits.head, sink: sink?.descriptor ?? -1,
            is_tls: host.hasPrefix("https:") ? 1 : 0)
        transfer = exchange.body.withPieces(sources) { pieces in
            ctransfer_exchange_new(callbacks, limits, pieces.baseAddress, pieces.count, buffers)
        }
        guard let transfer else { return ExchangeFailure(.engine(Int32(CURLE_OUT_OF_MEMORY.rawValue))) }
        return exchange.configure(transfer)
    }

    // MARK: While libcurl runs

    private static func of(_ context: UnsafeMutableRawPointer?) -> ActiveExchange {
        guard let context else { preconditionFailure("libcurl calls with what it was given") }
        return Unmanaged<ActiveExchange>.fromOpaque(context).takeUnretainedValue()
    }

    private func headCame(_ bytes: UnsafeBufferPointer<UInt8>) -> ctransfer_plan {
        let head: ResponseHead
        do {
            head = try ResponseHead(bytes, url: exchange.url)
        } catch {
            return refuse(error)
        }
        var plan = ctransfer_plan()
        switch head.status {
        case 100:
            return plan
        case 101:
            return refuse(ExchangeFailure(.malformedAnswer, detail: "the server switched protocols unasked"))
        case 102..<200:
            // Its fields frame no body. A peer that says so all the same may frame the next answer in another way: nginx
            // makes a final answer of a 104, and passes on raw what follows.
            plan.is_tainted = head.status != 103 && head.saysHowItIsFramed ? 1 : 0
            observer?.informed(head)
            return plan
        default:
            self.head = head
        }
        let choice = observer?.plan(for: head) ?? .stop
        if head.status == 417, exchange.expectsContinue, choice != .stop {
            // libcurl would send the request again by itself; the machine does, and remembers.
            endsAtHead = true
            return refuse(nil)
        }
        plan.ends_with_connection = head.endsWithConnection(after: exchange.method) ? 1 : 0
        switch choice {
        case .keep(let limit):
            plan.choice = CTRANSFER_KEEP
            plan.limit = Int64(limit)
        case .write(let offset, let count):
            guard sink != nil else { return refuse(ExchangeFailure(.unsupported, detail: "no sink to write into")) }
            plan.choice = CTRANSFER_WRITE
            plan.offset = offset
            plan.limit = count ?? -1
            durability?.begin(at: offset)
        case .stop:
            return refuse(ExchangeFailure(.stoppedByPlan))
        }
        return plan
    }

    private func refuse(_ failure: ExchangeFailure?) -> ctransfer_plan {
        headFailure = failure
        return ctransfer_plan(choice: CTRANSFER_REFUSE, offset: 0, limit: 0, is_tainted: 1, ends_with_connection: 0)
    }

    private func moved(sent: Int64, received: Int64, isTick: Bool) {
        if isTick { observer?.progressed(sent: sent, received: received) }
        guard let transfer else { return }
        syncIfDue(written: ctransfer_exchange_written(transfer), elapsed: ctransfer_exchange_elapsed(transfer))
    }

    // MARK: Durability

    private func syncIfDue(written: Int64, elapsed: Int64?) {
        guard let sink, let offset = durability?.next(written: written, elapsed: elapsed) else { return }
        synchronizer.sync(sink, upTo: offset, for: key)
    }

    /// What was asked of the synchronizer is done; a failure is final, for the data may be gone.
    func synced(upTo offset: Int64, number: Int32, microseconds: Int64) -> ExchangeFailure? {
        let elapsed = transfer.map { ctransfer_exchange_elapsed($0) }
        durability?.synced(upTo: offset, took: microseconds, elapsed: elapsed ?? 0)
        guard number == 0 else {
            durability = nil
            let failure = ExchangeFailure(.sinkUnwritable(number), detail: "fdatasync: " + systemText(number))
            if end?.failure == nil { end?.failure = failure }
            return failure
        }
        observer?.madeDurable(upTo: offset)
        // What was written while that sync ran.
        if isOver, let written = durability?.finalOffset { syncIfDue(written: written, elapsed: nil) }
        return nil
    }

    // MARK: The end

    func failure(code: CURLcode) -> ExchangeFailure? {
        guard let transfer else { return nil }
        if endsAtHead { return nil }
        if let headFailure { return headFailure }
        if code == CURLE_OK, head == nil {
            return ExchangeFailure(.connectionLost, detail: "the connection ended within the head")
        }
        if code == CURLE_OK { ctransfer_exchange_came_whole(transfer) }
        return EasyOutcome(code, of: transfer).failure
    }

    /// The connection that it was given is of no use, and nothing was sent: it may have another, once.
    func takesAnotherConnection() -> Bool {
        var number: Int32 = 0
        guard let transfer, !wasMoved, ctransfer_exchange_fault(transfer, &number) == CTRANSFER_UNCLEAN else {
            return false
        }
        wasMoved = true
        ctransfer_exchange_again(transfer)
        return true
    }

    /// libcurl has let go of it: what it gathered is written, what it leaves is taken.
    func close(with failure: ExchangeFailure?) {
        var end = ExchangeEnd(head: head, failure: failure)
        if let transfer {
            var failed = false
            if ctransfer_exchange_flush(transfer) != 0 { failed = true }
            if failed, failure == nil || failure?.kind == .cancelled {
                end.failure = EasyOutcome(CURLE_WRITE_ERROR, of: transfer).failure
            }
            end.received = ctransfer_exchange_received(transfer)
            var count = 0
            var wasCut: Int32 = 0
            let kept = ctransfer_exchange_kept(transfer, &count, &wasCut)
            end.body = Array(UnsafeBufferPointer(start: kept, count: count))
            end.bodyWasCut = wasCut != 0 || endsAtHead
            _ = ctransfer_get_size(easy, Int32(CURLINFO_SIZE_UPLOAD_T.rawValue), &end.sent)
            // libcurl counts its last try alone; an earlier one may have brought the server more.
            if head?.isSuccess != true { end.sent = max(end.sent, ctransfer_exchange_handed(transfer)) }
            let written = ctransfer_exchange_written(transfer)
            if case .sinkUnwritable = end.failure?.kind, end.failure?.kind.isFullDisk == false {
                durability?.abandon()
            } else if end.failure != nil || durability?.terms.whole == true {
                durability?.finalOffset = written
                syncIfDue(written: written, elapsed: nil)
            }
        }
        self.end = end
        ctransfer_exchange_free(transfer)
        transfer = nil
    }

    func tellEnd() {
        guard let end, let observer else { return }
        self.observer = nil
        sources = []
        sink = nil
        observer.ended(end)
    }
}
