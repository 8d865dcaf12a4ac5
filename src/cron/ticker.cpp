// SPDX-License-Identifier: Apache-2.0
#include "cron/ticker.hpp"

#include "base/log.hpp"
#include "cron/cron_times.hpp"
#include "run/request.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

namespace heddle::cron {
namespace asio = boost::asio;

namespace {

constexpr auto kWait = asio::as_tuple(asio::use_awaitable);
constexpr std::int64_t kBatch = 2'000;  // crons that are read at once
constexpr std::size_t kAtOnce = 64;     // that are fired at once: requests take their turns among them
constexpr seconds kAtMost{60};          // the wall clock may have been set meanwhile
constexpr milliseconds kAfterFailure{1000};

}  // namespace

Ticker::Ticker(asio::any_io_executor loop, sql::Database& db, const Clock& clock, run::Service& runs,
               Zones& zones, TickerOptions options, TickerEvents events)
    : loop_(std::move(loop)),
      db_(db),
      clock_(clock),
      runs_(runs),
      zones_(zones),
      options_(options),
      events_(std::move(events)),
      timer_(loop_) {}

void Ticker::start() {
    asio::co_spawn(loop_, rounds(), asio::detached);
}

void Ticker::stop() {
    stopped_ = true;
    timer_.cancel();
}

void Ticker::wake() {
    woken_ = true;
    timer_.cancel();
}

asio::awaitable<void> Ticker::rounds() {
    while (!stopped_) {
        bool failed = false;
        try {
            if (clockWasSetBack()) co_await correctDates();
            co_await round();
        } catch (const std::exception& error) {
            log::error("cron.failed", {{"error", error.what()}});
            failed = true;
        }
        if (failed) co_await sleepUntil(clock_.now() + kAfterFailure);
    }
}

// True the first time. What the clocks drift apart within a minute is less.
bool Ticker::clockWasSetBack() {
    constexpr seconds kSet{1};
    const auto ahead = microseconds(clock_.now().micros()) - clock_.steady();
    const bool back = !wall_ahead_ || ahead < *wall_ahead_ - kSet;
    wall_ahead_ = ahead;
    return back;
}

asio::awaitable<void> Ticker::correctDates() {
    std::int64_t row = 0;
    for (;;) {
        auto read = [row](sql::Connection& db) -> Result<std::vector<store::CronDate>> {
            return store::cronDates(db, row, kBatch);
        };
        const auto dates = co_await db_.read(std::move(read));
        if (dates->empty()) co_return;
        row = dates->back().row;
        std::vector<store::CronSlot> late;
        for (const auto& [id, cron] : *dates) {
            const auto times = CronTimes::read(zones_, cron);
            if (!times) continue;
            const auto next = times->after(clock_.now());
            if (next && *next < *cron.next_run) late.push_back({cron.id, *cron.next_run, *next, next});
        }
        if (late.empty()) continue;
        log::info("cron.dates_corrected", {{"crons", late.size()}});
        auto job = [late = std::move(late)](sql::Connection& db) -> Result<bool> {
            for (const auto& slot : late) store::passCron(db, slot);
            return true;
        };
        (void)co_await db_.write(std::move(job));
    }
}

asio::awaitable<void> Ticker::round() {
    woken_ = false;
    auto read = [now = clock_.now()](sql::Connection& db) -> Result<std::vector<CronId>> {
        return store::dueCrons(db, now, kBatch);
    };
    auto due = co_await db_.read(std::move(read));
    if (!due->empty()) {
        const bool all = co_await fireAll(std::move(*due));
        // What could not be fired is still due.
        if (!all) co_await sleepUntil(clock_.now() + kAfterFailure);
        co_return;
    }
    auto find = [](sql::Connection& db) -> Result<std::optional<Timestamp>> {
        return store::nextCronDue(db);
    };
    const auto next = co_await db_.read(std::move(find));
    const Timestamp latest = clock_.now() + kAtMost;
    if (!woken_) co_await sleepUntil(std::min(next->value_or(latest), latest));
}

asio::awaitable<void> Ticker::sleepUntil(Timestamp time) {
    if (stopped_) co_return;
    timer_.expires_after(std::max(time - clock_.now(), microseconds(0)));
    (void)co_await timer_.async_wait(kWait);
}

asio::awaitable<bool> Ticker::fireAll(std::vector<CronId> due) {
    std::size_t next = 0, left = std::min(kAtOnce, due.size());
    bool all = true;
    asio::steady_timer done(loop_, asio::steady_timer::time_point::max());
    for (std::size_t i = left; i > 0; --i) {
        asio::co_spawn(loop_, fireSome(due, next, all), [&](const std::exception_ptr& error) {
            if (error) all = false;
            if (--left == 0) done.cancel();
        });
    }
    if (left > 0) (void)co_await done.async_wait(kWait);
    co_return all;
}

// Several of these share the list.
asio::awaitable<void> Ticker::fireSome(const std::vector<CronId>& due, std::size_t& next, bool& all) {
    while (next < due.size() && !stopped_) {
        const CronId id = due[next];
        ++next;
        Settled settled = Settled::kLater;
        try {
            settled = co_await fire(id);
        } catch (const std::exception& error) {
            log::error("cron.failed", {{"cron_id", id.str()}, {"error", error.what()}});
            events_.failed();
        }
        if (settled == Settled::kLater) all = false;
    }
}

asio::awaitable<Ticker::Settled> Ticker::fire(CronId id) {
    auto find = [id](sql::Connection& db) -> Result<std::optional<Cron>> { return store::findCron(db, id); };
    const auto found = co_await db_.read(std::move(find));
    // Changed or deleted meanwhile.
    if (!*found || !(*found)->next_run || *(*found)->next_run > clock_.now()) co_return Settled::kYes;
    const Cron& cron = **found;
    const auto times = CronTimes::read(zones_, cron);
    if (!times) co_return co_await disable(cron, times.error().detail);
    const auto plan = planFiring(*times, cron.next_run.value(), clock_.now(), options_.catch_up);
    if (plan.missed > 0) events_.missed(plan.missed);
    store::CronSlot slot{cron.id, *cron.next_run, plan.slot.value_or(*cron.next_run), plan.next};
    if (plan.slot) co_return co_await createRun(cron, std::move(slot));
    co_return co_await pass(std::move(slot));
}

asio::awaitable<Ticker::Settled> Ticker::pass(store::CronSlot slot) {
    auto job = [slot](sql::Connection& db) -> Result<bool> { return store::passCron(db, slot); };
    const auto passed = co_await db_.write(std::move(job));
    co_return passed ? Settled::kYes : Settled::kLater;
}

asio::awaitable<Ticker::Settled> Ticker::createRun(const Cron& cron, store::CronSlot slot) {
    auto request = run::parseRunRequest(cron.payload.view(), cron.thread);
    if (!request) co_return co_await keepFailure(std::move(slot), request.error().detail);
    request->assistant = cron.assistant.str();
    request->headers = RawJson::trusted(R"({"cron_id":")" + cron.id.str() + R"("})");
    request->on_completion = cron.keeps_threads ? run::OnCompletion::kKeep : run::OnCompletion::kDelete;
    // Written by the storage thread before it answers.
    const auto kept = std::make_shared<store::Kept>(store::Kept::kYes);
    auto claim = [slot, kept, now = clock_.now()](sql::Connection& db, const RunId& run) -> Result<void> {
        *kept = store::keepFiring(db, slot, run, std::nullopt, now);
        const bool mine = *kept == store::Kept::kYes;
        return mine ? Result<void>() : Result<void>(Problem::conflict("the time is settled already"));
    };
    const auto accepted =
        co_await runs_.create(std::move(*request), run::Service::Reader::kNone, std::move(claim));
    if (accepted) {
        events_.fired(clock_.now() - slot.slot);
        co_return Settled::kYes;
    }
    if (*kept == store::Kept::kNotDue) co_return Settled::kYes;
    if (*kept == store::Kept::kFiredBefore) co_return co_await pass(std::move(slot));
    if (accepted.error().kind == ProblemKind::kUnavailable) co_return Settled::kLater;
    co_return co_await keepFailure(std::move(slot), accepted.error().detail);
}

asio::awaitable<Ticker::Settled> Ticker::keepFailure(store::CronSlot slot, std::string error) {
    log::warning("cron.not_fired", {{"cron_id", slot.cron.str()}, {"error", error}});
    events_.failed();
    auto job = [slot, error = std::move(error), now = clock_.now()](sql::Connection& db) -> Result<bool> {
        const auto kept = store::keepFiring(db, slot, std::nullopt, error, now);
        return kept == store::Kept::kFiredBefore ? store::passCron(db, slot) : true;
    };
    const auto kept = co_await db_.write(std::move(job));
    co_return kept ? Settled::kYes : Settled::kLater;
}

// One that cannot be understood any more: its zone is gone, say.
asio::awaitable<Ticker::Settled> Ticker::disable(const Cron& cron, std::string reason) {
    log::warning("cron.disabled", {{"cron_id", cron.id.str()}, {"reason", reason}});
    events_.failed();
    auto job = [id = cron.id, due = cron.next_run, reason = std::move(reason),
                now = clock_.now()](sql::Connection& db) -> Result<bool> {
        auto found = store::findCron(db, id);
        if (!found || found->next_run != due) return true;
        found->enabled = false;
        found->next_run = std::nullopt;
        found->disabled_reason = reason;
        found->updated_at = now;
        store::saveCron(db, *found);
        return true;
    };
    const auto disabled = co_await db_.write(std::move(job));
    co_return disabled ? Settled::kYes : Settled::kLater;
}

}  // namespace heddle::cron
