// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSurroundings
import Testing
import TransfersCore

@Suite("What servers say, read byte by byte")
struct ParserTests {
    static let now = WallTime.start

    @Test(
        "Retry-After: seconds and the three dates, clamped; nonsense is nothing (row 14)",
        arguments: [
            ("120", 120.0 as Double?), ("0", 0), (" 7 ", 7), ("-5", nil), ("1.5", nil), ("", nil), ("soon", nil),
            ("99999999999999999999", 86_400), ("86401", 86_400), ("1e3", nil), ("+5", nil), ("5 s", nil),
            ("Thu, 01 Jan 2026 00:01:00 GMT", 60), ("Thursday, 01-Jan-26 00:01:00 GMT", 60),
            ("Thu Jan  1 00:01:00 2026", 60), ("Sun, 06 Nov 1994 08:49:37 GMT", 0),
            ("Sunday, 06-Nov-94 08:49:37 GMT", 0), ("Sun Nov  6 08:49:37 1994", 0),
            ("Fri, 31 Dec 9999 23:59:59 GMT", 86_400), ("Thu, 32 Jan 2026 00:01:00 GMT", nil),
            ("Thu, 29 Feb 2026 00:01:00 GMT", nil), ("Thu, 01 Jan 2026 25:01:00 GMT", nil),
            ("Thu, 01 Jan 2026 00:01:00 UTC", nil), ("Thu, 01 Jan 10000 00:01:00 GMT", nil),
        ])
    func retryAfter(value: String, seconds: Double?) {
        #expect(RetryAfter.seconds(value, now: Self.now, longest: 86_400) == seconds)
    }

    @Test("A date is read as it was written, over ten thousand years")
    func dates() {
        for step in 0..<2000 {
            let instant = WallTime(microseconds: -60_000_000_000_000_000 + Int64(step) * 156_700_003_000_000)
            let text = HTTPDate.text(instant)
            #expect(HTTPDate.parse(text, now: Self.now) == instant, "\(text)")
        }
        #expect(HTTPDate.text(.start) == "Thu, 01 Jan 2026 00:00:00 GMT")
    }

    @Test(
        "Content-Range",
        arguments: [
            ("bytes 0-499/1234", ContentRange.part(first: 0, last: 499, total: 1234)),
            ("bytes 5-5/*", .part(first: 5, last: 5, total: nil)), ("Bytes */7", .unsatisfied(total: 7)),
            ("bytes 5-4/10", nil), ("bytes 0-10/10", nil), ("bytes */*", nil), ("bytes -5/10", nil), ("", nil),
            ("items 0-1/2", nil), ("bytes 0-1", nil), ("bytes 0-1/2/3", nil), ("bytes 0-1-2/3", nil),
            ("bytes 0-99999999999999999999/*", nil), ("bytes +1-2/3", nil),
        ] as [(String, ContentRange?)])
    func contentRange(value: String, range: ContentRange?) {
        #expect(ContentRange(value) == range)
    }

    @Test(
        "Where a reference leads (RFC 3986, section 5.4)",
        arguments: [
            ("g", "http://a/b/c/g"), ("./g", "http://a/b/c/g"), ("g/", "http://a/b/c/g/"), ("/g", "http://a/g"),
            ("//g", "http://g/"), ("?y", "http://a/b/c/d;p?y"), ("g?y", "http://a/b/c/g?y"),
            ("#s", "http://a/b/c/d;p?q"),
            ("g#s", "http://a/b/c/g"), (";x", "http://a/b/c/;x"), ("", "http://a/b/c/d;p?q"), (".", "http://a/b/c/"),
            ("..", "http://a/b/"), ("../g", "http://a/b/g"), ("../..", "http://a/"), ("../../g", "http://a/g"),
            ("../../../g", "http://a/g"), ("/./g", "http://a/g"), ("/../g", "http://a/g"), ("g.", "http://a/b/c/g."),
            ("..g", "http://a/b/c/..g"), ("./g/.", "http://a/b/c/g/"), ("g/../h", "http://a/b/c/h"),
            ("g;x=1/../y", "http://a/b/c/y"), ("g?y/../x", "http://a/b/c/g?y/../x"),
            ("https://b:444/x", "https://b:444/x"),
            ("HTTP://B:80", "http://b/"), ("a b", "http://a/b/c/a%20b"), ("ä", "http://a/b/c/%C3%A4"),
            ("file:///etc/passwd", nil), ("gopher://x/", nil), ("http:g", nil), ("http://u:p@h/", nil),
            ("http://h:0/", nil), ("http://[::1]:8/x", "http://[::1]:8/x"), ("http://[::1/x", nil), ("g\r\nX: y", nil),
            ("http://:80/", nil), ("javascript:alert(1)", nil),
        ] as [(String, String?)])
    func references(reference: String, result: String?) throws {
        let base = try HTTPAddress("http://a/b/c/d;p?q")
        let found = try? base.resolving(reference).text
        #expect(found == result)
    }

