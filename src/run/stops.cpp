// SPDX-License-Identifier: Apache-2.0
// Runs that are ended from outside: cancelled, superseded, deleted, out of time. Part of run::Service.
#include "base/limits.hpp"
#include "base/log.hpp"
#include "run/service.hpp"
#include "store/runs.hpp"
#include "store/threads.hpp"

#include <array>
#include <charconv>
#include <memory>
#include <string>
#include <utility>

namespace heddle::run {
namespace asio = boost::asio;

namespace {

// Ends the open runs among `runs`, each with its webhook, before they (or their thread) are removed.
Stopped endOpenRuns(sql::Connection& db, const std::vector<Run>& runs, const RunError& why,
                    const FinishRules& rules) {
    Stopped stopped;
    for (const Run& run : runs) {
        Ending ending;
        ending.run = run.id;
        ending.status = RunStatus::kInterrupted;
        ending.error = why;
        auto finished = finishRun(db, ending, rules);
        if (!finished) continue;
        stopped.ended.push_back({run.id, std::move(*finished)});
        if (run.status == RunStatus::kRunning) stopped.asked.push_back(run.id);
    }
    return stopped;
}

// The run's own limit; nothing without one.
std::optional<double> limitOf(const Run& run) {
    const auto limit = run.kwargs.config.view().get("run_timeout");
    return limit ? limit->number() : std::nullopt;
}

RunError timeoutError(double limit_s) {
    std::array<char, 32> number{};
    const auto end = std::to_chars(number.data(), number.data() + number.size(), limit_s).ptr;
    return {kTimeoutError,
            "the run did not end within its time limit of " + std::string(number.data(), end) + " seconds"};
}

}  // namespace

asio::awaitable<Result<void>> Service::cancel(CancelTarget target, Cancel cancel) {
    auto asked =
        std::make_shared<const std::pair<CancelTarget, Cancel>>(std::move(target), std::move(cancel));
    bool more = true;
    bool any = false;
    while (more) {
        auto job = [asked, finish_rules = rules()](sql::Connection& db) {
            return cancelRuns(db, asked->first, asked->second, finish_rules);
        };
        const auto stopped = co_await db_.write(std::move(job));
        if (!stopped && !any) co_return stopped.error();
        if (!stopped) break;
        any = true;
        carryOut(*stopped);
        // The chunk was full: there may be more of them.
        more = asked->first.all_open && stopped->ended.size() + stopped->asked.size() >= asked->first.limit;
    }
    co_return Result<void>();
}

void Service::carryOut(const Stopped& stopped) {
    for (const auto& one : stopped.ended) {
        scheduler_.remove(one.id);
        announceEnd(one.id, one.finished);
    }
    for (const auto& id : stopped.asked) stopAttempt(id);
    pump();
}

void Service::stopAttempt(const RunId& id) {
    const auto found = running_.find(id);
    if (found == running_.end()) {
        // Being claimed: startNext() looks.
        if (const auto live = hub_.find(id)) live->stop_asked = true;
        return;
    }
    Attempt& attempt = found->second;
    if (attempt.settling || attempt.stopping) return;
    attempt.stopping = true;
    executor_.cancel(id, attempt.number);
    attempt.timer = std::make_unique<asio::steady_timer>(loop_, limits::kCancelGrace);
    attempt.timer->async_wait([this, id, number = attempt.number](const boost::system::error_code& error) {
        if (!error) abandon(id, number);
    });
}

// A node that blocks its worker does not stop: its run ends without it, and the fence keeps out what it
// writes.
void Service::abandon(const RunId& id, std::int64_t number) {
    const auto found = running_.find(id);
    if (found == running_.end() || found->second.number != number || found->second.settling) return;
    log::warning("run.abandoned", {{"run_id", id}, {"attempt", number}});
    graph::RunEnd end;
    end.status = graph::RunEnd::Status::kInterrupted;
    onEnd(id, number, std::move(end));
}

void Service::limitTime(const Run& run, Attempt& attempt) {
    std::optional<double> limit_s = options_.run_timeout_s;
    if (const auto own = limitOf(run); own && (!limit_s || *own < *limit_s)) limit_s = own;
    if (!limit_s) return;
    const auto limit = std::chrono::duration_cast<microseconds>(std::chrono::duration<double>(*limit_s));
    attempt.timer = std::make_unique<asio::steady_timer>(loop_, limit);
    auto expired = [this, id = run.id, number = run.attempt,
                    seconds = *limit_s](const boost::system::error_code& error) {
        if (error) return;
        const auto found = running_.find(id);
        if (found == running_.end() || found->second.number != number || found->second.stopping) return;
        found->second.timed_out = timeoutError(seconds);
        stopAttempt(id);
    };
    attempt.timer->async_wait(std::move(expired));
}

asio::awaitable<Result<void>> Service::removeRun(ThreadId thread, RunId id) {
    auto job = [thread, id, finish_rules = rules()](sql::Connection& db) -> Result<Stopped> {
        auto run = store::findRun(db, thread, id);
        if (!run) return Problem::notFound("Run not found");
        const RunError why{kRunDeleted, "the run was deleted before it ended"};
        Stopped stopped;
        if (!isTerminal(run->status)) stopped = endOpenRuns(db, {*run}, why, finish_rules);
        store::removeRun(db, id);
        return stopped;
    };
    const auto stopped = co_await db_.write(std::move(job));
    if (!stopped) co_return stopped.error();
    carryOut(*stopped);
    co_return Result<void>();
}

asio::awaitable<Result<void>> Service::removeThread(ThreadId thread) {
    auto work = removeHeld(thread);
    const auto stopped = co_await holding(thread, std::move(work));
    if (!stopped) co_return stopped.error();
    carryOut(*stopped);
    hub_.closeThread(thread);
    co_return Result<void>();
}

asio::awaitable<Result<Stopped>> Service::removeHeld(ThreadId thread) {
    auto job = [thread, finish_rules = rules()](sql::Connection& db) -> Result<Stopped> {
        if (!store::findThreadHead(db, thread)) return noThread(thread);
        const RunError why{kThreadDeleted, "the thread was deleted before the run ended"};
        auto stopped = endOpenRuns(db, store::openRuns(db, thread), why, finish_rules);
        store::removeThread(db, thread);
        return stopped;
    };
    co_return co_await db_.write(std::move(job));
}

}  // namespace heddle::run
