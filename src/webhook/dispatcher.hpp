// SPDX-License-Identifier: Apache-2.0
// Sends what the outbox holds: a lane for each destination, at least once, also after a crash.
#pragma once

#include "base/random.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "domain/delivery.hpp"
#include "http/client.hpp"
#include "http/resolver.hpp"
#include "metrics/metrics.hpp"
#include "sql/database.hpp"
#include "store/deliveries.hpp"
#include "webhook/credentials.hpp"
#include "webhook/url_policy.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/thread_pool.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace heddle::webhook {

struct DispatcherOptions {
    WebhookSettings settings;
    Credentials credentials;
    std::string user_agent;  // "heddle/0.1.0"
    bool held = false;       // http.disable_webhooks: what waits stays where it is
    // The address of our own listener for relative URLs. 0.0.0.0 and :: are reached over loopback.
    std::function<std::pair<std::string, std::uint16_t>()> self;
    metrics::Metrics* metrics = nullptr;            // may be null
    boost::asio::thread_pool* offload = nullptr;    // for big bodies; may be null
    std::chrono::milliseconds storage_pause{1000};  // before storage that failed is tried again
};

// Loop thread only. The references given outlive every attempt: stop() it, close() the client, then let it
// go.
class Dispatcher {
  public:
    Dispatcher(boost::asio::any_io_executor loop, sql::Database& db, const Clock& clock, Random& random,
               http::Client& client, http::Resolver& resolver, const UrlPolicy& policy,
               DispatcherOptions options);
    ~Dispatcher();
    Dispatcher(const Dispatcher&) = delete;
    Dispatcher& operator=(const Dispatcher&) = delete;

    // Takes up what an earlier process left, then follows wake().
    void start();
    // A delivery was just committed, after start() was called: sent without reading the outbox first, and
    // without waiting for what may be a million others. Cheap; called after every finished run with a
    // webhook.
    void offer(store::DueDelivery delivery);
    // Deliveries became due: the outbox is read.
    void wake();
    // A delivery of this lane was sent again by hand, and the lane's hold on disk released: it goes out at
    // once, as the probe when the circuit is open.
    void release(std::string_view lane);
    // From the next attempt on.
    void setCredentials(Credentials credentials);
    // Sends a sample payload once, by the same rules, headers and signature, and keeps nothing of it. A
    // Problem when the policy refuses the URL.
    boost::asio::awaitable<Result<DeliveryAttempt>> test(std::string url);
    // Stops starting attempts; resolves when those under way have ended or `limit` has passed.
    boost::asio::awaitable<void> stop(std::chrono::milliseconds limit);

  private:
    class Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace heddle::webhook
