// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Testing
import TransfersCore

@Suite("What is written down of a request")
struct RequestSecretsTests {
    @Test(
        "of a URL only what is known to be harmless stays",
        arguments: [
            ("https://h/p", "https://h/p", []),
            ("https://h/p?page=2&token=x&name=a%26b", "https://h/p?page=2&name=a%26b", ["?token"]),
            ("https://h/p?X-Amz-Signature=x&X-Amz-Expires=9", "https://h/p", ["?X-Amz-Signature", "?X-Amz-Expires"]),
            ("https://h/p?partNumber=7&uploadId=u&x=1", "https://h/p?partNumber=7&uploadId=u", ["?x"]),
            ("https://u:p@h:8/p", "https://h:8/p", ["user@"]), ("https://u:p@w@h/", "https://h/", ["user@"]),
            ("https://u@h?v=1", "https://h?v=1", ["user@"]),
            ("https://h/p?v=1#secret", "https://h/p?v=1", ["#"]),
            ("https://h/p#a?page=2", "https://h/p", ["#"]),
            // A name without a value may itself be the secret.
            ("https://h/p?c2VjcmV0", "https://h/p", ["?"]), ("https://h/p?page", "https://h/p", ["?"]),
            ("https://h/p?", "https://h/p", []), ("https://h/p?&&page=1&", "https://h/p?page=1", []),
            ("https://h/a@b?v=1", "https://h/a@b?v=1", []),
            ("https://h/?ToKeN=x&VERSION=2", "https://h/?VERSION=2", ["?ToKeN"]),
            ("", "", []), ("?", "", []), ("//u@", "//", ["user@"]), ("garbage", "garbage", []),
        ])
    func urls(url: String, kept: String, withheld: [String]) {
        let secrets = RequestSecrets(url: url, fields: HeaderFields())
        #expect(secrets.url == kept && secrets.withheld == withheld)
        // What was written down once stays as it is.
        #expect(RequestSecrets(url: kept, fields: HeaderFields()).url == kept)
    }

    @Test("of the header fields those that say who asks are withheld, and every field that nobody knows")
    func fields() {
        let fields = HeaderFields([
            .init("AUTHORIZATION", "Bearer x"), .init("Cookie", "a=b"), .init("content-type", "a/b"),
            .init("X-Api-Key", "k"), .init("Accept", "1"), .init("accept", "2"), .init("Cookie", "c=d"),
            .init("Proxy-Authorization", "p"), .init("X-Amz-Security-Token", "t"),
            .init("Referer", "https://h?token=1"),
        ])
        let secrets = RequestSecrets(url: "https://h", fields: fields)
        #expect(secrets.fields.all == [.init("content-type", "a/b"), .init("Accept", "1"), .init("accept", "2")])
        #expect(
            secrets.withheld == [
                "AUTHORIZATION", "Cookie", "X-Api-Key", "Proxy-Authorization", "X-Amz-Security-Token", "Referer",
            ])
    }

    @Test("the caller may know more names")
    func more() {
        let secrets = RequestSecrets(
            url: "https://h?Album=3", fields: HeaderFields([.init("X-Album", "3")]), alsoFields: ["x-album"],
            alsoItems: ["album"])
        #expect(secrets.url == "https://h?Album=3" && secrets.fields["X-Album"] == "3" && secrets.withheld.isEmpty)
    }

    @Test("an answer is written down without cookies, and without what may be secret in where it was and leads")
    func answers() {
        let head = ResponseHead(
            url: "https://h/a?part=1&sig=x", status: 201,
            fields: HeaderFields([
                .init("set-cookie", "id=x"), .init("location", "/b?id=7&token=x"), .init("ETag", "\"?x\""),
                .init("Content-Location", "https://me:x@h/c#x"),
            ]))
        var result = TransferResult(.succeeded, head: head, ended: .start)
        let kept = result.withoutSecrets
        #expect(kept.head?.url == "https://h/a?part=1" && kept.head?.status == 201)
        #expect(
            kept.head?.fields.all == [
                .init("location", "/b?id=7"), .init("ETag", "\"?x\""), .init("Content-Location", "https://h/c"),
            ])
        result.head = nil
        #expect(result.withoutSecrets == result)
    }
}
