// SPDX-License-Identifier: Apache-2.0
#include "webhook/sender.hpp"

#include <algorithm>

namespace heddle::webhook {
namespace {

using Millis = std::chrono::milliseconds;

std::string describe(const http::ClientResponse& response) {
    if (!response.error.empty()) return response.error;
    switch (response.failure) {
        case http::ClientFailure::kTimeout:
            return "timed out";
        case http::ClientFailure::kTls:
            return "TLS failed";
        case http::ClientFailure::kProtocol:
            return "the answer is not HTTP";
        default:
            return "connection failed";
    }
}

Sent unanswered(std::string error, Lanes::Answer answer) {
    Sent sent;
    sent.result.error = std::move(error);
    sent.answer = answer;
    return sent;
}

Sent closedUnder() {
    Sent sent = unanswered("closed", Lanes::Answer::kUnknown);
    sent.closed = true;
    return sent;
}

}  // namespace

Sender::Sender(const UrlPolicy& policy, const Clock& clock, http::Resolver& resolver, http::Client& client,
               SenderOptions options)
    : policy_(policy), clock_(clock), resolver_(resolver), client_(client), options_(std::move(options)) {}

Result<Url> Sender::aimedAtSelf(Url url) const {
    if (!options_.self) return Problem::invalid("Webhook URL is relative, but this server does not listen");
    auto [host, port] = options_.self();
    // A listener on every address is reached over loopback.
    if (host.empty() || host == "0.0.0.0") host = "127.0.0.1";
    if (host == "::") host = "::1";
    url.host = std::move(host);
    url.port = port;
    return url;
}

boost::asio::awaitable<Result<Sender::Addresses>> Sender::addressesOf(std::string host, Millis timeout) {
    boost::system::error_code not_literal;
    const auto literal = boost::asio::ip::make_address(host, not_literal);
    if (!not_literal) co_return Addresses{literal};
    auto resolved = co_await resolver_.resolve(std::move(host), timeout);
    if (resolved && resolved->empty()) co_return Problem::invalid("the host has no address");
    co_return resolved;
}

// One bad address refuses the attempt: who answers with two must not have us dial whichever works.
Result<void> Sender::judge(const Url& url, const Addresses& addresses) const {
    if (url.relative) return {};
    for (const auto& address : addresses) {
        const auto allowed = policy_.checkAddress(url, address);
        if (!allowed) return allowed;
    }
    return {};
}

boost::asio::awaitable<Sent> Sender::send(const Delivery& delivery) {
    const auto started = clock_.steady();
    // Again at every attempt: the configuration may have become stricter since the run was created.
    auto url = policy_.checkText(delivery.url);
    if (url && url->relative) url = aimedAtSelf(std::move(*url));
    if (!url) co_return unanswered(url.error().detail, Lanes::Answer::kUnknown);
    auto addresses = co_await addressesOf(url->host, options_.timeout);
    if (closed_) co_return closedUnder();
    if (!addresses) co_return unanswered(addresses.error().detail, Lanes::Answer::kUnknown);
    const auto allowed = judge(*url, *addresses);
    if (!allowed) co_return unanswered(allowed.error().detail, Lanes::Answer::kUnknown);

    http::ClientRequest request = buildRequest(*url, delivery, options_.headers, options_.user_agent);
    request.addresses = std::move(*addresses);
    const auto spent = std::chrono::duration_cast<Millis>(clock_.steady() - started);
    request.timeout = std::max(options_.timeout - spent, Millis(1));
    request.read_max = limits::kWebhookResponseRead;
    const http::ClientResponse response = co_await client_.post(std::move(request));
    if (closed_) co_return closedUnder();

    if (response.failure != http::ClientFailure::kNone) {
        Sent sent = unanswered(describe(response), Lanes::Answer::kNo);
        sent.closed = response.failure == http::ClientFailure::kClosed;
        co_return sent;
    }
    Sent sent;
    sent.answer = Lanes::Answer::kYes;
    sent.result.status = response.status;
    if (const auto value = response.headers.get("Retry-After")) sent.result.retry_after = std::string(*value);
    co_return sent;
}

}  // namespace heddle::webhook
