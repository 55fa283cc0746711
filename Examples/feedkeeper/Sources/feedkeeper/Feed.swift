// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Foundation
import FoundationNetworking
import FoundationXML

/// One entry of a feed.
struct Article: Codable, Hashable {
    /// What the feed knows it by; two articles with one id are the same.
    var id: String
    var title: String
    var link: String
    /// When it was kept here.
    var date: Date
}

/// A feed on the web, in RSS 2.0 or Atom.
struct Feed {
    let url: URL

    struct Unreadable: Error, CustomStringConvertible {
        let description: String
    }

    func fetch() async throws -> [Article] {
        var request = URLRequest(url: url)
        request.timeoutInterval = 20
        let (data, response): (Data, URLResponse)
        do {
            (data, response) = try await URLSession.shared.data(for: request)
        } catch let error as URLError {
            throw Unreadable(description: "\(url): \(error.localizedDescription)")
        }
        if let status = (response as? HTTPURLResponse)?.statusCode, status != 200 {
            throw Unreadable(description: "\(url) answered with status \(status)")
        }
        let entries = FeedEntries()
        let parser = XMLParser(data: data)
        parser.delegate = entries
        guard parser.parse() else {
            throw Unreadable(
                description: "\(url) is no feed: \(parser.parserError.map { "\($0)" } ?? "no reason given")")
        }
        return entries.articles
    }
}

/// Collects the entries while the parser walks through the feed.
private final class FeedEntries: NSObject, XMLParserDelegate {
    private(set) var articles: [Article] = []
    private var fields: [String: String]?
    private var element = ""

    func parser(
        _ parser: XMLParser, didStartElement name: String, namespaceURI: String?, qualifiedName: String?,
        attributes: [String: String]
    ) {
        element = name
        if name == "item" || name == "entry" { fields = [:] }
        if name == "link", let address = attributes["href"] { fields?["link", default: ""] += address }
    }

    func parser(_ parser: XMLParser, foundCharacters text: String) {
        fields?[element, default: ""] += text
    }

    func parser(_ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?) {
        element = ""
        guard name == "item" || name == "entry", let fields else { return }
        self.fields = nil
        func field(_ name: String) -> String? {
            fields[name]?.trimmingCharacters(in: .whitespacesAndNewlines)
        }
        let link = field("link") ?? ""
        articles.append(
            Article(id: field("guid") ?? field("id") ?? link, title: field("title") ?? link, link: link, date: Date()))
    }
}