    @Test("Structured fields, by their grammar")
    func structured() {
        #expect(StructuredItem("?1") == .boolean(true))
        #expect(StructuredItem("?2") == nil)
        #expect(StructuredItem("42;a=b;c") == .integer(42))
        #expect(StructuredItem("-999999999999999") == .integer(-999_999_999_999_999))
        #expect(StructuredItem("1000000000000000") == nil)
        #expect(StructuredItem("1.25") == .decimal(1.25))
        #expect(StructuredItem("1.") == nil)
        #expect(StructuredItem("\"a\\\"b\"") == .string("a\"b"))
        #expect(StructuredItem("\"open") == nil)
        #expect(StructuredItem(":aGk=:") == .bytes(Array("hi".utf8)))
        #expect(StructuredItem("text/html") == .token("text/html"))
        #expect(StructuredItem("1 2") == nil)
        let dictionary = StructuredDictionary("a=1, b;x=2, c=(1 \"two\");q, a=?0")
        #expect(dictionary?["a"] == .boolean(false))
        #expect(dictionary?["b"] == .boolean(true))
        #expect(dictionary?["c"] == .inner([.integer(1), .string("two")]))
        #expect(StructuredDictionary("a=1,") == nil)
        #expect(StructuredDictionary("A=1") == nil)
        #expect(StructuredDictionary("")?.members.isEmpty == true)
    }

    @Test("Upload-Limit: keys that nobody knows are passed over, a wrong kind makes it nothing")
    func limits() {
        let limit = UploadLimit("max-size=1234, min-append-size=5, later=\"x\", max-age=3600")
        #expect(limit?.maxSize == 1234 && limit?.minAppendSize == 5 && limit?.maxAge == 3600)
        #expect(limit?.maxAppendSize == nil)
        #expect(UploadLimit("max-size=\"big\"") == nil)
        #expect(UploadLimit("max-size=1.5") == nil)
        #expect(UploadLimit("max-size=-1") == nil)
        #expect(UploadLimit("max-size=1,,") == nil)
    }

    @Test("Digests of a whole, the strongest first; such of the wrong length are none")
    func digests() {
        let bytes = [UInt8](repeating: 7, count: 32)
        let fields = HeaderFields([
            HeaderFields.Field("Repr-Digest", "sha-256=:\(Base64.text(bytes)):, md5=:AAAA:, sha-512=:AAAA:")
        ])
        #expect(ContentDigest.all(in: fields) == [ContentDigest(.sha256, bytes: bytes)])
    }

    @Test("Base64 both ways")
    func base64() {
        var random = SeededNumbers(3)
        for count in 0..<100 {
            let bytes = random.bytes(count)
            #expect(Base64.bytes(Base64.text(bytes)) == bytes)
        }
        #expect(Base64.text("any carnal pleas".utf8) == "YW55IGNhcm5hbCBwbGVhcw==")
        for bad in ["a", "a===", "ab=c", "a b", "====", "YQ=", "é"] { #expect(Base64.bytes(bad) == nil, "\(bad)") }
    }

    @Test("What S3 says: uploads, lists, errors; and what is no document")
    func s3() {
        let list = S3Answer(
            Array(
                """
                <?xml version="1.0"?><!-- x --><ListPartsResult xmlns="u"><IsTruncated>true</IsTruncated>
                <NextPartNumberMarker>2</NextPartNumberMarker><Part><PartNumber>1</PartNumber><ETag>&quot;a&quot;</ETag>
                <Size>8</Size></Part><Part><PartNumber>x</PartNumber></Part><Owner/></ListPartsResult>
                """.utf8))
        #expect(list?.parts.map(\.number) == [1] && list?.parts.first?.tag == "\"a\"" && list?.parts.first?.size == 8)
        #expect(list?.nextPart == 2 && list?.isList == true)
        #expect(S3Answer(Array("<Error><Code>SlowDown</Code></Error>".utf8))?.code == "SlowDown")
        for bad in ["", "text", "<a>", "<a></b>", "<a/><b/>", "<!DOCTYPE a><a/>", "</a>", "<>", "<a", "<!--"] {
            #expect(S3Answer(Array(bad.utf8)) == nil, "\(bad)")
        }
    }

    @Test("A position is read as it was written, whatever is in it")
    func positions() {
        var position = TransferPosition()
        position["a"] = "x=y\n%0A%25\r\0é"
        position["b"] = ""
        position[number: "n"] = -5
        position[head: "h"] = ResponseHead(
            url: "https://example.org/", status: 200,
            fields: HeaderFields([HeaderFields.Field("A", "b: c"), HeaderFields.Field("set-cookie", "secret")]))
        let again = TransferPosition(position.bytes)
        #expect(again == position)
        #expect(again[head: "h"]?.fields.all == [HeaderFields.Field("A", "b: c")])
        #expect(TransferPosition([0xff, 0x0a, 0x3d, 0x0a, 0x61]).bytes.count < 10)
    }

    @Test("An entity tag is judged by its bytes, also where a quote and what follows are one character")
    func entityTags() {
        let now = WallTime(microseconds: 1_767_225_600_000_000)
        func strong(_ tag: String) -> String? {
            Validators(HeaderFields([HeaderFields.Field("ETag", tag)]), now: now).entityTag
        }
        let found = String(decoding: [0x22, 0xcc, 0x8d, 0x45, 0x34, 0x2f, 0x54, 0x22] as [UInt8], as: UTF8.self)
        #expect(!found.hasPrefix("\"") && strong(found) == found)
        #expect(strong("\"a\"") == "\"a\"" && strong("W/\"a\"") == nil && strong("a") == nil && strong("\"") == nil)
    }
}
