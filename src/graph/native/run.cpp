// SPDX-License-Identifier: Apache-2.0
#include "graph/native/run.hpp"

#include "store/checkpoints.hpp"
#include "store/runs.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <memory>
#include <utility>

namespace heddle::graph {
namespace {

constexpr std::chrono::hours kLong{24 * 365};

}  // namespace

NativeRun::NativeRun(boost::asio::any_io_executor loop, sql::Database& db, RunObserver& observer,
                     RunStart started)
    : start(std::move(started)), loop_(std::move(loop)), db_(db), observer_(observer) {}

void NativeRun::emit(std::string_view json) {
    auto valid = RawJson::parse(std::string(json));
    if (!valid) throw GraphError("ValueError", "emit() needs one JSON value");
    send("custom", valid->text());
}

boost::asio::awaitable<void> NativeRun::sleep(std::chrono::microseconds time) {
    if (start.run.kwargs.durability != "exit") co_await store();
    boost::asio::steady_timer timer(loop_, time);
    co_await wait(timer);
    while (start.run.kwargs.resumable && !observer_.hasRoom()) {
        const auto room = std::make_shared<boost::asio::steady_timer>(loop_, kLong);
        observer_.whenRoom([room] { room->cancel(); });
        co_await wait(*room);
    }
}

// Until the timer ends or is cancelled. Throws RunStopped when the run is.
boost::asio::awaitable<void> NativeRun::wait(boost::asio::steady_timer& timer) {
    if (cancelled_) throw RunStopped();
    sleeping_.push_back(&timer);
    boost::system::error_code error;
    co_await timer.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, error));
    std::erase(sleeping_, &timer);
    if (cancelled_) throw RunStopped();
}

void NativeRun::cancel() {
    cancelled_ = true;
    for (auto* timer : sleeping_) timer->cancel();
}

void NativeRun::send(std::string_view mode, std::string_view json) {
    const auto& modes = start.run.kwargs.stream_mode;
    if (std::find(modes.begin(), modes.end(), mode) == modes.end()) return;
    observer_.onEvent(start.run.id, start.run.attempt, mode, oneLine(json));
}

void NativeRun::advance(const Step& step) {
    puts_.push_back(graph::advance(snapshot, start.run, step));
    state_ = snapshot.values();
}

void NativeRun::record(const RunError& error) {
    PendingWrite write = errorWrite(snapshot, error);
    snapshot.task_error = JsonView::trusted(write.value.bytes).string();
    writes_.push_back(std::move(write));
}

boost::asio::awaitable<void> NativeRun::store() {
    if (puts_.empty() && writes_.empty()) co_return;
    auto job = [id = start.run.id, attempt = start.run.attempt, key = snapshot.key,
                puts = std::exchange(puts_, {}),
                writes = std::exchange(writes_, {})](sql::Connection& db) -> Result<bool> {
        const bool current = store::isCurrentAttempt(db, id, attempt);
        if (!current) return false;
        for (const auto& put : puts) store::putCheckpoint(db, put);
        if (!writes.empty()) store::putWrites(db, key, writes, id.str());
        return true;
    };
    const Result<bool> stored = co_await db_.write(std::move(job));
    if (!stored) throw sql::Error(sql::Error::Code::kOther, stored.error().detail);
    if (!*stored) throw RunStopped();
}

}  // namespace heddle::graph
