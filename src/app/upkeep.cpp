// SPDX-License-Identifier: Apache-2.0
#include "app/upkeep.hpp"

#include "base/log.hpp"
#include "sql/dialect.hpp"
#include "store/checkpoints.hpp"
#include "store/idempotency.hpp"
#include "store/thread_upkeep.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <utility>

namespace heddle::app {
namespace asio = boost::asio;

namespace {

constexpr std::int64_t kThreadsAtOnce = 10;  // in one write job; a thread may be large
constexpr std::int64_t kKeysAtOnce = 200;
constexpr std::int64_t kPagesKept = 256;    // 1 MiB of free pages: new rows take them soon
constexpr std::int64_t kPagesAtOnce = 256;  // moved in one write job
constexpr std::chrono::milliseconds kQuietPause{5};
constexpr std::chrono::milliseconds kBusyPause{250};

struct Reclaimed {
    bool moved = false;     // pages were given back
    std::int64_t left = 0;  // pages still to give back
};

Result<Reclaimed> reclaimSome(sql::Connection& db) {
    const auto spare = sql::dialect::freePages(db) - kPagesKept;
    if (spare <= 0) return Reclaimed{};
    sql::dialect::reclaim(db, std::min(spare, kPagesAtOnce));
    return Reclaimed{true, std::max<std::int64_t>(spare - kPagesAtOnce, 0)};
}

}  // namespace

Upkeep::Upkeep(asio::any_io_executor loop, sql::Database& db, const Clock& clock, UpkeepOptions options)
    : loop_(std::move(loop)), db_(db), clock_(clock), options_(std::move(options)), timer_(loop_) {}

void Upkeep::start() {
    asio::co_spawn(loop_, rounds(), asio::detached);
}

void Upkeep::stop() {
    stopped_ = true;
    timer_.cancel();
}

asio::awaitable<bool> Upkeep::pause(std::chrono::milliseconds time) {
    if (stopped_) co_return false;
    timer_.expires_after(time);
    (void)co_await timer_.async_wait(asio::as_tuple(asio::use_awaitable));
    co_return !stopped_;
}

asio::awaitable<void> Upkeep::rounds() {
    bool goes_on = !stopped_;
    while (goes_on) {
        try {
            co_await expireThreads();
            co_await expireKeys();
            co_await sweepCheckpoints();
            co_await giveBack();
        } catch (const std::exception& error) {
            log::error("upkeep.failed", {{"error", error.what()}});
        }
        goes_on = co_await pause(options_.every);
    }
}

asio::awaitable<void> Upkeep::expireThreads() {
    std::size_t deleted = 0;
    std::size_t pruned = 0;
    auto left = options_.threads_max;
    while (left > 0 && !stopped_) {
        const auto limit = std::min(left, kThreadsAtOnce);
        auto job = [now = clock_.now(), limit,
                    held = options_.held()](sql::Connection& db) -> Result<store::ExpiredThreads> {
            return store::expireThreads(db, now, limit, held);
        };
        const auto expired = co_await db_.write(std::move(job));
        if (!expired) break;
        for (const auto& thread : expired->deleted) options_.deleted(thread);
        deleted += expired->deleted.size();
        pruned += expired->pruned.size();
        left -= static_cast<std::int64_t>(expired->count());
        if (static_cast<std::int64_t>(expired->count()) < limit) break;
    }
    if (deleted + pruned > 0) log::info("thread.expired", {{"deleted", deleted}, {"pruned", pruned}});
}

asio::awaitable<void> Upkeep::expireKeys() {
    bool more = true;
    while (more && !stopped_) {
        auto job = [now = clock_.now()](sql::Connection& db) -> Result<std::int64_t> {
            return store::expireIdempotencyKeys(db, now, kKeysAtOnce);
        };
        const auto removed = co_await db_.write(std::move(job));
        more = removed && *removed >= kKeysAtOnce;
    }
}

asio::awaitable<void> Upkeep::sweepCheckpoints() {
    bool more = true;
    while (more && !stopped_) {
        auto job = [](sql::Connection& db) -> Result<bool> { return store::sweepDeletedCheckpoints(db); };
        const auto done = co_await db_.write(std::move(job));
        more = done && *done;
        if (more) more = co_await pause(options_.busy() ? kBusyPause : kQuietPause);
    }
}

asio::awaitable<void> Upkeep::giveBack() {
    bool more = true;
    bool gave = false;
    while (more && !stopped_) {
        auto job = [](sql::Connection& db) { return reclaimSome(db); };
        const auto done = co_await db_.write(std::move(job));
        if (!done) break;
        gave = gave || done->moved;
        more = done->left > 0;
        if (more) more = co_await pause(options_.busy() ? kBusyPause : kQuietPause);
    }
    if (gave && !stopped_) co_await db_.trim();
}

}  // namespace heddle::app
