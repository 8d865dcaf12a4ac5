// SPDX-License-Identifier: Apache-2.0
#include "webhook/sender.hpp"

#include "base/limits.hpp"
#include "base/offload.hpp"
#include "base/utf8.hpp"
#include "webhook/host.hpp"
#include "webhook/payload.hpp"
#include "webhook/signature.hpp"

#include <boost/asio/ip/address.hpp>

#include <algorithm>
#include <exception>

namespace heddle::webhook {
namespace {

using Millis = std::chrono::milliseconds;
using boost::asio::ip::address;

// Above this a body is stamped and signed on the offload thread.
constexpr std::size_t kInlineBody = 64 * 1024;

AttemptOutcome outcomeOf(unsigned status) {
    if (status / 100 == 2) return AttemptOutcome::kSuccess;
    if (status / 100 == 3) return AttemptOutcome::kRedirect;
    return status == 410 ? AttemptOutcome::kGone : AttemptOutcome::kHttpError;
}

std::string errorOf(AttemptOutcome outcome, unsigned status) {
    const std::string code = "HTTP " + std::to_string(status);
    switch (outcome) {
        case AttemptOutcome::kSuccess:
            return {};
        case AttemptOutcome::kGone:
            return "gone (" + code + ")";
        case AttemptOutcome::kRedirect:
            return code + " (redirects are not followed)";
        default:
            return code;
    }
}

AttemptOutcome outcomeOf(http::ClientFailure failure) {
    using Failure = http::ClientFailure;
    switch (failure) {
        case Failure::kNone:
            return AttemptOutcome::kSuccess;
        case Failure::kConnectRefused:
            return AttemptOutcome::kConnectRefused;
        case Failure::kConnectTimeout:
            return AttemptOutcome::kConnectTimeout;
        case Failure::kConnectFailed:
            return AttemptOutcome::kConnectFailed;
        case Failure::kTlsExpired:
            return AttemptOutcome::kTlsExpired;
        case Failure::kTlsHostname:
            return AttemptOutcome::kTlsHostname;
        case Failure::kTlsUntrusted:
            return AttemptOutcome::kTlsUntrusted;
        case Failure::kTlsFailed:
            return AttemptOutcome::kTlsFailed;
        case Failure::kTimeout:
            return AttemptOutcome::kTimeout;
        case Failure::kProtocol:
            return AttemptOutcome::kBadResponse;
        case Failure::kReset:
            return AttemptOutcome::kReset;
        case Failure::kProxy:
            return AttemptOutcome::kProxyFailed;
        case Failure::kClosed:
            return AttemptOutcome::kInterrupted;
    }
    return AttemptOutcome::kInterrupted;
}

// The first bytes as valid UTF-8: what is none becomes U+FFFD.
std::string readable(std::string_view bytes) {
    constexpr std::size_t kLongest = 4;  // bytes of a code point
    std::string out;
    out.reserve(std::min(bytes.size(), limits::kWebhookResponseKept));
    for (std::size_t at = 0; at < bytes.size() && out.size() + kLongest <= limits::kWebhookResponseKept;) {
        const auto length = utf8::sequence(bytes, at);
        if (length == 0 || bytes[at] == '\0') {
            utf8::append(out, 0xfffd);
            ++at;
        } else {
            out += bytes.substr(at, length);
            at += length;
        }
    }
    return out;
}

Sent sentOf(const http::ClientResponse& response) {
    Sent sent;
    auto& attempt = sent.attempt;
    attempt.connect = response.phases.connect;
    attempt.tls = response.phases.tls;
    attempt.first_byte = response.phases.first_byte;
    if (response.status != 0) {
        attempt.status_code = static_cast<int>(response.status);
        if (!response.body.empty()) attempt.response_body = readable(response.body);
        if (const auto value = response.headers.get("Retry-After")) sent.retry_after = std::string(*value);
    }
    if (response.failure == http::ClientFailure::kNone) {
        attempt.outcome = outcomeOf(response.status);
        attempt.error = errorOf(attempt.outcome, response.status);
        sent.answer = Lanes::Answer::kYes;
        return sent;
    }
    attempt.outcome = outcomeOf(response.failure);
    attempt.error = response.error;
    sent.closed = response.failure == http::ClientFailure::kClosed;
    // What the proxy does says nothing about the receiver.
    const bool tried = response.failure != http::ClientFailure::kProxy && !sent.closed;
    sent.answer = tried ? Lanes::Answer::kNo : Lanes::Answer::kUnknown;
    return sent;
}

Sent closedUnder() {
    Sent sent;
    sent.attempt.error = "the server is shutting down";
    sent.closed = true;
    return sent;
}

std::optional<address> literal(const std::string& host) {
    boost::system::error_code not_literal;
    const auto value = boost::asio::ip::make_address(host, not_literal);
    return not_literal ? std::nullopt : std::optional<address>(value);
}

}  // namespace

Sender::Sender(boost::asio::any_io_executor loop, const UrlPolicy& policy, const Clock& clock,
               http::Resolver& resolver, http::Client& client, SenderOptions options)
    : loop_(std::move(loop)),
      policy_(policy),
      clock_(clock),
      resolver_(resolver),
      client_(client),
      options_(std::move(options)) {}

Result<Url> Sender::aimedAtSelf(Url url) const {
    if (!options_.self) return Problem::invalid("Webhook URL is relative, but this server does not listen");
    auto [host, port] = options_.self();
    // A listener on every address is reached over loopback.
    if (host.empty() || host == "0.0.0.0") host = "127.0.0.1";
    if (host == "::") host = "::1";
    url.host = std::move(host);
    url.port = port;
    url.target.insert(0, options_.mount_prefix);
    return url;
}

boost::asio::awaitable<Result<Sender::Addresses>> Sender::addressesOf(Route& route, std::string host) {
    if (const auto one = literal(host)) co_return Addresses{*one};
    const auto began = clock_.steady();
    auto resolved = co_await resolver_.resolve(std::move(host), options_.timeout);
    route.dns = clock_.steady() - began;
    if (resolved && resolved->empty()) co_return Problem::invalid("the host has no address");
    co_return resolved;
}

// One bad address refuses the attempt: who answers with two must not have us dial whichever works.
Result<void> Sender::judge(const Url& url, const Addresses& addresses) const {
    if (url.relative) return {};
    for (const auto& one : addresses) {
        const auto allowed = policy_.checkAddress(url, one);
        if (!allowed) return allowed;
    }
    return {};
}

// Our own machine is not reached through a proxy elsewhere.
bool Sender::usesProxy(const Url& url) const {
    if (!options_.proxy || url.relative) return false;
    const auto one = literal(url.host);
    if (one ? one->is_loopback() : url.host == "localhost") return false;
    const auto& except = options_.proxy->except;
    return std::none_of(except.begin(), except.end(),
                        [&url](const std::string& pattern) { return fitsHost(pattern, url.host); });
}

boost::asio::awaitable<std::optional<Sender::NoRoute>> Sender::findProxy(Route& route) {
    const auto& proxy = *options_.proxy;
    auto addresses = co_await addressesOf(route, proxy.host);
    if (closed_) co_return std::nullopt;
    if (!addresses) {
        co_return NoRoute{AttemptOutcome::kProxyFailed, "proxy: " + addresses.error().detail,
                          Lanes::Answer::kUnknown};
    }
    using Target = http::ClientProxy::Target;
    const bool by_name = proxy.resolve == WebhookProxy::Resolve::kProxy && !literal(route.url.host);
    route.proxy = http::ClientProxy{std::move(*addresses), proxy.port, proxy.authorization.reveal(),
                                    by_name ? Target::kName : Target::kAddress};
    co_return std::nullopt;
}

boost::asio::awaitable<std::optional<Sender::NoRoute>> Sender::findRoute(const Delivery& delivery,
                                                                         Route& route) {
    // Again at every attempt: the configuration may have become stricter since the run was created.
    auto url = policy_.checkText(delivery.url);
    if (url && url->relative) url = aimedAtSelf(std::move(*url));
    if (!url) co_return NoRoute{AttemptOutcome::kBlocked, url.error().detail, Lanes::Answer::kUnknown};
    route.url = std::move(*url);
    if (usesProxy(route.url)) {
        auto failed = co_await findProxy(route);
        if (failed || closed_) co_return failed;
        if (route.proxy->target == http::ClientProxy::Target::kName) co_return std::nullopt;
    }
    auto addresses = co_await addressesOf(route, route.url.host);
    if (closed_) co_return std::nullopt;
    if (!addresses) {
        co_return NoRoute{AttemptOutcome::kDnsFailed, addresses.error().detail, Lanes::Answer::kNo};
    }
    const auto allowed = judge(route.url, *addresses);
    if (!allowed) {
        co_return NoRoute{AttemptOutcome::kBlocked, allowed.error().detail, Lanes::Answer::kUnknown};
    }
    route.addresses = std::move(*addresses);
    co_return std::nullopt;
}

boost::asio::awaitable<std::pair<std::string, Stamp>> Sender::seal(
    const Delivery& delivery, std::shared_ptr<const Credentials> credentials) {
    std::pair<std::string, Stamp> sealed;
    std::exception_ptr damaged;
    sealed.second.timestamp_s = clock_.now().micros() / 1'000'000;
    auto work = [&] {
        try {
            sealed.first = stamped(delivery, delivery.first_sent_at.value_or(delivery.created_at));
            if (credentials->signing_keys.empty()) return;
            sealed.second.signature = signatureHeader(credentials->signing_keys, delivery.id.str(),
                                                      sealed.second.timestamp_s, sealed.first);
        } catch (...) {
            damaged = std::current_exception();
        }
    };
    if (options_.offload != nullptr && delivery.body.size() > kInlineBody) {
        co_await offload(loop_, *options_.offload, work);
    } else {
        work();
    }
    if (damaged) std::rethrow_exception(damaged);
    co_return sealed;
}

boost::asio::awaitable<Sent> Sender::send(const Delivery& delivery,
                                          std::shared_ptr<const Credentials> credentials) {
    const auto began = clock_.now();
    const auto began_steady = clock_.steady();
    Route route;
    auto failed = co_await findRoute(delivery, route);
    if (closed_) co_return closedUnder();
    Sent sent;
    if (failed) {
        sent.attempt.outcome = failed->outcome;
        sent.attempt.error = std::move(failed->error);
        sent.answer = failed->answer;
    } else {
        auto [body, stamp] = co_await seal(delivery, credentials);
        if (closed_) co_return closedUnder();
        http::ClientRequest request = buildRequest(route.url, delivery, std::move(body), credentials->headers,
                                                   options_.user_agent, stamp);
        request.addresses = std::move(route.addresses);
        request.proxy = std::move(route.proxy);
        const auto spent = std::chrono::duration_cast<Millis>(clock_.steady() - began_steady);
        request.timeout = std::max(options_.timeout - spent, Millis(1));
        request.connect_timeout = options_.connect_timeout;
        request.read_max = limits::kWebhookResponseRead;
        const http::ClientResponse response = co_await client_.post(std::move(request));
        if (closed_) co_return closedUnder();
        sent = sentOf(response);
    }
    sent.attempt.started_at = began;
    sent.attempt.duration = clock_.steady() - began_steady;
    sent.attempt.dns = route.dns;
    co_return sent;
}

}  // namespace heddle::webhook
