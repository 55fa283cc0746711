// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

internal import BackgroundSurroundings
package import TransfersCore
import TransfersFiles
package import TransfersStore

extension TransferSession {
    /// Starts or attaches, in one commit; durable when it returns. What is refused holds the others not back.
    ///
    /// A wake-up is armed before, so that a process that is killed right after is followed by another one.
    package func begin(_ drafts: [TransferIntentDraft]) -> [Result<BeginOutcome, TransferFailure>] {
        begin(drafts) { _, _ in nil }.outcomes
    }

    /// The same; `handler` gives who is attached to a new one, by the draft's index.
    ///
    /// - Returns: with those to which their handler was attached; to the others it has to be.
    func begin(
        _ drafts: [TransferIntentDraft], handler: (Int, StoredTransfer) -> Handler?
    ) -> (outcomes: [Result<BeginOutcome, TransferFailure>], attached: Set<Int>) {
        if drafts.isEmpty { return ([], []) }
        do throws(TransferFailure) { try engage() } catch { return (drafts.map { _ in .failure(error) }, []) }
        let now = parts.time.now().wall
        var results = drafts.map { draft in intentOrLiving(draft, now) }
        let intents = results.indices.compactMap { index -> (index: Int, intent: TransferIntent)? in
            if case .success(.new(let intent)) = results[index] { (index, intent) } else { nil }
        }
        var began: [BegunTransfer] = []
        var handlers: [(index: Int, identifier: String, handler: Handler)] = []
        state.withLock { $0.begins += 1 }
        if !intents.isEmpty { armForBeginning() }
        do throws(TransferFailure) {
            let outcomes = try store.begin(intents.map(\.intent))
            for ((index, intent), outcome) in zip(intents, outcomes) {
                results[index] = .success(.done(outcome))
                switch outcome {
                case .began(let stored):
                    if let entry = entry(of: stored, now) {
                        let withheld = WithheldRequest(url: intent.url, fields: intent.fields)
                        began.append(
                            BegunTransfer(
                                stored: stored, entry: entry, withheld: stored.withheld.isEmpty ? nil : withheld))
                    }
                    if let handler = handler(index, stored) { handlers.append((index, intent.identifier, handler)) }
                case .attached, .refused: opened.folder.removeLeftovers(of: intent)
                }
            }
        } catch {
            for (index, intent) in intents {
                opened.folder.removeLeftovers(of: intent)
                results[index] = .failure(error)
            }
        }
        // Who asks again brings along what was withheld.
        for (draft, result) in zip(drafts, results) {
            guard case .success(.done(.attached(let stored))) = result, !stored.withheld.isEmpty, stored.result == nil,
                let entry = entry(of: stored, now)
            else { continue }
            began.append(
                BegunTransfer(
                    stored: stored, entry: entry, withheld: WithheldRequest(url: draft.url, fields: draft.fields)))
        }
        // Nobody but this process moves them, and not before `began`: they cannot have ended.
        let isOurs = state.withLock { state in
            guard state.ownership != nil else { return false }
            for (_, identifier, handler) in handlers { state.handlers[identifier, default: []].append(handler) }
            return true
        }
        send(.began(began))
        let outcomes = results.map { result -> Result<BeginOutcome, TransferFailure> in
            switch result {
            case .success(.done(.refused(let failure))), .failure(let failure): .failure(failure)
            case .success(.done(let outcome)): .success(outcome)
            case .success(.new): .failure(unwritten)
            }
        }
        return (outcomes, isOurs ? Set(handlers.map(\.index)) : [])
    }

    private enum Draft {
        case new(TransferIntent)
        case done(BeginOutcome)
    }

    private var unwritten: TransferFailure {
        TransferFailure(
            .storage, doing: "Beginning", subject: identifier, cause: "the store did not answer", remedy: "Try again.")
    }

    func entry(of stored: StoredTransfer, _ now: WallTime) -> TransferQueue.Entry? {
        TransferQueue.Entry(
            stored.id, host: stored.intent.host, priority: stored.intent.policy.priority,
            state: stored.checkpoint.state, deadline: stored.intent.deadline, demands: stored.intent.policy.demands,
            now: now)
    }

