// SPDX-License-Identifier: Apache-2.0
#include "schedule_world.hpp"

#include "domain/assistant.hpp"
#include "store/assistants.hpp"
#include "store/checkpoints.hpp"
#include "store/runs.hpp"
#include "store/threads.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <gtest/gtest.h>

#include <array>
#include <utility>

namespace heddle::test {
namespace {

namespace asio = boost::asio;

constexpr std::size_t kAll = 1000;
constexpr const char* kState = R"({"values":{"out":"hi"},"next":[],"tasks":[],"interrupts":[]})";
constexpr const char* kWaitingState =
    R"({"values":{"a":1},"next":["ask"],"tasks":[],"interrupts":[{"id":"i1","value":"?"}]})";

std::set<std::string> deliveriesIn(sql::Connection& db) {
    std::set<std::string> out;
    auto rows = db.query("SELECT uuid FROM deliveries");
    while (rows.step()) out.insert(rows.string(0));
    return out;
}

std::size_t endedIn(const ScheduleModel& model) {
    std::size_t count = 0;
    for (const auto& [id, run] : model.runs) count += run.ended() ? 1 : 0;
    return count;
}

}  // namespace

Process::Process(sql::SqliteConnection& connection, const Clock& clock, Random& random,
                 const webhook::UrlPolicy& urls)
    : db(io.get_executor(), connection), executor(io.get_executor(), clock) {
    run::ServiceOptions options;
    options.graphs = {"echo"};
    run::ServiceEvents events;
    events.delivery_written = [this](const store::DueDelivery& delivery) {
        EXPECT_TRUE(told.insert(delivery.id).second) << "a webhook was announced twice";
    };
    events.ended = [this](RunStatus) { ++ended; };
    service = std::make_unique<run::Service>(io.get_executor(), db, clock, random, executor, urls, options,
                                             std::move(events));
}

ScheduleWorld::ScheduleWorld(sql::SqliteConnection& connection, unsigned seed)
    : connection_(connection), moves_(seed), random_(seed + 1) {
    for (const char* table : {"deliveries", "delivery_lanes", "threads", "checkpoint_spaces", "assistants"}) {
        connection_.execute(std::string("DELETE FROM ") + table);
    }
    Assistant assistant;
    assistant.id = systemAssistantId("echo");
    assistant.graph_id = assistant.name = "echo";
    store::ensureSystemAssistants(connection_, {assistant});
    for (int i = 0; i < 3; ++i) threads_.push_back(addThread());
    live();
}

ThreadId ScheduleWorld::addThread() {
    Thread thread;
    thread.id = ThreadId::v7(clock_, random_);
    thread.created_at = thread.updated_at = thread.state_updated_at = clock_.now();
    EXPECT_TRUE(store::insertThread(connection_, thread));
    return thread.id;
}

void ScheduleWorld::step() {
    const auto choice = pick(100);
    if (choice < 24) {
        ask();
    } else if (choice < 44) {
        moveAttempt();
    } else if (choice < 54) {
        moveClient();
    } else if (choice < 72) {
        commit(1 + pick(4));
    } else if (choice < 92) {
        turn(1 + pick(6));
    } else if (choice < 95) {
        time(static_cast<std::int64_t>(1 + pick(90)));
    } else if (choice < 98) {
        process_->executor.has_room = !process_->executor.has_room;
        if (process_->executor.has_room) process_->service->onCapacity();
    } else {
        if (chance(30)) drain();
        kill();
        live();
    }
}

void ScheduleWorld::commit(std::size_t most) {
    if (process_->db.commit(most)) model_.check();
    process_->db.answerReads();
}

void ScheduleWorld::turn(std::size_t handlers) {
    process_->io.restart();
    while (handlers > 0 && process_->io.poll_one() > 0) --handlers;
}

void ScheduleWorld::time(std::int64_t seconds) {
    clock_.micros += seconds * 1'000'000;
    process_->service->onCapacity();  // what the timer for delayed runs does
}

std::optional<RunId> ScheduleWorld::someRun() {
    if (model_.runs.empty()) return std::nullopt;
    // One of the youngest: they are open more often.
    const auto back = 1 + static_cast<std::ptrdiff_t>(pick(std::min<std::size_t>(model_.runs.size(), 6)));
    return std::prev(model_.runs.end(), back)->first;
}

// ------------------------------------------------------------------------------------------------ attempts

void ScheduleWorld::moveAttempt() {
    auto& attempts = process_->executor.attempts;
    if (attempts.empty()) return;
    SteppedAttempt& attempt = attempts[pick(attempts.size())];
    const auto choice = pick(10);
    if (choice < 4) return emit(attempt);
    if (choice < 6) return putCheckpoint(attempt);
    if (choice < 7 && attempt.asked_to_stop && !attempt.late) return abandon(attempt);
    if (attempt.asked_to_stop && chance(60)) return endAttempt(attempt, Status::kInterrupted);
    constexpr std::array kHow = {Status::kSuccess, Status::kSuccess, Status::kSuccess,    Status::kError,
                                 Status::kLost,    Status::kRefused, Status::kInterrupted};
    endAttempt(attempt, kHow[pick(kHow.size())]);
}

void ScheduleWorld::emit(const SteppedAttempt& attempt) {
    const auto live = process_->service->live(attempt.run);
    const std::string data = "{\"e\":" + std::to_string(++emitted_) + "}";
    // Until it is told that the run has ended or gone back, what comes from its attempt is shown.
    const bool heard = live && live->attempt == attempt.number;
    if (heard) model_.runs.at(attempt.run).events.push_back(data);
    process_->service->onEvent(attempt.run, attempt.number, "custom", data);
}

void ScheduleWorld::putCheckpoint(SteppedAttempt& attempt) {
    CheckpointPut put;
    put.key = {attempt.thread.str(), "", "c" + std::to_string(1'000'000 + ++checkpoints_)};
    put.checkpoint = {"msgpack", "x"};
    put.metadata = RawJson::trusted(R"({"run_id":")" + attempt.run.str() + R"("})");
    asio::co_spawn(process_->io, ScheduleWorld::put(this, attempt.run, attempt.number, std::move(put)),
                   asio::detached);
}

// As the executors do it, with their fence.
asio::awaitable<void> ScheduleWorld::put(ScheduleWorld* world, RunId run, std::int64_t attempt,
                                         CheckpointPut put) {
    auto job = [run, attempt, put = std::move(put)](sql::Connection& db) -> Result<bool> {
        if (!store::isCurrentAttempt(db, run, attempt)) return false;
        store::putCheckpoint(db, put);
        return true;
    };
    (void)co_await world->process_->db.write(std::move(job));
}

void ScheduleWorld::noteEnd(const SteppedAttempt& attempt, Status status) {
    auto& run = model_.runs.at(attempt.run);
    run.ends.try_emplace(attempt.number, status);
    const bool all = run.events_due >= 0 && model_.asked(run.n).resumable;
    if (all) run.events_due = static_cast<std::int64_t>(run.events.size());
}

void ScheduleWorld::endAttempt(SteppedAttempt& attempt, Status status) {
    const SteppedAttempt ended = attempt;
    std::erase_if(process_->executor.attempts, [&](const SteppedAttempt& one) {
        return one.run == ended.run && one.number == ended.number;
    });
    if (!ended.late) noteEnd(ended, status);
    graph::RunEnd end;
    end.status = status;
    if (status == Status::kSuccess) {
        const bool waits = chance(20);
        end.state = RawJson::trusted(waits ? kWaitingState : kState);
        if (!ended.late) model_.runs.at(ended.run).waits = waits;
    }
    if (status == Status::kError || status == Status::kRefused) end.error = RunError{"ValueError", "kaput"};
    process_->service->onEnd(ended.run, ended.number, std::move(end));
}

// What the service does when it has waited long enough: the attempt does not know that it is over.
void ScheduleWorld::abandon(SteppedAttempt& attempt) {
    attempt.late = true;
    noteEnd(attempt, Status::kInterrupted);
    graph::RunEnd end;
    end.status = Status::kInterrupted;
    process_->service->onEnd(attempt.run, attempt.number, std::move(end));
}

// ------------------------------------------------------------------------------------------------ lives

void ScheduleWorld::live() {
    process_ = std::make_unique<Process>(connection_, clock_, random_, urls_);
    process_->deliveries_before = deliveriesIn(connection_);
    process_->ended_before = endedIn(model_);
    process_->executor.on_start = [this](const Run& run) { model_.runs.at(run.id).started = run.attempt; };
    bool done = false;
    asio::co_spawn(process_->io, recover(this, &done), asio::detached);
    turn(kAll);
    commit(kAll);
    auto left = connection_.query("SELECT count(*) FROM runs WHERE status = 'running'");
    left.step();
    EXPECT_EQ(left.integer(0), 0) << "a run of the life before goes on";
    turn(kAll);
    EXPECT_TRUE(done);
}

asio::awaitable<void> ScheduleWorld::recover(ScheduleWorld* world, bool* done) {
    co_await world->process_->service->recover();
    *done = true;
}

void ScheduleWorld::kill() {
    for (auto& client : process_->clients) checkClient(*client);
    process_.reset();
    model_.die();
}

void ScheduleWorld::drain() {
    bool done = false;
    asio::co_spawn(process_->io, drainNow(this, &done), asio::detached);
    for (std::size_t turns = 0; !done && turns < 10'000; ++turns) {
        turn(kAll);
        commit(kAll);
        auto& attempts = process_->executor.attempts;
        for (std::size_t at = attempts.size(); at-- > 0;) {
            if (attempts[at].asked_to_stop) endAttempt(attempts[at], Status::kInterrupted);
        }
    }
    EXPECT_TRUE(done) << "the drain does not end";
    EXPECT_EQ(process_->service->running(), 0U);
}

asio::awaitable<void> ScheduleWorld::drainNow(ScheduleWorld* world, bool* done) {
    co_await world->process_->service->drain(std::chrono::milliseconds(0));
    *done = true;
}

// ------------------------------------------------------------------------------------------------ the end

// False when nothing moved.
bool ScheduleWorld::settleOnce() {
    auto& executor = process_->executor;
    bool moved = process_->io.poll() > 0;
    if (process_->db.commit(kAll)) {
        model_.check();
        moved = true;
    }
    moved |= process_->db.answerReads();
    if (moved || executor.attempts.empty()) return moved;
    for (const auto& one : executor.attempts) {
        const auto& run = model_.runs.at(one.run);
        const bool stops = run.gone || run.noted;
        EXPECT_TRUE(one.asked_to_stop || !stops)
            << one.run.str() << " is to stop, and nobody told its attempt";
    }
    SteppedAttempt& attempt = executor.attempts[pick(executor.attempts.size())];
    endAttempt(attempt, attempt.asked_to_stop ? Status::kInterrupted : Status::kSuccess);
    return true;
}

void ScheduleWorld::finish() {
    process_->executor.has_room = true;
    std::size_t turns = 0;
    for (const std::int64_t later : {0, 3600}) {  // what is asked for now may be delayed
        time(later);
        process_->io.restart();
        while (settleOnce() && ++turns < 10'000) process_->io.restart();
    }
    EXPECT_LT(turns, 10'000U) << "it does not come to rest";
    model_.checkEnd();
    checkLeft();
}

void ScheduleWorld::checkLeft() {
    for (auto& client : process_->clients) {
        EXPECT_EQ(client->answers, 1) << "who waits for " << client->run.str() << " is answered once";
        checkClient(*client);
        EXPECT_TRUE(client->ended || !client->events) << "the stream of " << client->run.str() << " goes on";
    }
    for (const auto& [id, run] : model_.runs) {
        EXPECT_FALSE(process_->service->live(id)) << id.str() << " has ended and is live";
    }
    EXPECT_EQ(process_->service->running(), 0U);
    EXPECT_EQ(process_->service->waiting(), 0U);
    EXPECT_TRUE(process_->executor.updating.empty());
    EXPECT_EQ(process_->ended, endedIn(model_) - process_->ended_before) << "ends that were announced";
    std::set<std::string> written = deliveriesIn(connection_);
    for (const auto& old : process_->deliveries_before) written.erase(old);
    std::set<std::string> told;
    for (const auto& id : process_->told) told.insert(id.str());
    EXPECT_EQ(told, written) << "webhooks that were announced";
}

}  // namespace heddle::test
