// SPDX-License-Identifier: Apache-2.0
// Start and end of the process: what was left is settled, what runs is ended or put back. Part of
// run::Service.
#include "base/log.hpp"
#include "run/service.hpp"
#include "store/run_events.hpp"
#include "store/runs.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <utility>

namespace heddle::run {
namespace asio = boost::asio;

namespace {

struct Left {
    std::vector<Run> pending;
    std::vector<store::RunEventExtent> events;  // of each of them
    std::vector<Finished> ended;
    std::size_t requeued = 0;
};

// Running rows are of attempts that died with the process before: back to pending, or ended where that
// happened too often or a cancel was asked.
Result<Left> settleLeft(sql::Connection& db, std::int64_t failures_max, const FinishRules& rules) {
    Left left;
    for (Run& run : store::allOpenRuns(db)) {
        if (run.status == RunStatus::kRunning) {
            AttemptEnd lost{run.id, run.attempt, {}, {}};
            lost.end.status = graph::RunEnd::Status::kLost;
            lost.end.error =
                RunError{"ServerLost", "the server ended unexpectedly while it executed the run, " +
                                           std::to_string(failures_max) + " times"};
            auto settled = settleAttempt(db, lost, failures_max, rules);
            if (!settled) return settled.error();
            if (settled->finished) left.ended.push_back(std::move(*settled->finished));
            if (!settled->again) continue;
            ++left.requeued;
        }
        left.events.push_back(run.kwargs.resumable ? store::runEventExtent(db, run.id)
                                                   : store::RunEventExtent{});
        left.pending.push_back(std::move(run));
    }
    return left;
}

}  // namespace

asio::awaitable<void> Service::recover() {
    auto job = [most = options_.failures_max, finish_rules = rules()](sql::Connection& db) {
        return settleLeft(db, most, finish_rules);
    };
    const auto left = co_await db_.write(std::move(job));
    if (!left) throw std::runtime_error(left.error().detail);
    if (!left->pending.empty() || !left->ended.empty()) {
        log::info("run.recovered", {{"pending", left->pending.size() - left->requeued},
                                    {"requeued", left->requeued},
                                    {"ended", left->ended.size()}});
    }
    // The dispatcher has looked into the outbox before this was written.
    for (const Finished& finished : left->ended) {
        if (finished.delivery) events_.delivery_written(*finished.delivery);
        events_.ended(finished.outcome.status);
    }
    for (std::size_t i = 0; i < left->pending.size(); ++i) {
        const Run& run = left->pending[i];
        reopen(run, left->events[i]);
        enqueue(run);
    }
    pump();
}

// Its first event was sent by the process before, or is stored now.
void Service::reopen(const Run& run, store::RunEventExtent events) {
    if (run.kwargs.resumable && events.next == 0) {
        publishStart(*hub_.open(run), 1);
        return;
    }
    events.next = std::max<std::int64_t>(events.next, 1);
    hub_.open(run, events);
}

asio::awaitable<void> Service::drain(std::chrono::milliseconds limit) {
    draining_ = true;
    due_timer_.cancel();
    if (!quiet()) {
        drained_.expires_after(limit);
        (void)co_await drained_.async_wait(asio::as_tuple(asio::use_awaitable));
    }
    std::vector<std::pair<RunId, std::int64_t>> rest;
    for (const auto& [id, attempt] : running_) rest.emplace_back(id, attempt.number);
    for (const auto& [id, attempt] : rest) executor_.cancel(id, attempt);
    if (!quiet()) {
        log::info("run.put_back", {{"runs", running_.size()}});
        // Whatever does not stop in time is put back by the next start.
        drained_.expires_after(std::chrono::seconds(2));
        (void)co_await drained_.async_wait(asio::as_tuple(asio::use_awaitable));
    }
    co_await log_->idle(std::chrono::seconds(2));
}

}  // namespace heddle::run
