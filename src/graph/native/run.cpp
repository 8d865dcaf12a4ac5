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
    if (!valid) throw NodeError("ValueError", "emit() needs one JSON value");
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
    if (call_) call_->cancel();
}

NodeInput NativeRun::nodeInput(std::string node) const {
    NodeInput given;
    given.node = std::move(node);
    given.state = state_;
    given.input = start.run.kwargs.input;
    given.config = start.run.kwargs.config;
    given.context = start.run.kwargs.context;
    given.answers = snapshot.answers.values;
    given.custom = wants("custom");
    return given;
}

void NativeRun::attach(std::shared_ptr<NodeCall> call) {
    call_ = std::move(call);
    if (call_ && cancelled_) call_->cancel();
}

// A run that was cancelled waits for nothing.
bool NativeRun::lacksRoom() const {
    return start.run.kwargs.resumable && !cancelled_ && !observer_.hasRoom();
}

void NativeRun::whenRoom(std::shared_ptr<Bell> bell) {
    observer_.whenRoom([bell = std::move(bell)] { bell->ring(); });
}

bool NativeRun::wants(std::string_view mode) const {
    const auto& modes = start.run.kwargs.stream_mode;
    return std::find(modes.begin(), modes.end(), mode) != modes.end();
}

void NativeRun::send(std::string_view mode, std::string_view json) {
    if (!wants(mode)) return;
    observer_.onEvent(start.run.id, start.run.attempt, mode, oneLine(json));
}

void NativeRun::advance(const Step& step) {
    puts_.push_back(graph::advance(snapshot, start.run, step));
    state_ = snapshot.values();
}

void NativeRun::record(const RunError& error) {
    PendingWrite write = graph::fail(snapshot, error);
    writes_.emplace_back(snapshot.key, std::move(write));
}

void NativeRun::ask(RawJson question) {
    PendingWrite write = graph::ask(snapshot, std::move(question));
    writes_.emplace_back(snapshot.key, std::move(write));
}

void NativeRun::answer(ResumeValues answers, std::size_t first) {
    auto writes = graph::answer(snapshot, std::move(answers), first);
    for (auto& write : writes) writes_.emplace_back(snapshot.key, std::move(write));
}

boost::asio::awaitable<void> NativeRun::store() {
    if (puts_.empty() && writes_.empty()) co_return;
    auto job = [id = start.run.id, attempt = start.run.attempt, puts = std::exchange(puts_, {}),
                writes = std::exchange(writes_, {})](sql::Connection& db) -> Result<bool> {
        const bool current = store::isCurrentAttempt(db, id, attempt);
        if (!current) return false;
        for (const auto& put : puts) store::putCheckpoint(db, put);
        for (const auto& [key, write] : writes) store::putWrites(db, key, {write}, id.str());
        return true;
    };
    const Result<bool> stored = co_await db_.write(std::move(job));
    if (!stored) throw sql::Error(sql::Error::Code::kOther, stored.error().detail);
    if (!*stored) throw RunStopped();
}

}  // namespace heddle::graph
