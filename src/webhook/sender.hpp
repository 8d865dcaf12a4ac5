// SPDX-License-Identifier: Apache-2.0
// One attempt: judge the URL, resolve, judge every address, POST. One deadline over all of it.
#pragma once

#include "base/limits.hpp"
#include "base/time.hpp"
#include "http/client.hpp"
#include "http/resolver.hpp"
#include "webhook/lanes.hpp"
#include "webhook/request.hpp"
#include "webhook/retry_plan.hpp"
#include "webhook/url_policy.hpp"

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace heddle::webhook {

struct SenderOptions {
    ConfiguredHeaders headers;
    std::string user_agent;
    std::function<std::pair<std::string, std::uint16_t>()> self;  // where relative URLs go
    std::chrono::milliseconds timeout = limits::kWebhookAttempt;
};

struct Sent {
    AttemptResult result;
    Lanes::Answer answer = Lanes::Answer::kUnknown;
    bool closed = false;  // the client was closed under it: nobody knows how far it got
};

// Loop thread only. Everything given by reference outlives every send(), or close() is called.
class Sender {
  public:
    Sender(const UrlPolicy& policy, const Clock& clock, http::Resolver& resolver, http::Client& client,
           SenderOptions options);

    // `delivery` lives until the awaitable has completed. No exception for anything a network can do.
    boost::asio::awaitable<Sent> send(const Delivery& delivery);
    // What is given by reference goes away: sends under way end (`closed`) without touching it.
    void close() { closed_ = true; }

  private:
    using Addresses = std::vector<boost::asio::ip::address>;

    // A relative URL with our own listener's host and port.
    [[nodiscard]] Result<Url> aimedAtSelf(Url url) const;
    boost::asio::awaitable<Result<Addresses>> addressesOf(std::string host,
                                                          std::chrono::milliseconds timeout);
    [[nodiscard]] Result<void> judge(const Url& url, const Addresses& addresses) const;

    const UrlPolicy& policy_;
    const Clock& clock_;
    http::Resolver& resolver_;
    http::Client& client_;
    SenderOptions options_;
    bool closed_ = false;
};

}  // namespace heddle::webhook
