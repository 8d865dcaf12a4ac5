// SPDX-License-Identifier: Apache-2.0
// Behind Dispatcher: one pump coroutine reads what is due and starts attempts, a coroutine for each attempt.
// Loop thread only.
#pragma once

#include "webhook/dispatcher.hpp"
#include "webhook/lanes.hpp"
#include "webhook/retry_plan.hpp"
#include "webhook/sender.hpp"

#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace heddle::webhook {

class Dispatcher::Impl : public std::enable_shared_from_this<Impl> {
  public:
    Impl(boost::asio::any_io_executor loop, sql::Database& db, const Clock& clock, Random& random,
         http::Client& client, http::Resolver& resolver, const UrlPolicy& policy, DispatcherOptions options);

    void start();
    void offer(store::DueDelivery delivery);
    void wake();
    void release(std::string_view lane);
    void setCredentials(Credentials credentials);
    boost::asio::awaitable<Result<DeliveryAttempt>> test(std::string url);
    boost::asio::awaitable<void> stop(std::chrono::milliseconds limit);
    // The Dispatcher has gone, and with it perhaps what the references stand for: touch nothing any more.
    void abandon();

  private:
    using Timer = boost::asio::steady_timer;

    // -- dispatcher.cpp: the pump
    boost::asio::awaitable<void> pump();
    boost::asio::awaitable<bool> takeUp();
    boost::asio::awaitable<bool> refresh();
    boost::asio::awaitable<void> exhaustOverdue();
    boost::asio::awaitable<void> waitForWork();
    boost::asio::awaitable<void> pauseForStorage();
    void startAttempts();
    void dueAt(Timestamp due);
    void nudge();

    // -- attempt.cpp: one attempt
    boost::asio::awaitable<void> attempt(store::DueDelivery head);
    boost::asio::awaitable<void> perform(store::DueDelivery head);
    boost::asio::awaitable<std::optional<Delivery>> begin(store::DueDelivery head, Timestamp now);
    boost::asio::awaitable<void> record(Delivery delivery, store::AttemptEnd end);
    void count(const Delivery& delivery, const DeliveryAttempt& attempt) const;
    void report(const Delivery& delivery, const Sent& sent, const NextStep& next) const;

    boost::asio::any_io_executor loop_;
    sql::Database& db_;
    const Clock& clock_;
    Random& random_;
    bool held_;
    metrics::Metrics* metrics_;
    std::chrono::milliseconds storage_pause_;
    const UrlPolicy& policy_;
    WebhookFields fields_;  // of the body of tests; runs' bodies are made when they end
    std::shared_ptr<const Credentials> credentials_;
    RetryPlan plan_;
    microseconds lease_;
    Lanes lanes_;
    Sender sender_;

    Timer signal_;  // fires when there is work; cancelled to say so at once
    Timer idle_;    // what stop() waits on
    std::optional<Timestamp> next_due_;
    std::optional<Timestamp> next_expiry_;  // when something may have waited for its whole span
    std::size_t tests_ = 0;                 // test() under way
    bool stale_ = true;                     // the outbox may hold what we have not read
    bool nudged_ = false;                   // slots or heads changed
    bool pumping_ = false;
    bool stopping_ = false;
    bool abandoned_ = false;
};

}  // namespace heddle::webhook
