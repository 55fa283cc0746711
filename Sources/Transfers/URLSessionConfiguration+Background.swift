// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Foundation

#if canImport(FoundationNetworking)
import FoundationNetworking

extension URLSessionConfiguration {
    /// A configuration for transfers that outlive the process, all under one identifier.
    ///
    /// Give the same identifier in every launch: it names the transfers that are on the books. Two programs of an app may
    /// use one session; one of them moves the bytes.
    ///
    /// - Parameter identifier: 1 to 1024 bytes without NUL; another one fails when a transfer is begun.
    public static func background(withIdentifier identifier: String) -> URLSessionConfiguration {
        let configuration = URLSessionConfiguration.default
        configuration.identifier = identifier
        return configuration
    }

    /// Whether the program is started when transfers of this session have ended and nobody has heard of it. True unless set.
    public var sessionSendsLaunchEvents: Bool {
        get { additions.sendsLaunchEvents }
        set { additions.sendsLaunchEvents = newValue }
    }

    /// Whether transfers may use a network that costs money by the byte. True unless set; otherwise they wait for one that
    /// does not.
    public var allowsExpensiveNetworkAccess: Bool {
        get { additions.allowsExpensive }
        set { additions.allowsExpensive = newValue }
    }

    /// Whether transfers may use a network that is to be spared. True unless set; otherwise they wait for another.
    public var allowsConstrainedNetworkAccess: Bool {
        get { additions.allowsConstrained }
        set { additions.allowsConstrained = newValue }
    }

    /// Whether a transfer waits for a network if there is none; else it fails then. True unless set, as always for background
    /// sessions on Apple's systems; here false is heeded too.
    public var waitsForConnectivity: Bool {
        get { additions.waits }
        set { additions.waits = newValue }
    }

    /// What these systems' class has no room for.
    private struct Additions: Hashable {
        var sendsLaunchEvents = true
        var allowsExpensive = true
        var allowsConstrained = true
        var waits = true
    }

    /// A key that nobody else can name.
    private struct AdditionsKey: Hashable {}

    /// Kept in the dictionary of proxies: the one place that travels with `copy()` and that nothing here reads, so that
    /// other keys in it are none of anybody's business.
    private var additions: Additions {
        get { connectionProxyDictionary?[AnyHashable(AdditionsKey())] as? Additions ?? Additions() }
        set {
            connectionProxyDictionary = (connectionProxyDictionary ?? [:]).merging([AdditionsKey(): newValue]) { $1 }
        }
    }
}
#endif
