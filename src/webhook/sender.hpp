// SPDX-License-Identifier: Apache-2.0
// One attempt: judge the URL, resolve, judge every address, sign, POST. One deadline over all of it.
#pragma once

#include "base/time.hpp"
#include "domain/delivery.hpp"
#include "domain/webhook_settings.hpp"
#include "http/client.hpp"
#include "http/resolver.hpp"
#include "webhook/credentials.hpp"
#include "webhook/lanes.hpp"
#include "webhook/request.hpp"
#include "webhook/url_policy.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/thread_pool.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace heddle::webhook {

struct SenderOptions {
    std::string user_agent;
    std::function<std::pair<std::string, std::uint16_t>()> self;  // where relative URLs go
    std::string mount_prefix;                                     // put before their paths
    std::chrono::milliseconds timeout{30'000};
    std::chrono::milliseconds connect_timeout{10'000};
    std::optional<WebhookProxy> proxy;
    boost::asio::thread_pool* offload = nullptr;  // for big bodies; null: all on the loop
};

struct Sent {
    DeliveryAttempt attempt;                 // all but its number
    std::optional<std::string> retry_after;  // the header, as received
    Lanes::Answer answer = Lanes::Answer::kUnknown;
    bool closed = false;  // the client was closed under it: nobody knows how far it got
};

// Loop thread only. Everything given by reference outlives every send(), or close() is called.
class Sender {
  public:
    Sender(boost::asio::any_io_executor loop, const UrlPolicy& policy, const Clock& clock,
           http::Resolver& resolver, http::Client& client, SenderOptions options);

    // `delivery` lives until the awaitable has completed. No exception for anything a network can do; throws
    // std::runtime_error for a damaged row.
    boost::asio::awaitable<Sent> send(const Delivery& delivery,
                                      std::shared_ptr<const Credentials> credentials);
    // What is given by reference goes away: sends under way end (`closed`) without touching it.
    void close() { closed_ = true; }

  private:
    using Addresses = std::vector<boost::asio::ip::address>;

    // Where an attempt goes, judged; or why it does not.
    struct Route {
        Url url;
        Addresses addresses;
        std::optional<http::ClientProxy> proxy;
        std::optional<microseconds> dns;  // what looking its name up took, where it was
    };
    struct NoRoute {
        AttemptOutcome outcome = AttemptOutcome::kBlocked;
        std::string error;
        Lanes::Answer answer = Lanes::Answer::kUnknown;
    };

    boost::asio::awaitable<std::optional<NoRoute>> findRoute(const Delivery& delivery, Route& route);
    boost::asio::awaitable<std::optional<NoRoute>> findProxy(Route& route);
    // A relative URL with our own listener's host and port.
    [[nodiscard]] Result<Url> aimedAtSelf(Url url) const;
    boost::asio::awaitable<Result<Addresses>> addressesOf(Route& route, std::string host);
    [[nodiscard]] Result<void> judge(const Url& url, const Addresses& addresses) const;
    [[nodiscard]] bool usesProxy(const Url& url) const;
    // The body with its time, and the signature over it; on the offload thread when it is big.
    boost::asio::awaitable<std::pair<std::string, Stamp>> seal(
        const Delivery& delivery, std::shared_ptr<const Credentials> credentials);

    boost::asio::any_io_executor loop_;
    const UrlPolicy& policy_;
    const Clock& clock_;
    http::Resolver& resolver_;
    http::Client& client_;
    SenderOptions options_;
    bool closed_ = false;
};

}  // namespace heddle::webhook
