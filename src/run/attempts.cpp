// SPDX-License-Identifier: Apache-2.0
// The attempts of runs: claimed, handed to the executor, settled when they end. Part of run::Service.
#include "base/limits.hpp"
#include "base/log.hpp"
#include "run/multitask.hpp"
#include "run/service.hpp"
#include "run/start_check.hpp"
#include "store/checkpoints.hpp"
#include "store/runs.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <utility>

namespace heddle::run {
namespace asio = boost::asio;

namespace {

constexpr auto kWait = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t kClaimsMax = 64;
constexpr std::chrono::seconds kStoragePause{1};

struct Claimed {
    std::optional<Run> run;  // nothing: it was not pending any more
    std::optional<CheckpointTuple> checkpoint;
    bool astray = false;  // the checkpoint it was to start from was rolled back since
};

Result<Claimed> claim(sql::Connection& db, const RunId& id, Timestamp now) {
    Claimed claimed;
    claimed.run = store::claimRun(db, id, now);
    if (!claimed.run) return claimed;
    const std::string thread = claimed.run->thread_id.str();
    const auto asked = askedCheckpoint(*claimed.run);
    claimed.checkpoint = store::getCheckpoint(db, thread, "", asked);
    claimed.astray = asked && !claimed.checkpoint;
    return claimed;
}

// The config an attempt sees: `run_attempt` and the host beside the run's own metadata.
RawJson attemptConfig(const Run& run) {
    const JsonView config = run.kwargs.config.view();
    JsonWriter extra;
    extra.beginObject().key("run_attempt").integer(run.attempt);
    extra.key("langgraph_host").string("self-hosted").endObject();
    const auto given = config.get("metadata");
    const RawJson metadata =
        mergeObjects(given ? *given : JsonView::trusted("{}"), JsonView::trusted(extra.text()));
    JsonWriter over;
    over.beginObject().key("metadata").raw(metadata).endObject();
    return mergeObjects(config, JsonView::trusted(over.text()));
}

}  // namespace

void Service::pump() {
    if (draining_) {
        if (quiet()) drained_.cancel();
        return;
    }
    scheduler_.advance(clock_.now());
    const auto ready = [this](const Waiting& run) { return executor_.ready(run.graph_id, run.company); };
    while (claims_ < kClaimsMax) {
        auto waiting = scheduler_.next(ready);
        if (!waiting) break;
        ++claims_;
        asio::co_spawn(loop_, startNext(std::move(*waiting)), asio::detached);
    }
    armTimer();
}

void Service::armTimer() {
    const auto due = scheduler_.nextDue();
    if (!due) return;
    // At most a minute ahead, so that a clock that jumped is noticed.
    const auto wait = std::clamp(*due - clock_.now(), microseconds(0), microseconds(std::chrono::minutes(1)));
    due_timer_.expires_after(wait);
    due_timer_.async_wait([this](const boost::system::error_code& error) {
        if (!error) pump();
    });
}

void Service::onCapacity() {
    pump();
}

asio::awaitable<void> Service::pauseAfterFailure() {
    asio::steady_timer timer(loop_, kStoragePause);
    (void)co_await timer.async_wait(kWait);
}

asio::awaitable<void> Service::startNext(Waiting waiting) {
    const RunId id = waiting.run;
    Result<Claimed> claimed = Claimed{};
    bool failed = false;
    try {
        auto job = [id, now = clock_.now()](sql::Connection& db) { return claim(db, id, now); };
        claimed = co_await db_.write(std::move(job));
    } catch (const std::exception& error) {
        log::error("run.claim_failed", {{"run_id", id}, {"error", error.what()}});
        failed = true;
    }
    if (failed || !claimed) {
        co_await pauseAfterFailure();
        --claims_;
        scheduler_.putBack(std::move(waiting));
        pump();
        co_return;
    }
    --claims_;
    if (!claimed->run) {
        scheduler_.release(waiting.thread);
        pump();
        co_return;
    }
    Run run = std::move(*claimed->run);
    auto live = hub_.find(id);
    if (!live) live = hub_.open(run);
    hub_.begin(*live, run);
    Attempt& attempt = running_[id];
    attempt.number = run.attempt;
    attempt.place = waiting;
    events_.started(run);
    if (run.attempt > 1) publishStart(*live, run.attempt);
    // One whose worker died waits for its place there, so that the place is kept.
    const bool placeless = !waiting.company && !executor_.ready(run.graph_id, {});
    if (claimed->astray || draining_ || live->stop_asked || placeless) {
        graph::RunEnd end;
        end.status = graph::RunEnd::Status::kInterrupted;
        if (claimed->astray) {
            end.status = graph::RunEnd::Status::kRefused;
            end.error = RunError{"CheckpointNotFound", "the checkpoint to start from was rolled back"};
        }
        onEnd(id, run.attempt, std::move(end));
        co_return;
    }
    limitTime(run, attempt);
    run.kwargs.config = attemptConfig(run);
    graph::RunStart start{std::move(run), std::move(claimed->checkpoint)};
    executor_.start(std::move(start), waiting.company);
    pump();
}

void Service::onEnd(const RunId& run, std::int64_t attempt, graph::RunEnd end) {
    asio::co_spawn(loop_, settle(run, attempt, std::move(end)), asio::detached);
}

asio::awaitable<void> Service::settle(RunId id, std::int64_t number, graph::RunEnd end) {
    const auto found = running_.find(id);
    if (found == running_.end() || found->second.number != number || found->second.settling) co_return;
    found->second.settling = true;
    found->second.timer.reset();
    const bool lost = end.status == graph::RunEnd::Status::kLost;
    const std::size_t died_with = end.company;
    AttemptEnd attempt{id, number, std::move(end), found->second.timed_out};
    // Nobody may find the run ended while events of it could still be lost.
    if (const auto live = hub_.find(id)) co_await log_->settled(live);
    const Settled settled = co_await writeSettlement(std::move(attempt));
    // Nothing: it was deleted meanwhile, and its end was announced then.
    if (settled.finished) announceEnd(id, *settled.finished);
    if (settled.again && lost) log::warning("run.retried", {{"run_id", id}, {"attempt", number}});
    Waiting place = running_[id].place;
    running_.erase(id);
    if (settled.again && !draining_) {
        if (lost) place.company = narrowed(died_with);
        scheduler_.putBack(std::move(place));
    } else {
        scheduler_.release(place.thread);
    }
    pump();
}

// Returns when it is written: on a full or lost disk the result stays here until it can be.
asio::awaitable<Settled> Service::writeSettlement(AttemptEnd attempt) {
    const auto shared = std::make_shared<const AttemptEnd>(std::move(attempt));
    for (;;) {
        std::string failure;
        try {
            auto job = [shared, most = options_.failures_max, finish_rules = rules()](sql::Connection& db) {
                return settleAttempt(db, *shared, most, finish_rules);
            };
            auto settled = co_await db_.write(std::move(job));
            if (settled) co_return std::move(*settled);
            failure = settled.error().detail;
        } catch (const std::exception& error) {
            failure = error.what();
        }
        log::error("run.end_failed", {{"run_id", shared->run}, {"error", failure}});
        co_await pauseAfterFailure();
    }
}

}  // namespace heddle::run
