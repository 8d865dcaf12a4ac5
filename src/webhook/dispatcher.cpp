// SPDX-License-Identifier: Apache-2.0
#include "webhook/dispatcher.hpp"

#include "base/log.hpp"
#include "webhook/dispatcher_impl.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <exception>
#include <unordered_set>
#include <utility>
#include <vector>

namespace heddle::webhook {
namespace {

namespace asio = boost::asio;
using Millis = std::chrono::milliseconds;

// The longest single wait: wall time may jump, and the timer does not see it. No query happens when it fires
// early.
constexpr microseconds kWaitMax = std::chrono::seconds(30);

SenderOptions senderOptions(const DispatcherOptions& options) {
    SenderOptions sender;
    sender.headers = options.headers;
    sender.user_agent = options.user_agent;
    sender.self = options.self;
    return sender;
}

// What one look into the outbox brings.
struct Heads {
    std::vector<store::DueDelivery> due;
    std::vector<std::string> more;  // lanes with more that is due than was read
    bool more_lanes = false;
    std::optional<Timestamp> next_due;  // the first that is not due yet, as far as was read
};

void readLane(sql::Connection& db, const std::string& lane, Timestamp now, std::size_t rows, Heads& heads) {
    const auto read = store::nextInLane(db, lane, static_cast<std::int64_t>(rows));
    for (const auto& delivery : read) {
        if (delivery.due_at > now) {
            heads.next_due = std::min(heads.next_due.value_or(delivery.due_at), delivery.due_at);
            return;
        }
        heads.due.push_back(delivery);
    }
    if (read.size() == rows) heads.more.push_back(lane);
}

}  // namespace

Dispatcher::Impl::Impl(asio::any_io_executor loop, sql::Database& db, const Clock& clock, Random& random,
                       http::Client& client, http::Resolver& resolver, DispatcherOptions options)
    : loop_(std::move(loop)),
      db_(db),
      clock_(clock),
      random_(random),
      held_(options.held),
      metrics_(options.metrics),
      storage_pause_(options.storage_pause),
      policy_(options.settings),
      plan_(options.settings.retry_schedule_s),
      sender_(policy_, clock, resolver, client, senderOptions(options)),
      signal_(loop_),
      idle_(loop_) {}

void Dispatcher::Impl::start() {
    if (held_ || pumping_ || stopping_) return;
    pumping_ = true;
    asio::co_spawn(loop_, pump(), asio::detached);
}

void Dispatcher::Impl::wake() {
    stale_ = true;
    nudge();
}

void Dispatcher::Impl::nudge() {
    nudged_ = true;
    signal_.cancel();
}

void Dispatcher::Impl::dueAt(Timestamp due) {
    next_due_ = std::min(next_due_.value_or(due), due);
}

void Dispatcher::Impl::abandon() {
    stopping_ = true;
    abandoned_ = true;
    sender_.close();
    signal_.cancel();
    idle_.cancel();
}

asio::awaitable<void> Dispatcher::Impl::stop(Millis limit) {
    const auto self = shared_from_this();
    stopping_ = true;
    signal_.cancel();
    idle_.expires_after(limit);
    boost::system::error_code fired;
    while (!abandoned_ && (pumping_ || lanes_.inFlight() > 0)) {
        co_await idle_.async_wait(asio::redirect_error(asio::use_awaitable, fired));
        if (!fired) break;  // the limit; a cancelled wait means that something has ended
    }
}

asio::awaitable<void> Dispatcher::Impl::pump() {
    const auto self = shared_from_this();
    bool ready = false;
    while (!ready && !stopping_) {
        ready = co_await takeUp();
        if (!ready) co_await pauseForStorage();
    }
    while (!stopping_) {
        nudged_ = false;
        bool read = true;
        if (stale_) read = co_await refresh();
        if (stopping_) break;
        startAttempts();
        if (read) {
            co_await waitForWork();
        } else {
            co_await pauseForStorage();
        }
    }
    pumping_ = false;
    idle_.cancel();
}

// Attempts that an earlier process did not end are due again.
asio::awaitable<bool> Dispatcher::Impl::takeUp() {
    try {
        const auto now = clock_.now();
        auto job = [now](sql::Connection& db) -> Result<std::int64_t> {
            store::releaseLeases(db, now);
            return store::countPending(db);
        };
        const auto pending = co_await db_.write(std::move(job));
        if (pending && *pending > 0) log::info("webhook.resumed", {{"pending", *pending}});
        co_return pending.has_value();
    } catch (const std::exception& error) {
        log::error("webhook.storage", {{"step", "take up"}, {"error", error.what()}});
    }
    co_return false;
}

// Reads the heads of the lanes that want some. False when storage failed: `stale_` stays.
asio::awaitable<bool> Dispatcher::Impl::refresh() {
    try {
        stale_ = false;
        next_due_.reset();  // attempts that end while we read add theirs again
        const auto now = clock_.now();
        const auto names = lanes_.passOver();
        const std::unordered_set<std::string> full(names.begin(), names.end());
        const auto lanes_max = lanes_.readLanes();
        const auto rows = lanes_.readPerLane();
        auto job = [now, full, lanes_max, rows](sql::Connection& db) -> Result<Heads> {
            Heads heads;
            const auto read = store::nextLanes(db, static_cast<std::int64_t>(lanes_max));
            heads.more_lanes = read.size() == lanes_max;
            for (const auto& lane : read) {
                if (lane.due_at > now) {
                    heads.next_due = std::min(heads.next_due.value_or(lane.due_at), lane.due_at);
                    heads.more_lanes = false;
                    break;
                }
                if (!full.contains(lane.lane)) readLane(db, lane.lane, now, rows, heads);
            }
            return heads;
        };
        auto heads = co_await db_.read(std::move(job));
        if (stopping_) co_return true;
        if (heads->next_due) dueAt(*heads->next_due);
        for (const auto& delivery : heads->due) lanes_.offer(delivery);
        for (const auto& lane : heads->more) lanes_.markMore(lane);
        if (heads->more_lanes) lanes_.markMoreLanes();
        co_return true;
    } catch (const std::exception& error) {
        log::error("webhook.storage", {{"step", "read"}, {"error", error.what()}});
    }
    stale_ = true;
    co_return false;
}

void Dispatcher::Impl::startAttempts() {
    while (auto head = lanes_.start()) asio::co_spawn(loop_, attempt(std::move(*head)), asio::detached);
    if (lanes_.takeHungry()) {
        stale_ = true;
        nudged_ = true;
    }
}

// Until wake(), the end of an attempt, or the next due time by the wall clock.
asio::awaitable<void> Dispatcher::Impl::waitForWork() {
    while (!nudged_ && !stale_ && !stopping_) {
        microseconds wait = kWaitMax;
        if (next_due_) {
            wait = std::clamp(*next_due_ - clock_.now(), microseconds(0), kWaitMax);
            if (wait == microseconds(0)) {
                stale_ = true;
                co_return;
            }
        }
        signal_.expires_after(wait);
        boost::system::error_code ignored;
        co_await signal_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }
}

asio::awaitable<void> Dispatcher::Impl::pauseForStorage() {
    if (stopping_) co_return;
    Timer timer(loop_, storage_pause_);
    boost::system::error_code ignored;
    co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

Dispatcher::Dispatcher(asio::any_io_executor loop, sql::Database& db, const Clock& clock, Random& random,
                       http::Client& client, http::Resolver& resolver, DispatcherOptions options)
    : impl_(
          std::make_shared<Impl>(std::move(loop), db, clock, random, client, resolver, std::move(options))) {}

Dispatcher::~Dispatcher() {
    impl_->abandon();
}

void Dispatcher::start() {
    impl_->start();
}

void Dispatcher::wake() {
    impl_->wake();
}

asio::awaitable<void> Dispatcher::stop(Millis limit) {
    return impl_->stop(limit);
}

}  // namespace heddle::webhook
