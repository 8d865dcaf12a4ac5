// SPDX-License-Identifier: Apache-2.0
#include "schedule_model.hpp"

#include "base/json.hpp"
#include "run/finish.hpp"

#include <gtest/gtest.h>

#include <set>
#include <utility>

namespace heddle::test {
namespace {

using End = graph::RunEnd::Status;

std::string text(RunStatus status) {
    return std::string(toString(status));
}

}  // namespace

std::size_t ScheduleModel::ask(Ask ask) {
    for (auto& [id, run] : runs) mark(run, id, ask);
    asks_.push_back(std::move(ask));
    return asks_.size() - 1;
}

std::int64_t ScheduleModel::add(AskedRun asked) {
    asked_.push_back(asked);
    return static_cast<std::int64_t>(asked_.size()) - 1;
}

void ScheduleModel::mark(KnownRun& run, const RunId& id, const Ask& ask) {
    if (run.n == ask.but || (run.ended() && ask.what != Ask::What::kRemove)) return;
    if ((ask.run && *ask.run != id) || (ask.thread && *ask.thread != run.thread)) return;
    run.may_interrupt |= ask.what == Ask::What::kInterrupt;
    run.may_roll_back |= ask.what == Ask::What::kRollback;
    run.may_go |= ask.what == Ask::What::kRemove;
}

KnownRun& ScheduleModel::learn(const RunId& id, const ThreadId& thread, std::int64_t n) {
    const auto [found, fresh] = runs.try_emplace(id);
    KnownRun& run = found->second;
    if (!fresh) return run;
    run.n = n;
    run.thread = thread;
    for (const Ask& ask : asks_) {
        if (ask.open) mark(run, id, ask);
    }
    return run;
}

void ScheduleModel::acknowledge(const Run& run, std::int64_t n) {
    const bool unseen = !runs.contains(run.id);
    learn(run.id, run.thread_id, n).acknowledged = true;
    if (unseen) check();  // it came and went in one transaction
}

void ScheduleModel::die() {
    for (Ask& ask : asks_) ask.open = false;
    for (auto& [id, run] : runs) {
        run.events_due = -1;  // some of them were lost
        if (run.status == RunStatus::kRunning) run.ends[run.attempt] = End::kLost;
    }
}

void ScheduleModel::check() {
    checkRuns();
    checkThreads();
    checkDeliveries();
}

void ScheduleModel::checkRuns() {
    std::set<RunId> seen, fresh;
    std::set<ThreadId> running;
    auto rows = db_.query(
        "SELECT r.uuid, t.uuid, r.status, r.attempt, r.failures, r.cancel_action, r.metadata FROM runs r"
        " JOIN threads t ON t.id = r.thread");
    while (rows.step()) {
        const RunId id = *RunId::parse(rows.text(0));
        KnownRun now;
        now.thread = *ThreadId::parse(rows.text(1));
        now.status = *parseRunStatus(rows.text(2));
        now.attempt = rows.integer(3);
        now.failures = rows.integer(4);
        now.noted = rows.optionalString(5);
        const auto n = JsonView::trusted(rows.text(6)).get("n");
        if (!runs.contains(id)) fresh.insert(id);
        KnownRun& known = learn(id, now.thread, n->integer().value());
        seen.insert(id);
        if (now.status == RunStatus::kRunning) {
            EXPECT_TRUE(running.insert(now.thread).second) << "two runs of a thread run";
        }
        checkMove(id, known, now);
        known.status = now.status;
        known.attempt = now.attempt;
        known.failures = now.failures;
        known.noted = now.noted;
        if (isTerminal(now.status) && !known.checkpoints) known.checkpoints = checkpointsOf(id);
    }
    for (auto& [id, known] : runs) {
        if (!known.gone && !seen.contains(id)) checkGone(id, known);
    }
    for (const auto& id : fresh) checkDoubleText(id, fresh);
}

void ScheduleModel::checkDoubleText(const RunId& id, const std::set<RunId>& fresh) {
    const KnownRun& made = runs.at(id);
    const auto strategy = asked(made.n).strategy;
    if (strategy == MultitaskStrategy::kEnqueue) return;
    for (const auto& [other, known] : runs) {
        if (known.thread != made.thread || known.ended() || fresh.contains(other)) continue;
        const std::string what =
            id.str() + " (" + std::string(toString(strategy)) + ") beside " + other.str();
        EXPECT_NE(strategy, MultitaskStrategy::kReject) << what;
        EXPECT_TRUE(known.noted) << what << ", which was not asked to stop in the same transaction";
    }
}

void ScheduleModel::checkMove(const RunId& id, KnownRun& known, const KnownRun& now) {
    const std::string move = id.str() + ": " + text(known.status) + " to " + text(now.status);
    EXPECT_FALSE(known.gone) << move << ": it is back";
    EXPECT_GE(now.attempt, known.attempt) << move;
    EXPECT_GE(now.failures, known.failures) << move;
    EXPECT_LE(now.failures, known.failures + 1) << move;
    EXPECT_LT(now.failures, 3) << move;
    if (known.status == now.status) {
        EXPECT_EQ(now.attempt, known.attempt) << move;
        return;
    }
    EXPECT_FALSE(isTerminal(known.status)) << move;
    if (now.status == RunStatus::kRunning) {
        EXPECT_EQ(now.attempt, known.attempt + 1) << move;
    } else {
        EXPECT_EQ(now.attempt, known.attempt) << move;
    }
    if (now.status == RunStatus::kPending) {
        const auto end = known.ends.find(known.attempt);
        // Without an end: it was claimed, and then there was no place for it.
        EXPECT_TRUE(end != known.ends.end() || known.started < known.attempt) << move;
        const auto how = end == known.ends.end() ? End::kInterrupted : end->second;
        EXPECT_TRUE(how == End::kLost || how == End::kInterrupted) << move;
        EXPECT_EQ(now.failures - known.failures, how == End::kLost ? 1 : 0) << move;
        EXPECT_FALSE(known.noted) << move << ": a cancel was noted";
    }
    if (isTerminal(now.status)) checkTerminal(id, known, now);
}

void ScheduleModel::checkTerminal(const RunId& id, const KnownRun& known, const KnownRun& now) {
    const auto end = known.ends.find(now.attempt);
    const bool reported = known.status == RunStatus::kRunning && end != known.ends.end();
    const std::string what = id.str() + " ended as " + text(now.status);
    if (known.events_due > 0) {
        auto stored = db_.query(
            "SELECT count(*) FROM run_events e JOIN runs r ON r.id = e.run WHERE r.uuid = $1 AND e.event = "
            "'custom'",
            id.str());
        stored.step();
        EXPECT_GE(stored.integer(0), known.events_due) << what << " before its events were durable";
    }
    EXPECT_NE(known.noted, "rollback") << what << ", a rollback was noted";
    auto& resting = resting_[known.thread];
    switch (now.status) {
        case RunStatus::kSuccess:
            EXPECT_TRUE(reported && end->second == End::kSuccess) << what;
            resting = known.waits ? ThreadStatus::kInterrupted : ThreadStatus::kIdle;
            break;
        case RunStatus::kError: {
            ASSERT_TRUE(reported) << what;
            const bool last = end->second == End::kLost && known.failures == 2;
            EXPECT_TRUE(last || end->second == End::kError || end->second == End::kRefused) << what;
            EXPECT_FALSE(known.noted) << what << ", a cancel was noted";
            resting = ThreadStatus::kError;
            break;
        }
        case RunStatus::kTimeout:
            EXPECT_TRUE(reported && asked_[static_cast<std::size_t>(known.n)].limited) << what;
            EXPECT_FALSE(known.noted) << what << ", a cancel was noted";
            resting = ThreadStatus::kError;
            break;
        default:
            EXPECT_TRUE(known.may_interrupt) << what << ", nobody asked for it";
            if (now.attempt > 0) resting = ThreadStatus::kInterrupted;
    }
}

void ScheduleModel::checkGone(const RunId& id, KnownRun& known) {
    known.gone = true;
    const std::string what = id.str() + ", " + text(known.status) + ", is gone";
    EXPECT_TRUE(known.may_go || (known.may_roll_back && !isTerminal(known.status))) << what;
    if (isTerminal(known.status)) return;
    if (known.noted == "rollback" && !known.may_go) return;
    if (!known.may_go) return;
    // A deleted run has left its trace, one that was rolled back or had not started has not. Unknown where
    // both was asked for, or where it may have been started or have ended in the same transaction.
    auto& resting = resting_[known.thread];
    if (known.may_roll_back || known.attempt == 0 || known.ends.contains(known.attempt)) {
        resting.reset();
    } else {
        resting = ThreadStatus::kInterrupted;
    }
}

void ScheduleModel::checkThreads() {
    auto rows = db_.query(
        "SELECT t.uuid, t.status, (SELECT count(*) FROM runs r WHERE r.thread = t.id AND r.status IN"
        " ('pending', 'running')) FROM threads t WHERE t.retired_at IS NULL");
    while (rows.step()) {
        const ThreadId id = *ThreadId::parse(rows.text(0));
        const auto status = *parseThreadStatus(rows.text(1));
        const std::string what = "thread " + id.str() + " is " + rows.string(1);
        EXPECT_EQ(status == ThreadStatus::kBusy, rows.integer(2) > 0) << what;
        const auto [resting, fresh] = resting_.try_emplace(id, ThreadStatus::kIdle);
        if (status == ThreadStatus::kBusy) continue;
        if (!resting->second) resting->second = status;
        EXPECT_EQ(status, *resting->second) << what;
    }
}

std::optional<std::string> ScheduleModel::deliveredStatus(const RunId& run) {
    auto row = db_.query(
        "SELECT b.body FROM deliveries d JOIN delivery_bodies b ON b.delivery = d.id WHERE d.run_uuid = $1",
        run.str());
    if (!row.step()) return std::nullopt;
    const std::string status = JsonView::trusted(row.text(0)).get("status")->string().value();
    EXPECT_FALSE(row.step()) << "two deliveries";
    return status;
}

void ScheduleModel::checkDeliveries() {
    for (const auto& [id, known] : runs) {
        const auto told = deliveredStatus(id);
        const bool wanted = asked_[static_cast<std::size_t>(known.n)].webhook && known.ended();
        EXPECT_EQ(told.has_value(), wanted) << id.str() << " is " << text(known.status);
        if (!told) continue;
        if (!known.gone || isTerminal(known.status)) {
            EXPECT_EQ(*told, text(known.status)) << id.str();
        } else if (*told == "rollback") {
            EXPECT_TRUE(known.may_roll_back) << id.str();
        } else {
            // It was deleted, perhaps in the transaction in which it ended.
            EXPECT_TRUE(known.may_go) << id.str() << " was told as " << *told;
            EXPECT_TRUE(*told == "interrupted" || known.ends.contains(known.attempt)) << *told;
        }
    }
}

std::optional<std::string> ScheduleModel::storedEnd(const RunId& run) {
    auto row = db_.query("SELECT status FROM runs WHERE uuid = $1", run.str());
    if (!row.step()) return "gone";
    const auto status = *parseRunStatus(row.text(0));
    return isTerminal(status) ? std::optional(text(status)) : std::nullopt;
}

std::int64_t ScheduleModel::checkpointsOf(const RunId& run) {
    auto count = db_.query("SELECT count(*) FROM checkpoints WHERE run_id = $1", run.str());
    count.step();
    return count.integer(0);
}

void ScheduleModel::checkEnd() {
    check();
    for (const auto& [id, known] : runs) {
        const std::string what = id.str() + " is " + text(known.status);
        EXPECT_TRUE(known.ended()) << what << " at last";
        if (known.gone && known.may_roll_back && !known.may_go) {
            EXPECT_EQ(checkpointsOf(id), 0) << what << ": rolled back, and has left checkpoints";
        } else if (!known.gone) {
            EXPECT_EQ(checkpointsOf(id), known.checkpoints) << what << ": it wrote after its end";
        }
        if (!known.cancelled) continue;
        if (*known.cancelled == Ask::What::kRollback) {
            EXPECT_TRUE(known.gone) << what << ", its rollback was acknowledged";
        } else if (!known.gone && known.status != RunStatus::kInterrupted) {
            // The cancel came too late for the attempt: it had done all of its work.
            EXPECT_EQ(known.status, RunStatus::kSuccess) << what << ", its cancel was acknowledged";
        }
    }
}

}  // namespace heddle::test
