// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

/// Carries a client's closure to the queue on which it is called.
///
/// Apple's launch and expiration handlers are not `@Sendable`, and clients' code depends on it. The promise that stands
/// in for the compiler's check: the closure is called by one thread at a time, on the queue that the client chose or on
/// the actor that the closure belongs to.
struct HandlerBox<Handler>: @unchecked Sendable {
    // Reason: see above; the box is never mutated after it was made.
    let handler: Handler
}
