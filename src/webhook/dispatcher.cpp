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

// Longer than any attempt with the commit of its end: another instance takes the delivery up after it.
constexpr std::chrono::seconds kLeaseMargin{60};
constexpr std::int64_t kExhaustChunk = 200;
constexpr std::chrono::minutes kExpiryPause{1};

SenderOptions senderOptions(const DispatcherOptions& options) {
    SenderOptions sender;
    sender.user_agent = options.user_agent;
    sender.self = options.self;
    sender.mount_prefix = options.settings.mount_prefix;
    sender.timeout = std::chrono::seconds(options.settings.timeout_s);
    sender.connect_timeout = std::chrono::seconds(options.settings.connect_timeout_s);
    sender.proxy = options.settings.proxy;
    sender.offload = options.offload;
    return sender;
}

LaneLimits laneLimits(const WebhookSettings& settings) {
    LaneLimits limits;
    limits.rate_per_s = settings.rate_per_s;
    return limits;
}

// What one look into the outbox brings.
struct Heads {
    std::vector<store::DueDelivery> due;
    std::vector<std::string> more;  // lanes with more that is due than was read
    bool more_lanes = false;
    std::optional<Timestamp> next_due;  // the first that is not due yet, as far as was read
    std::optional<Timestamp> oldest;    // that is pending
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
                       http::Client& client, http::Resolver& resolver, const UrlPolicy& policy,
                       DispatcherOptions options)
    : loop_(std::move(loop)),
      db_(db),
      clock_(clock),
      random_(random),
      held_(options.held),
      metrics_(options.metrics),
      storage_pause_(options.storage_pause),
      policy_(policy),
      fields_(options.settings.fields),
      credentials_(std::make_shared<const Credentials>(std::move(options.credentials))),
      plan_(options.settings.retry_schedule_s),
      lease_(std::chrono::seconds(options.settings.timeout_s) + kLeaseMargin),
      lanes_(laneLimits(options.settings)),
      sender_(loop_, policy_, clock, resolver, client, senderOptions(options)),
      signal_(loop_),
      idle_(loop_) {}

void Dispatcher::Impl::start() {
    if (pumping_ || stopping_) return;
    pumping_ = true;
    asio::co_spawn(loop_, pump(), asio::detached);
}

void Dispatcher::Impl::offer(store::DueDelivery delivery) {
    if (held_ || stopping_) return;
    const auto now = clock_.now();
    const auto offered = lanes_.offer(delivery, clock_.steady(), Lanes::Origin::kWritten);
    if (offered.wait > microseconds(0)) dueAt(now + offered.wait);
    if (!offered.taken) stale_ = true;
    nudge();
}

void Dispatcher::Impl::wake() {
    stale_ = true;
    nudge();
}

void Dispatcher::Impl::release(std::string_view lane) {
    lanes_.release(lane);
    wake();
}

void Dispatcher::Impl::setCredentials(Credentials credentials) {
    credentials_ = std::make_shared<const Credentials>(std::move(credentials));
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
    while (!stopping_ && !held_) {
        nudged_ = false;
        bool read = true;
        if (stale_) read = co_await refresh();
        if (stopping_) break;
        startAttempts();
        if (next_expiry_ && *next_expiry_ <= clock_.now()) co_await exhaustOverdue();
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
        if (pending && *pending > 0) {
            log::info(held_ ? "webhook.held" : "webhook.resumed", {{"pending", *pending}});
            if (metrics_ != nullptr) metrics_->webhooksQueued(static_cast<std::size_t>(*pending));
        }
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
            heads.oldest = store::oldestPending(db);
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
        if (!next_expiry_ && heads->oldest) next_expiry_ = *heads->oldest + plan_.span();
        for (const auto& delivery : heads->due) {
            // The row of a held lane goes with its last delivery; a new one does not know of the hold.
            const auto offered = lanes_.offer(delivery, clock_.steady(), Lanes::Origin::kOutbox);
            if (offered.wait > microseconds(0)) dueAt(now + offered.wait);
        }
        for (const auto& lane : heads->more) lanes_.markMore(lane);
        if (heads->more_lanes) lanes_.markMoreLanes();
        co_return true;
    } catch (const std::exception& error) {
        log::error("webhook.storage", {{"step", "read"}, {"error", error.what()}});
    }
    stale_ = true;
    co_return false;
}

// What has waited for its schedule's whole span behind an open circuit is exhausted.
asio::awaitable<void> Dispatcher::Impl::exhaustOverdue() {
    next_expiry_ = clock_.now() + kExpiryPause;
    try {
        const auto now = clock_.now();
        auto job = [before = now - plan_.span(), now](sql::Connection& db) -> Result<std::int64_t> {
            return store::exhaustOverdue(db, before, now, kExhaustChunk);
        };
        const auto ended = co_await db_.write(std::move(job));
        if (abandoned_ || !ended || *ended == 0) co_return;
        log::error("webhook.exhausted", {{"deliveries", *ended}});
        if (metrics_ != nullptr) {
            metrics_->webhooksEnded(toString(DeliveryStatus::kExhausted), static_cast<std::size_t>(*ended));
        }
        if (*ended == kExhaustChunk) next_expiry_ = now;
    } catch (const std::exception& error) {
        log::error("webhook.storage", {{"step", "exhaust"}, {"error", error.what()}});
    }
}

void Dispatcher::Impl::startAttempts() {
    const auto now = clock_.steady();
    while (auto head = lanes_.start(now)) asio::co_spawn(loop_, attempt(std::move(*head)), asio::detached);
    if (metrics_ != nullptr) metrics_->setWebhookLanes(lanes_.live(), lanes_.openCircuits());
    if (lanes_.takeHungry()) {
        stale_ = true;
        nudged_ = true;
    }
}

// Until wake(), the end of an attempt, or the next due time by the wall clock.
asio::awaitable<void> Dispatcher::Impl::waitForWork() {
    while (!nudged_ && !stale_ && !stopping_) {
        microseconds wait = kWaitMax;
        if (next_expiry_) {
            wait = std::clamp(*next_expiry_ - clock_.now(), microseconds(0), wait);
            if (wait == microseconds(0)) co_return;
        }
        if (const auto paced = lanes_.paced()) {
            wait = std::clamp(*paced - clock_.steady(), microseconds(0), wait);
            if (wait == microseconds(0)) co_return;
        }
        if (next_due_) {
            wait = std::clamp(*next_due_ - clock_.now(), microseconds(0), wait);
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
                       http::Client& client, http::Resolver& resolver, const UrlPolicy& policy,
                       DispatcherOptions options)
    : impl_(std::make_shared<Impl>(std::move(loop), db, clock, random, client, resolver, policy,
                                   std::move(options))) {}

Dispatcher::~Dispatcher() {
    impl_->abandon();
}

void Dispatcher::start() {
    impl_->start();
}

void Dispatcher::offer(store::DueDelivery delivery) {
    impl_->offer(std::move(delivery));
}

void Dispatcher::wake() {
    impl_->wake();
}

void Dispatcher::release(std::string_view lane) {
    impl_->release(lane);
}

void Dispatcher::setCredentials(Credentials credentials) {
    impl_->setCredentials(std::move(credentials));
}

asio::awaitable<Result<DeliveryAttempt>> Dispatcher::test(std::string url) {
    return impl_->test(std::move(url));
}

asio::awaitable<void> Dispatcher::stop(Millis limit) {
    return impl_->stop(limit);
}

}  // namespace heddle::webhook
