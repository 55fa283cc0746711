// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Foundation
import Testing
import TransfersCore
import TransfersStore

@Suite("Opening the store of transfers, and what is wrong with it")
struct OpeningTests {
    let state = try! TemporaryTransfers()

    private func refusal(machine: String = "m1") -> TransferFailure? {
        #expect(throws: TransferFailure.self) { try state.store(machine: machine) }
    }

    @Test("everything that it makes is for its user alone")
    func modes() throws {
        let store = try state.store()
        try store.start(upload("a"))
        _ = try store.own("s")
        let names = try FileManager.default.subpathsOfDirectory(atPath: state.directory.path)
        #expect(names.contains("transfers.sqlite-wal") && names.contains("transfers/sessions/s-s"))
        for name in names {
            let attributes = try FileManager.default.attributesOfItem(atPath: state.directory.path + "/" + name)
            let isFolder = attributes[.type] as? FileAttributeType == .typeDirectory
            #expect(attributes[.posixPermissions] as? Int == (isFolder ? 0o700 : 0o600), "\(name)")
        }
    }

    @Test("a damaged database is set aside, and the next start begins with an empty one")
    func damaged() throws {
        try state.store().start(upload("a"))
        try Data(repeating: 0x55, count: 9000).write(to: URL(fileURLWithPath: state.database))
        try? FileManager.default.removeItem(atPath: state.database + "-wal")
        try? FileManager.default.removeItem(atPath: state.database + "-shm")
        let failure = refusal()
        #expect(failure?.code == .storage && failure?.cause.contains("transfers.sqlite.damaged-1") == true)
        #expect(failure?.remedy.hasPrefix("Begin the transfers again") == true)
        #expect(try state.store().list().isEmpty)
    }

    @Test("a newer schema, another machine and another program's file are refused, and left alone")
    func foreign() throws {
        try state.store().start(upload("a"))
        #expect(refusal(machine: "m2")?.cause.contains("m2") == true)
        try state.connection().setUserVersion(99)
        #expect(refusal()?.remedy.hasPrefix("Update this program") == true)
        try state.connection().setUserVersion(1)
        #expect(try state.store().list().count == 1)
        try state.connection().execute("PRAGMA application_id = 7")
        #expect(refusal()?.cause.contains("application id 7") == true)
    }

    @Test("a tool looks in without making or changing anything; where there is no store, it is told")
    func visitor() throws {
        #expect(throws: TransferFailure.self) { try state.store(as: .visitor) }
        #expect(!FileManager.default.fileExists(atPath: state.directory.path))
        try state.store().start(upload("a"))
        #expect(try state.store(as: .visitor).list().map(\.identifier) == ["a"])
    }

    @Test("a store that was closed is used no more")
    func closed() throws {
        let store = try state.store()
        let id = try store.start(upload("a")).id
        try store.update(id, checkpoint(.running, 5), durably: false)
        store.close()
        #expect(throws: TransferFailure.self) { try store.list() }
        #expect(try state.store().list().first?.acknowledged == 5)
    }

    @Test("ten thousand transfers are begun, listed in pages, attached to and ended")
    func many() throws {
        let store = try state.store()
        let intents = (0..<10_000).map { download("t\($0)", url: "https://h\($0 % 50).example/x") }
        for start in stride(from: 0, to: intents.count, by: 2_000) {
            let outcomes = try store.begin(Array(intents[start..<(start + 2_000)]))
            let isAllNew = outcomes.allSatisfy { if case .began = $0 { true } else { false } }
            #expect(isAllNew)
        }
        let other = try state.store(pid: 2)
        let all = try other.list(session: "s")
        #expect(all.count == 10_000 && Set(all.map(\.identifier)).count == 10_000)
        let page = try other.list(session: "s", after: all[4_999].id, limit: 100)
        #expect(page == Array(all[5_000..<5_100]))
        #expect(try other.candidates(session: "s", now: t(0), limit: 64, perHost: 2).count == 64)
        let again = try other.begin(Array(intents[6_000..<6_500]))
        let isAllAttached = again.allSatisfy { if case .attached = $0 { true } else { false } }
        #expect(isAllAttached)
        #expect(try other.counts(session: "s") == TransferCounts(waiting: 10_000))
        for line in all.prefix(200) { try store.finish(line.id, TransferResult(.succeeded, ended: t(1))) }
        let results = try other.results(session: "s")
        #expect(results.map(\.id) == all.prefix(200).map(\.id))
        #expect(try other.acknowledge(results.map(\.id)).count == 200)
        #expect(try store.counts(session: "s") == TransferCounts(waiting: 9_800))
    }
}