    // MARK: The intent

    /// What lives already may have lost its source, or have its destination: it is attached to all the same.
    private func intentOrLiving(_ draft: TransferIntentDraft, _ now: WallTime) -> Result<Draft, TransferFailure> {
        let isCopied = if case .upload(_, _, .snapshot) = draft.work { true } else { false }
        if isCopied, let living = living(draft, now) { return .success(.done(.attached(living))) }
        do throws(TransferFailure) {
            let intent = try intent(draft, now)
            if let flaw = intent.flaw {
                opened.folder.removeLeftovers(of: intent)
                throw flaw
            }
            return .success(.new(intent))
        } catch {
            if let living = living(draft, now) { return .success(.done(.attached(living))) }
            return .failure(error)
        }
    }

    private func intent(_ draft: TransferIntentDraft, _ now: WallTime) throws(TransferFailure) -> TransferIntent {
        switch draft.work {
        case .upload(let paths, let method, let policy):
            var sources: [SourceIdentity] = []
            do throws(TransferFailure) {
                for path in paths {
                    sources.append(
                        try policy == .snapshot
                            ? opened.folder.snapshot(of: path) : SourceFile.identity(of: path))
                }
                guard let first = sources.first else {
                    throw TransferFailure(
                        .sourceMissing, doing: "Beginning", subject: draft.identifier, cause: "there is no file",
                        remedy: "Give one.")
                }
                return intent(draft, .upload(first, method: method), Array(sources.dropFirst()), now)
            } catch {
                if let first = sources.first {
                    let made = intent(draft, .upload(first, method: method), Array(sources.dropFirst()), now)
                    opened.folder.removeLeftovers(of: made)
                }
                throw error
            }
        case .download(let destination, let replacesExisting, let digest):
            let target = DownloadTarget(
                destination: destination, partial: opened.folder.newPartial(for: destination),
                replacesExisting: replacesExisting, digest: digest)
            try Placement.judge(target)
            return intent(draft, .download(target), [], now)
        }
    }

    private func intent(
        _ draft: TransferIntentDraft, _ work: TransferIntent.Work, _ further: [SourceIdentity], _ now: WallTime
    ) -> TransferIntent {
        var intent = TransferIntent(
            session: identifier, identifier: draft.identifier, work: work, httpMethod: draft.httpMethod,
            url: draft.url, fields: draft.fields, policy: draft.policy, authorizer: draft.authorizer,
            taskDescription: draft.taskDescription, created: now, earliest: draft.earliest,
            deadline: now.advanced(by: draft.lifetime))
        intent.furtherSources = further
        intent.policy.retry = draft.policy.retry.plain
        return intent
    }

    /// The one that this draft would attach to, whatever became of its files.
    private func living(_ draft: TransferIntentDraft, _ now: WallTime) -> StoredTransfer? {
        guard let living = try? store.transfer(session: identifier, identifier: draft.identifier) else { return nil }
        var asked: TransferIntent
        switch (draft.work, living.intent.work) {
        case (.upload(let paths, let method, let policy), .upload(let source, _)):
            guard paths.count == 1 + living.intent.furtherSources.count else { return nil }
            let known = [source] + living.intent.furtherSources
            let sources = zip(paths, known).map { path, known in
                // A copy is known by its size alone.
                let size = known.isSnapshot ? (try? SourceFile.identity(of: path))?.size ?? known.size : known.size
                return SourceIdentity(
                    path: path, device: 0, inode: 0, size: size, modifiedNanoseconds: 0,
                    isSnapshot: policy == .snapshot)
            }
            asked = intent(draft, .upload(sources[0], method: method), Array(sources.dropFirst()), now)
        case (.download(let destination, let replacesExisting, let digest), .download(let target)):
            let same = DownloadTarget(
                destination: destination, partial: target.partial, replacesExisting: replacesExisting, digest: digest)
            asked = intent(draft, .download(same), [], now)
        default: return nil
        }
        if !asked.policy.keepsSecrets {
            let request = RequestSecrets(url: asked.url, fields: asked.fields)
            asked.url = request.url
            asked.fields = request.fields
        }
        return living.intent.asksTheSame(as: asked) ? living : nil
    }
}
