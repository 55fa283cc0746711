// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

internal import TransfersCore
import TransfersFiles

/// What a machine wants done with files: it may wait for disks.
struct FileJob: Sendable {
    enum Work: Sendable {
        case digest(ticket: Int, ContentDigest.Algorithm, Range<Int64>)
        case prepare(length: Int64, total: Int64?, room: Int64?)
        case reserve(total: Int64)
        case verify(length: Int64, [ContentDigest])
        case place(length: Int64)
    }

    /// Of the transfer.
    let id: Int64
    let generation: UInt64
    let source: SourceIdentity?
    let target: DownloadTarget?
    let sink: PartialFile?
    let work: Work

    init(_ transfer: TransferWork, _ work: Work) {
        (id, generation) = (transfer.id, transfer.generation)
        (source, target, sink) = (transfer.sourceIdentities.first, transfer.target, transfer.sink)
        self.work = work
    }

    /// What is reserved beyond so much is worth an early error, and what is synced may take a while.
    static let large: Int64 = 1 << 20

    /// It takes long wherever it is done, and is not to hold up others.
    var isLong: Bool {
        switch work {
        case .prepare, .place: false
        case .digest, .reserve: true
        case .verify(let length, let digests): !digests.isEmpty || length > Self.large
        }
    }
}

extension TransferSession {
    /// What is short is done together: what happens to names in one folder costs one sync of it.
    func perform(_ jobs: [FileJob]) {
        for job in jobs where job.isLong {
            files.async { [self] in answer([(job, perform(job))]) }
        }
        let short = jobs.filter { !$0.isLong }
        if short.isEmpty { return }
        files.async { [self] in
            var answers: [(FileJob, TransferEvent?)] = []
            var preparing: [(job: FileJob, order: PartialFile.Order)] = []
            var verifying: [FileJob] = []
            var placing: [(job: FileJob, target: DownloadTarget, length: Int64)] = []
            for job in short {
                guard let target = job.target else { continue }
                switch job.work {
                case .prepare(let length, let total, let room):
                    preparing.append((job, PartialFile.Order(target.partial, length: length, total: total, room: room)))
                case .place(let length): placing.append((job, target, length))
                case .verify, .digest, .reserve: verifying.append(job)
                }
            }
            let prepared = PartialFile.prepare(preparing.map(\.order))
            for (order, result) in zip(preparing, prepared) { answers.append((order.job, ready(order.job, result))) }
            if verifying.count > 1 { for job in verifying { job.sink?.sendAhead() } }
            for job in verifying { answers.append((job, perform(job))) }
            let placed = Placement.place(placing.map { ($0.target, $0.length) })
            for (order, result) in zip(placing, placed) {
                switch result {
                case .success: answers.append((order.job, .placed))
                case .failure(let failure): answers.append((order.job, .sinkFailed(failure)))
                }
            }
            answer(answers)
        }
    }

    private func ready(
        _ job: FileJob, _ result: Result<(file: PartialFile, length: Int64), TransferFailure>
    ) -> TransferEvent {
        switch result {
        case .success(let (file, length)):
            state.withLock { state in
                guard let place = state.works[job.id], place.work.generation == job.generation else { return }
                place.work.sink = file
            }
            return .sinkReady(length: length)
        case .failure(let failure): return .sinkFailed(failure)
        }
    }

    private func answer(_ answers: [(job: FileJob, event: TransferEvent?)]) {
        send(
            answers.compactMap { job, event in
                event.map { .event(job.id, job.generation, $0) }
            })
    }

    private func perform(_ job: FileJob) -> TransferEvent? {
        if case .digest(let ticket, let algorithm, let range) = job.work {
            guard let source = job.source else { return nil }
            let result = Result { () throws(TransferFailure) in
                try FileDigest.digest(algorithm, of: range, in: source)
            }
            return .digested(ticket: ticket, result)
        }
        guard let target = job.target else { return nil }
        do throws(TransferFailure) {
            return try perform(job, target)
        } catch {
            return .sinkFailed(error)
        }
    }

    private func perform(_ job: FileJob, _ target: DownloadTarget) throws(TransferFailure) -> TransferEvent? {
        switch job.work {
        case .digest, .prepare, .place: return nil
        case .reserve(let total):
            try job.sink?.reserve(total: total)
            return nil
        case .verify(let length, let digests):
            // A placement that was cut in two has a file that nobody has opened yet.
            var sink = job.sink
            if sink == nil { sink = try PartialFile.prepare(target.partial, length: .max, total: nil).file }
            return try sink.map { sink throws(TransferFailure) in
                .verified(try sink.verify(length: length, digests: digests))
            }
        }
    }
}
