// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSurroundings
import Foundation
import Testing
import TransfersCore

@Suite("What names a transfer and its files")
struct AttachingTests {
    private let source = SourceIdentity(path: "/a", device: 1, inode: 2, size: 3, modifiedNanoseconds: 4)
    private let target = DownloadTarget(destination: "/d", partial: "/d.part")

    private func intent(
        _ work: TransferIntent.Work, _ change: (inout TransferIntent) -> Void = { _ in }
    ) -> TransferIntent {
        var intent = TransferIntent(
            session: "s", identifier: "i", work: work, httpMethod: "PUT", url: "https://h/p", created: .epoch,
            deadline: .distantFuture)
        change(&intent)
        return intent
    }

    @Test("a policy as usual is not written down, any other is, whole; what is not there is as usual")
    func written() throws {
        let usual = intent(.download(target))
        let text = try JSONEncoder().encode(usual)
        #expect(!String(decoding: text, as: UTF8.self).contains("policy"))
        #expect(try JSONDecoder().decode(TransferIntent.self, from: text) == usual)
        let changes: [(inout TransferPolicy) -> Void] = [
            { $0.sentDigest = .sha256 }, { $0.keepsSecrets = true }, { $0.rateLimit = 1 }, { $0.retry = .never },
            { $0.stallTimeout = 1 }, { $0.trust.pins = ["p"] }, { $0.resumableCreation = .careful },
        ]
        for change in changes {
            let other = intent(.download(target)) { change(&$0.policy) }
            #expect(try JSONDecoder().decode(TransferIntent.self, from: JSONEncoder().encode(other)) == other)
        }
    }

    @Test("time, policy and a rewritten source do not make it another request")
    func same() {
        let one = intent(.upload(source, method: .tus))
        var rewritten = source
        (rewritten.inode, rewritten.size, rewritten.modifiedNanoseconds) = (9, 9, 9)
        let other = intent(.upload(rewritten, method: .tus)) {
            $0.created = .distantPast
            $0.deadline = .epoch
            $0.earliest = .epoch
            $0.policy.priority = 1
            $0.authorizer = "x"
            $0.taskDescription = "y"
        }
        #expect(one.asksTheSame(as: other) && other.asksTheSame(as: one))
        var elsewhere = target
        elsewhere.partial = "/other.part"
        #expect(intent(.download(target)).asksTheSame(as: intent(.download(elsewhere))))
    }

    @Test("a copy of a source stands for it by its size")
    func snapshots() {
        var copy = source
        (copy.path, copy.isSnapshot) = ("/copy", true)
        #expect(intent(.upload(copy, method: .tus)).asksTheSame(as: intent(.upload(source, method: .tus))))
        copy.size = 4
        #expect(!intent(.upload(copy, method: .tus)).asksTheSame(as: intent(.upload(source, method: .tus))))
    }

    @Test("method, URL, fields, protocol, files, destination and digest do")
    func different() {
        let upload = intent(.upload(source, method: .tus))
        var moved = source
        moved.path = "/b"
        var (elsewhere, replacing, digested) = (target, target, target)
        elsewhere.destination = "/e"
        replacing.replacesExisting = true
        digested.digest = ContentDigest(.md5, bytes: [1])
        let others = [
            intent(.upload(source, method: .plain)), intent(.upload(moved, method: .tus)), intent(.download(target)),
            intent(.upload(source, method: .tus)) { $0.httpMethod = "POST" },
            intent(.upload(source, method: .tus)) { $0.url = "https://h/q" },
            intent(.upload(source, method: .tus)) { $0.fields["Accept"] = "x" },
            intent(.upload(source, method: .tus)) { $0.session = "t" },
            intent(.upload(source, method: .tus)) { $0.identifier = "j" },
            intent(.upload(source, method: .tus)) { $0.furtherSources = [source] },
        ]
        for other in others { #expect(!upload.asksTheSame(as: other) && !other.asksTheSame(as: upload)) }
        for other in [elsewhere, replacing, digested] {
            #expect(!intent(.download(target)).asksTheSame(as: intent(.download(other))))
        }
        let form = intent(.upload(source, method: .plain)) { $0.furtherSources = [source] }
        #expect(!form.asksTheSame(as: intent(.upload(source, method: .plain)) { $0.furtherSources = [moved] }))
    }

    @Test(
        "servers are counted by host and port",
        arguments: [
            ("https://H.example/p", "h.example:443"), ("http://h:81?x", "h:81"), ("http://[::1]/", "[::1]:80"),
            ("nonsense", ""), ("ftp://h/", ""),
        ])
    func hosts(url: String, host: String) {
        #expect(intent(.download(target)) { $0.url = url }.host == host)
    }

    @Test("a policy demands of the host what it does not allow")
    func demands() {
        var policy = TransferPolicy()
        #expect(policy.demands == .network)
        policy.waitsForConnectivity = false
        #expect(policy.demands == [])
        policy.allowsExpensiveNetwork = false
        policy.allowsConstrainedNetwork = false
        policy.allowsCellular = false
        #expect(policy.demands == [.unmeteredNetwork, .unconstrainedNetwork, .noCellularNetwork])
        policy = TransferPolicy()
        policy.isDiscretionary = true
        #expect(policy.demands == [.network, .unmeteredNetwork, .externalPower])
    }

    @Test("the name of a partial file hides it, tells whose it is, and fits into a folder")
    func partials() {
        let id = PartialName.tag(of: "/state") + PartialName.number(.max)
        #expect(id.utf8.count == 20 && PartialName.tag(of: "/state") != PartialName.tag(of: "/state2"))
        #expect(PartialName.number(0) == "0000000000000")
        for name in ["a", "a.b.c", ".x", String(repeating: "x", count: 255), String(repeating: "é", count: 127)] {
            let partial = PartialName.beside(name, id: id)
            #expect(partial.hasPrefix(".") && partial.utf8.count <= 255)
            #expect(PartialName.id(in: partial) == id)
        }
        #expect(PartialName.beside("movie.mkv", id: id) == ".movie.mkv.\(id).part")
        for name in [
            "", ".part", ".\(id).part", "movie.\(id).part", ".movie.\(id)", ".movie\(id).part",
            ".m.ABC\(id.dropFirst(3)).part",
        ] {
            #expect(PartialName.id(in: name) == nil, "\(name)")
        }
    }
}
