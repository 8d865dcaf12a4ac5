// SPDX-License-Identifier: Apache-2.0
// A webhook delivery: one row of the outbox, written in the transaction that ends its run; and its attempts.
#pragma once

#include "base/ids.hpp"
#include "base/time.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace heddle {

// kExhausted: the schedule has ended without a 2xx. kGone: the receiver answered 410.
enum class DeliveryStatus { kPending, kSucceeded, kExhausted, kGone, kCancelled };

[[nodiscard]] std::string_view toString(DeliveryStatus status);
[[nodiscard]] std::optional<DeliveryStatus> parseDeliveryStatus(std::string_view text);

struct Delivery {
    DeliveryId id;
    RunId run_id;
    ThreadId thread_id;
    std::string url;   // as the client gave it; its query is a secret
    std::string lane;  // its destination, scheme://host:port or "self" (webhook::laneOf); no secret
    std::string host;  // of the lane: what the API filters by
    // W3C traceparent of the request that created the run.
    std::optional<std::string> traceparent;
    // The JSON body with a placeholder of 32 characters at `sent_at_offset`, where `webhook_sent_at` goes;
    // negative: the body has no such field. The first attempt's time is committed before it dials, so every
    // attempt sends the same bytes.
    std::string body;
    std::int64_t sent_at_offset = 0;
    std::optional<Timestamp> first_sent_at;
    DeliveryStatus status = DeliveryStatus::kPending;
    std::int64_t attempts = 0;  // in all; numbers them
    std::int64_t spent = 0;     // attempts before the last resend: the retry plan does not count them
    Timestamp due_at;
    Timestamp created_at;  // the run's end
    Timestamp queued_at;   // created, or sent again by hand: where the plan's span starts
    Timestamp updated_at;
    // Of the last attempt that ended; its words are those of DeliveryAttempt.
    std::optional<int> last_status_code;
    std::string last_error;
};

// How an attempt ended: the word that API, logs and metrics use.
enum class AttemptOutcome {
    kSuccess,    // 2xx
    kGone,       // 410
    kRedirect,   // 3xx
    kHttpError,  // any other status
    kBlocked,    // the policy refused URL or address
    kDnsFailed,  // no address for the name
    kConnectRefused,
    kConnectTimeout,
    kConnectFailed,  // unreachable and the like
    kTlsExpired,
    kTlsHostname,
    kTlsUntrusted,  // self-signed, unknown or revoked issuer
    kTlsFailed,
    kTimeout,      // the attempt's deadline passed after the connection was made
    kReset,        // the receiver closed before its answer was complete
    kBadResponse,  // not HTTP/1.x, or beyond our bounds
    kProxyFailed,  // the egress proxy, not the receiver
    kInterrupted,  // this server stopped or died meanwhile
};

[[nodiscard]] std::string_view toString(AttemptOutcome outcome);
[[nodiscard]] std::optional<AttemptOutcome> parseAttemptOutcome(std::string_view text);

struct DeliveryAttempt {
    std::int64_t number = 0;  // from 1
    Timestamp started_at;
    std::optional<microseconds> duration;  // nothing: unknown, the server died during it
    // Parts of it, in order; nothing: not reached, or not needed (a kept-alive connection has no connect).
    std::optional<microseconds> dns;
    std::optional<microseconds> connect;
    std::optional<microseconds> tls;
    std::optional<microseconds> first_byte;  // from the request to the response's first byte
    std::optional<int> status_code;
    AttemptOutcome outcome = AttemptOutcome::kInterrupted;
    std::string error;  // for people: never a URL's query, never a body; empty on success
    // The first 16 KiB of the answer, valid UTF-8; nothing when there was none.
    std::optional<std::string> response_body;
};

}  // namespace heddle
