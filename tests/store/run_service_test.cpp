// SPDX-License-Identifier: Apache-2.0
// The life of runs on a real database, with an executor whose moves the test makes.
#include "harness.hpp"
#include "run/service.hpp"
#include "store/assistants.hpp"
#include "store/deliveries.hpp"
#include "store/runs.hpp"
#include "store/threads.hpp"
#include "unasked_executor.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace heddle::run {
namespace {

namespace asio = boost::asio;
using test::runToEnd;

// Holds what it was given; the test lets attempts send events and end.
class ScriptedExecutor final : public test::UnaskedExecutor {
  public:
    [[nodiscard]] bool hosts(std::string_view) const override { return true; }
    [[nodiscard]] bool ready(std::string_view, graph::Company) const override { return has_room; }
    void start(graph::RunStart start, graph::Company company) override {
        started.push_back(std::move(start));
        companies.push_back(company);
    }
    void cancel(const RunId& run, std::int64_t attempt) override { cancelled.emplace_back(run, attempt); }

    bool has_room = true;
    std::vector<graph::RunStart> started;
    std::vector<graph::Company> companies;
    std::vector<std::pair<RunId, std::int64_t>> cancelled;
};

constexpr const char* kState =
    R"({"values":{"out":"hi"},"next":[],"tasks":[],"metadata":{},"interrupts":[],"checkpoint_id":"c1"})";
constexpr const char* kInterruptedState =
    R"({"values":{"a":1},"next":["ask"],"tasks":[{"id":"t1","interrupts":[{"id":"i1","value":"?"}]}],)"
    R"("interrupts":[{"id":"i1","value":"?"}]})";

graph::RunEnd ended(graph::RunEnd::Status status, const char* state = kState) {
    graph::RunEnd end;
    end.status = status;
    end.state = RawJson::trusted(state);
    end.checkpoint_id = "c1";
    return end;
}

struct ServiceTest : ::testing::Test {
    ServiceTest() {
        runToEnd(io, db.write([](sql::Connection& connection) -> Result<void> {
            Assistant assistant;
            assistant.id = systemAssistantId("echo");
            assistant.graph_id = assistant.name = "echo";
            store::ensureSystemAssistants(connection, {assistant});
            return {};
        }));
        thread = makeThread();
    }
    ~ServiceTest() override {
        // Coroutines of the service that wait for the database come back before it goes.
        executor.has_room = false;
        for (int i = 0; i < 2; ++i) {
            test::turn(io);
            runToEnd(io, db.flush());
        }
        service.reset();
        io.restart();
        io.poll();
    }

    static sql::SqliteOptions databaseOptions() {
        sql::SqliteOptions options;
        options.migrations = store::schema(sql::Dialect::kSqlite);
        return options;
    }
    std::unique_ptr<Service> makeService(ServiceOptions options = {}) {
        options.graphs = {"echo"};
        ServiceEvents events;
        events.delivery_written = [this](const auto&) { ++deliveries; };
        return std::make_unique<Service>(io.get_executor(), db, clock, random, executor, urls, options,
                                         events);
    }
    ThreadId makeThread() {
        Thread row;
        row.id = ThreadId::v7(clock, random);
        auto job = [row](sql::Connection& connection) -> Result<bool> {
            return store::insertThread(connection, row);
        };
        EXPECT_TRUE(runToEnd(io, db.write(std::move(job))).value());
        return row.id;
    }
    RunRequest request() {
        RunRequest out;
        out.thread = thread;
        out.assistant = "echo";
        out.input = RawJson::trusted(R"({"text":"hi"})");
        return out;
    }
    Service::Accepted create(RunRequest asked) {
        auto accepted = runToEnd(io, service->create(std::move(asked), Service::Reader::kSubscribe));
        EXPECT_TRUE(accepted) << accepted.error().detail;
        return std::move(*accepted);
    }
    // Runs the loop until `done` says yes.
    void until(const std::function<bool()>& done) {
        io.restart();
        while (!done() && io.run_one_for(std::chrono::seconds(10)) > 0) {
        }
        ASSERT_TRUE(done());
    }
    void untilStarted(std::size_t count) {
        until([&] { return executor.started.size() >= count; });
    }
    void end(std::size_t index, graph::RunEnd how) {
        const heddle::Run& run = executor.started[index].run;
        service->onEnd(run.id, run.attempt, std::move(how));
    }
    heddle::Run row(const RunId& id) {
        auto job = [id](sql::Connection& connection) -> Result<heddle::Run> {
            auto run = store::findRun(connection, id);
            if (!run) return Problem::notFound("");
            return std::move(*run);
        };
        auto found = runToEnd(io, db.read(std::move(job)));
        return found ? *found : heddle::Run{};
    }
    Thread threadRow() {
        auto job = [id = thread](sql::Connection& connection) -> Result<Thread> {
            return store::findThread(connection, id).value_or(Thread{});
        };
        return *runToEnd(io, db.read(std::move(job)));
    }
    std::vector<store::DueDelivery> outbox() {
        auto job = [](sql::Connection& connection) -> Result<std::vector<store::DueDelivery>> {
            return store::nextInLane(connection, "http://127.0.0.1:9", 100);
        };
        return *runToEnd(io, db.read(std::move(job)));
    }

    [[nodiscard]] CancelTarget target(const RunId& run, std::optional<ThreadId> of = {}) const {
        CancelTarget out;
        out.thread = of.value_or(thread);
        out.ids = {run};
        return out;
    }
    static Cancel interrupt() { return {CancelAction::kInterrupt, {kUserInterrupt, "asked"}}; }
    static Cancel rollback() { return {CancelAction::kRollback, {kUserRollback, "asked"}}; }

    Delivery delivered(const RunId& run) {
        auto job = [id = deliveryId(run)](sql::Connection& connection) -> Result<Delivery> {
            return store::findDelivery(connection, id).value_or(Delivery{});
        };
        return *runToEnd(io, db.read(std::move(job)));
    }

    asio::io_context io;
    SystemClock clock;
    SystemRandom random;
    sql::SqliteDatabase db{io.get_executor(), ":memory:", databaseOptions()};
    ScriptedExecutor executor;
    webhook::UrlPolicy urls{WebhookSettings{}};
    std::unique_ptr<Service> service = makeService();
    ThreadId thread;
    int deliveries = 0;
};

TEST_F(ServiceTest, ARunStartsAtOnceAndItsEndIsStoredBeforeItIsTold) {
    auto accepted = create(request());
    EXPECT_EQ(accepted.run.status, RunStatus::kPending);
    untilStarted(1);
    EXPECT_EQ(executor.started[0].run.attempt, 1);
    EXPECT_EQ(row(accepted.run.id).status, RunStatus::kRunning);
    service->onEvent(accepted.run.id, 1, "values", "{}");
    end(0, ended(graph::RunEnd::Status::kSuccess));
    until([&] { return accepted.live->outcome().has_value(); });
    EXPECT_EQ(accepted.live->outcome()->output.text(), R"({"out":"hi"})");
    EXPECT_EQ(row(accepted.run.id).status, RunStatus::kSuccess);
    EXPECT_EQ(threadRow().status, ThreadStatus::kIdle);
    EXPECT_EQ(threadRow().values.text(), R"({"out":"hi"})");
    const std::string bytes = accepted.events->take(1 << 20);
    EXPECT_TRUE(bytes.starts_with("event: metadata\r\ndata: {\"run_id\":\"" + accepted.run.id.str() +
                                  "\",\"attempt\":1}"));
    EXPECT_NE(bytes.find("event: values\r\n"), std::string::npos);
    EXPECT_TRUE(accepted.events->finished());
}

TEST_F(ServiceTest, TheSecondRunOfAThreadStartsWhenTheFirstHasEnded) {
    create(request());
    const auto second = create(request());
    untilStarted(1);
    test::turn(io);
    EXPECT_EQ(executor.started.size(), 1U);
    end(0, ended(graph::RunEnd::Status::kSuccess));
    untilStarted(2);
    EXPECT_EQ(executor.started[1].run.id, second.run.id);
    EXPECT_EQ(threadRow().status, ThreadStatus::kBusy);
}

TEST_F(ServiceTest, RejectRefusesABusyThreadAndChangesNothing) {
    create(request());
    RunRequest second = request();
    second.multitask_strategy = MultitaskStrategy::kReject;
    const auto refused = runToEnd(io, service->create(second, Service::Reader::kNone));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, ProblemKind::kConflict);
}

TEST_F(ServiceTest, InterruptEndsTheRunThatWasThereAndStartsTheNewOne) {
    const auto first = create(request());
    untilStarted(1);
    RunRequest asked = request();
    asked.multitask_strategy = MultitaskStrategy::kInterrupt;
    const auto second = create(std::move(asked));
    ASSERT_EQ(executor.cancelled.size(), 1U);
    end(0, ended(graph::RunEnd::Status::kInterrupted));
    untilStarted(2);
    EXPECT_EQ(executor.started[1].run.id, second.run.id);
    const heddle::Run old = row(first.run.id);
    EXPECT_EQ(old.status, RunStatus::kInterrupted);
    EXPECT_NE(old.error->message.find("superseded by run " + second.run.id.str()), std::string::npos);
}

TEST_F(ServiceTest, AGraphThatRaisesEndsTheRunTheThreadAndTheStreamWithItsError) {
    auto accepted = create(request());
    untilStarted(1);
    auto how = ended(graph::RunEnd::Status::kError);
    how.error = RunError{"ValueError", "kaput"};
    end(0, std::move(how));
    until([&] { return accepted.live->outcome().has_value(); });
    EXPECT_EQ(threadRow().status, ThreadStatus::kError);
    EXPECT_EQ(threadRow().error->text(), R"({"error":"ValueError","message":"kaput"})");
    EXPECT_TRUE(accepted.events->take(1 << 20).ends_with(
        "event: error\r\ndata: {\"error\":\"ValueError\",\"message\":\"kaput\"}\r\n\r\n"));
}

TEST_F(ServiceTest, ARunThatWaitsForAPersonSucceedsAndItsThreadIsInterrupted) {
    auto accepted = create(request());
    untilStarted(1);
    end(0, ended(graph::RunEnd::Status::kSuccess, kInterruptedState));
    until([&] { return accepted.live->outcome().has_value(); });
    EXPECT_EQ(row(accepted.run.id).status, RunStatus::kSuccess);
    EXPECT_EQ(threadRow().status, ThreadStatus::kInterrupted);
    EXPECT_EQ(threadRow().interrupts.text(), R"({"t1":[{"id":"i1","value":"?"}]})");
    EXPECT_EQ(accepted.live->outcome()->output.text(),
              R"({"a":1,"__interrupt__":[{"value":"?","id":"i1","response_schema":null}]})");
}

TEST_F(ServiceTest, EachEndWritesOneDeliveryInItsOwnTransaction) {
    RunRequest asked = request();
    asked.webhook = "http://127.0.0.1:9/hook?token=x";
    const auto accepted = create(std::move(asked));
    untilStarted(1);
    EXPECT_TRUE(outbox().empty());
    end(0, ended(graph::RunEnd::Status::kSuccess));
    until([&] { return accepted.live->outcome().has_value(); });
    EXPECT_EQ(deliveries, 1);
    ASSERT_EQ(outbox().size(), 1U);
    EXPECT_EQ(outbox()[0].id, deliveryId(accepted.run.id));
}

TEST_F(ServiceTest, ADeliveryKnowsItsHostItsTimesAndTheTraceOfItsRun) {
    RunRequest asked = request();
    asked.webhook = "http://127.0.0.1:9/hook?token=x";
    asked.traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    const auto accepted = create(std::move(asked));
    untilStarted(1);
    end(0, ended(graph::RunEnd::Status::kSuccess));
    until([&] { return accepted.live->outcome().has_value(); });
    const auto delivery = delivered(accepted.run.id);
    EXPECT_EQ(delivery.lane, "http://127.0.0.1:9");
    EXPECT_EQ(delivery.host, "127.0.0.1");
    EXPECT_EQ(delivery.traceparent, "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
    EXPECT_GT(delivery.created_at.micros(), 0);
    EXPECT_EQ(delivery.queued_at, delivery.created_at);
    EXPECT_EQ(delivery.updated_at, delivery.created_at);
    EXPECT_EQ(delivery.due_at, delivery.created_at);
}

TEST_F(ServiceTest, ADeliveryCarriesTheFieldsThatAreConfigured) {
    ServiceOptions options;
    options.webhook_fields.allowed = {"run_id", "status"};
    service = makeService(options);
    RunRequest asked = request();
    asked.webhook = "/hook";
    const auto accepted = create(std::move(asked));
    untilStarted(1);
    end(0, ended(graph::RunEnd::Status::kSuccess));
    until([&] { return accepted.live->outcome().has_value(); });
    const auto delivery = delivered(accepted.run.id);
    EXPECT_EQ(delivery.host, "self");
    EXPECT_EQ(delivery.body, R"({"run_id":")" + accepted.run.id.str() + R"(","status":"success"})");
    EXPECT_LT(delivery.sent_at_offset, 0);
}

TEST_F(ServiceTest, AWebhookThatPolicyRefusesIsRefusedAtCreationByItsRule) {
    RunRequest asked = request();
    asked.webhook = "http://169.254.169.254/latest?token=SECRET";
    const auto refused = runToEnd(io, service->create(asked, Service::Reader::kNone));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, ProblemKind::kInvalid);
    EXPECT_EQ(refused.error().detail.find("SECRET"), std::string::npos);
}

TEST_F(ServiceTest, ALostWorkerIsRetriedAloneAndTheStreamShowsTheSecondAttempt) {
    auto accepted = create(request());
    untilStarted(1);
    end(0, ended(graph::RunEnd::Status::kLost));
    untilStarted(2);
    EXPECT_EQ(executor.started[1].run.attempt, 2);
    EXPECT_EQ(executor.companies[1], 1U);
    EXPECT_NE(accepted.events->take(1 << 20).find("\"attempt\":2}"), std::string::npos);
    // What the first attempt still says is not heard.
    service->onEvent(accepted.run.id, 1, "values", "{}");
    EXPECT_EQ(accepted.events->take(1 << 20), "");
}

TEST_F(ServiceTest, WhatDiedTogetherGoesOnAmongFewAndCountsOneFailure) {
    const auto accepted = create(request());
    untilStarted(1);
    auto lost = ended(graph::RunEnd::Status::kLost, "null");
    for (const std::size_t died_with : {200U, 50U, 12U, 3U}) {
        lost.company = died_with;
        const std::size_t attempt = executor.started.size();
        end(attempt - 1, lost);
        untilStarted(attempt + 1);
        EXPECT_EQ(executor.companies.back(), std::max<std::size_t>(died_with / 4, 1));
        EXPECT_EQ(row(accepted.run.id).failures, 1);
    }
    lost.company = 1;
    end(4, lost);
    untilStarted(6);
    end(5, lost);
    until([&] { return accepted.live->outcome().has_value(); });
    EXPECT_EQ(accepted.live->outcome()->status, RunStatus::kError);
}

TEST_F(ServiceTest, ThreeLostAttemptsFailTheRun) {
    const auto accepted = create(request());
    for (std::size_t attempt = 0; attempt < 3; ++attempt) {
        untilStarted(attempt + 1);
        end(attempt, ended(graph::RunEnd::Status::kLost, "null"));
    }
    until([&] { return accepted.live->outcome().has_value(); });
    EXPECT_EQ(row(accepted.run.id).status, RunStatus::kError);
    EXPECT_EQ(row(accepted.run.id).error->type, "WorkerLost");
}

TEST_F(ServiceTest, ACancelledPendingRunEndsAtOnceWithItsWebhook) {
    executor.has_room = false;
    RunRequest asked = request();
    asked.webhook = "http://127.0.0.1:9/hook";
    const auto accepted = create(std::move(asked));
    const auto cancelled = runToEnd(io, service->cancel(target(accepted.run.id), interrupt()));
    EXPECT_TRUE(cancelled);
    EXPECT_EQ(row(accepted.run.id).status, RunStatus::kInterrupted);
    EXPECT_EQ(outbox().size(), 1U);
    EXPECT_EQ(threadRow().status, ThreadStatus::kIdle);
    const auto again = runToEnd(io, service->cancel(target(accepted.run.id), interrupt()));
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().kind, ProblemKind::kNotFound);
}

TEST_F(ServiceTest, ACancelledRunningRunEndsWhenItsAttemptDoes) {
    const auto accepted = create(request());
    untilStarted(1);
    EXPECT_TRUE(runToEnd(io, service->cancel(target(accepted.run.id), interrupt())));
    ASSERT_EQ(executor.cancelled.size(), 1U);
    EXPECT_FALSE(accepted.live->outcome());
    end(0, ended(graph::RunEnd::Status::kInterrupted));
    until([&] { return accepted.live->outcome().has_value(); });
    EXPECT_EQ(row(accepted.run.id).status, RunStatus::kInterrupted);
    EXPECT_EQ(row(accepted.run.id).error->message, "asked");
}

TEST_F(ServiceTest, ACancelForAnotherThreadsRunIsRefused) {
    const auto accepted = create(request());
    const auto refused = runToEnd(io, service->cancel(target(accepted.run.id, makeThread()), interrupt()));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, ProblemKind::kNotFound);
}

TEST_F(ServiceTest, ARolledBackRunGoesAndLeavesItsThreadAsItWas) {
    create(request());
    untilStarted(1);
    end(0, ended(graph::RunEnd::Status::kSuccess));
    until([&] { return service->running() == 0; });
    RunRequest asked = request();
    asked.webhook = "http://127.0.0.1:9/hook";
    const auto accepted = create(std::move(asked));
    untilStarted(2);
    EXPECT_TRUE(runToEnd(io, service->cancel(target(accepted.run.id), rollback())));
    // It was faster, but the rollback was acknowledged.
    end(1, ended(graph::RunEnd::Status::kSuccess, kInterruptedState));
    until([&] { return accepted.live->outcome().has_value(); });
    EXPECT_EQ(accepted.live->outcome()->status, RunStatus::kRolledBack);
    EXPECT_EQ(row(accepted.run.id).id, RunId()) << "the run is gone";
    EXPECT_EQ(threadRow().status, ThreadStatus::kIdle);
    EXPECT_EQ(threadRow().values.text(), R"({"out":"hi"})");
    EXPECT_NE(delivered(accepted.run.id).body.find(R"("status":"rollback")"), std::string::npos);
}

TEST_F(ServiceTest, ACancelOfARunningRunHoldsOverARestart) {
    const auto kept = create(request());
    untilStarted(1);
    EXPECT_TRUE(runToEnd(io, service->cancel(target(kept.run.id), interrupt())));
    service = makeService();
    runToEnd(io, service->recover());
    EXPECT_EQ(row(kept.run.id).status, RunStatus::kInterrupted);
    EXPECT_EQ(threadRow().status, ThreadStatus::kInterrupted);
    const auto gone = create(request());
    untilStarted(2);
    EXPECT_TRUE(runToEnd(io, service->cancel(target(gone.run.id), rollback())));
    service = makeService();
    runToEnd(io, service->recover());
    EXPECT_EQ(row(gone.run.id).id, RunId());
}

TEST_F(ServiceTest, ARunThatIsOutOfTimeIsStoppedAndEndsAsTimeout) {
    RunRequest asked = request();
    asked.config = RawJson::trusted(R"({"run_timeout":0.01})");
    const auto accepted = create(std::move(asked));
    untilStarted(1);
    until([&] { return !executor.cancelled.empty(); });
    end(0, ended(graph::RunEnd::Status::kInterrupted));
    until([&] { return accepted.live->outcome().has_value(); });
    EXPECT_EQ(row(accepted.run.id).status, RunStatus::kTimeout);
    EXPECT_EQ(row(accepted.run.id).error->type, kTimeoutError);
    EXPECT_EQ(threadRow().status, ThreadStatus::kError);
    EXPECT_NE(accepted.events->take(1 << 20).find("event: error"), std::string::npos);
}

TEST_F(ServiceTest, ManyRunsAreCancelledByStatus) {
    executor.has_room = false;
    std::vector<RunId> ids;
    for (int i = 0; i < 5; ++i) ids.push_back(create(request()).run.id);
    CancelTarget all;
    all.all_open = true;
    all.status = RunStatus::kPending;
    all.limit = 2;
    EXPECT_TRUE(runToEnd(io, service->cancel(all, interrupt())));
    for (const auto& id : ids) EXPECT_EQ(row(id).status, RunStatus::kInterrupted);
    EXPECT_FALSE(runToEnd(io, service->cancel(all, interrupt()))) << "nothing is open any more";
}

TEST_F(ServiceTest, DeletingAThreadEndsItsRunsWithTheirWebhooks) {
    RunRequest asked = request();
    asked.webhook = "http://127.0.0.1:9/hook";
    const auto running = create(asked);
    const auto waiting = create(asked);
    untilStarted(1);
    EXPECT_TRUE(runToEnd(io, service->removeThread(thread)));
    EXPECT_EQ(outbox().size(), 2U);
    EXPECT_EQ(running.live->outcome()->error->type, "ThreadDeleted");
    EXPECT_EQ(waiting.live->outcome()->error->type, "ThreadDeleted");
    ASSERT_EQ(executor.cancelled.size(), 1U);
    // The attempt ends later and brings nothing back.
    end(0, ended(graph::RunEnd::Status::kSuccess));
    until([&] { return service->running() == 0; });
    EXPECT_EQ(outbox().size(), 2U);
}

TEST_F(ServiceTest, AStatelessRunLeavesItsOutcomeAndNoThread) {
    RunRequest asked = request();
    asked.thread.reset();
    const auto accepted = create(std::move(asked));
    untilStarted(1);
    end(0, ended(graph::RunEnd::Status::kSuccess));
    until([&] { return accepted.live->outcome().has_value(); });
    thread = accepted.run.thread_id;
    EXPECT_EQ(threadRow().id, ThreadId()) << "the temporary thread is gone";
    const auto outcome = runToEnd(io, service->outcome(std::nullopt, accepted.run.id));
    ASSERT_TRUE(outcome);
    EXPECT_EQ(outcome->output.text(), R"({"out":"hi"})");
}

TEST_F(ServiceTest, AnUnknownAssistantAndAnUnknownThreadAreRefusedAsTheReferenceDoes) {
    RunRequest asked = request();
    asked.assistant = "nope";
    auto refused = runToEnd(io, service->create(asked, Service::Reader::kNone));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, ProblemKind::kInvalid);
    asked = request();
    asked.thread = ThreadId(Uuid::v4(random));
    refused = runToEnd(io, service->create(asked, Service::Reader::kNone));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, ProblemKind::kNotFound);
    asked.if_not_exists = IfNotExists::kCreate;
    EXPECT_TRUE(runToEnd(io, service->create(asked, Service::Reader::kNone)));
}

TEST_F(ServiceTest, ABatchIsAllOrNothing) {
    RunRequest good = request();
    good.thread.reset();
    RunRequest bad = good;
    bad.assistant = "nope";
    EXPECT_FALSE(runToEnd(io, service->createBatch({good, bad})));
    test::turn(io);
    EXPECT_TRUE(executor.started.empty());
    const auto runs = runToEnd(io, service->createBatch({good, good}));
    ASSERT_TRUE(runs);
    untilStarted(2);
}

TEST_F(ServiceTest, RecoveryPutsRunningRunsBackAndQueuesPendingOnes) {
    const auto running = create(request());
    const auto pending = create(request());
    untilStarted(1);
    // The process dies here: nothing more is heard of the attempt. The next one starts on the same database.
    executor.started.clear();
    service = makeService();
    runToEnd(io, service->recover());
    untilStarted(1);
    EXPECT_EQ(executor.started[0].run.id, running.run.id);
    EXPECT_EQ(executor.started[0].run.attempt, 2);
    end(0, ended(graph::RunEnd::Status::kSuccess));
    untilStarted(2);
    EXPECT_EQ(executor.started[1].run.id, pending.run.id);
}

TEST_F(ServiceTest, ARunWhoseServerDiedThreeTimesFailsWithItsWebhook) {
    RunRequest asked = request();
    asked.webhook = "http://127.0.0.1:9/hook";
    const auto accepted = create(std::move(asked));
    for (std::size_t life = 0; life < 2; ++life) {
        untilStarted(1);
        executor.started.clear();
        service = makeService();
        runToEnd(io, service->recover());
    }
    untilStarted(1);
    service = makeService();
    runToEnd(io, service->recover());
    EXPECT_EQ(row(accepted.run.id).status, RunStatus::kError);
    EXPECT_EQ(outbox().size(), 1U);
}

TEST_F(ServiceTest, ADrainPutsBackWhatDoesNotEndInTimeWithoutCountingAFailure) {
    const auto accepted = create(request());
    untilStarted(1);
    test::Task<int> drain(io, [](Service& s) -> asio::awaitable<int> {
        co_await s.drain(std::chrono::milliseconds(1));
        co_return 0;
    }(*service));
    until([&] { return !executor.cancelled.empty(); });
    const auto refused = runToEnd(io, service->create(request(), Service::Reader::kNone));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, ProblemKind::kUnavailable);
    end(0, ended(graph::RunEnd::Status::kInterrupted));
    drain.finish();
    EXPECT_EQ(row(accepted.run.id).status, RunStatus::kPending);
    EXPECT_EQ(row(accepted.run.id).failures, 0);
}

TEST_F(ServiceTest, AnAttemptThatDoesNotWaitForRoomIsStoppedAndItsRunGoesOnWhenThereIsSome) {
    ServiceOptions options;
    options.events.bounds = {1000, 1500, 3000};
    service = makeService(options);
    RunRequest asked = request();
    asked.resumable = true;
    const auto accepted = create(std::move(asked));
    untilStarted(1);
    const std::string data = "\"" + std::string(900, 'x') + "\"";
    const auto send = [&](int count) {
        for (int i = 0; i < count; ++i) service->onEvent(accepted.run.id, 1, "custom", data);
    };
    EXPECT_TRUE(service->hasRoom());
    send(2);
    EXPECT_FALSE(service->hasRoom());
    int told = 0;
    service->whenRoom([&] { ++told; });
    test::turn(io);
    EXPECT_TRUE(executor.cancelled.empty()) << "it may still wait";
    send(4);
    until([&] { return !executor.cancelled.empty(); });
    send(1);
    end(0, ended(graph::RunEnd::Status::kInterrupted));
    untilStarted(2);
    EXPECT_EQ(executor.cancelled.size(), 1U);
    EXPECT_EQ(told, 1);
    EXPECT_TRUE(service->hasRoom());
    EXPECT_EQ(executor.started[1].run.attempt, 2);
    EXPECT_EQ(row(accepted.run.id).failures, 0);
    end(1, ended(graph::RunEnd::Status::kSuccess));
    until([&] { return accepted.live->outcome().has_value(); });
    const auto page = runToEnd(io, service->eventPage({accepted.run.id, 0}));
    ASSERT_TRUE(page);
    EXPECT_EQ(page->next, 1 + 7 + 1) << "two of metadata, and all that were sent";
}

TEST_F(ServiceTest, RunsWaitWhileNoExecutorHasRoomAndStartWhenOneHas) {
    executor.has_room = false;
    create(request());
    test::turn(io);
    EXPECT_TRUE(executor.started.empty());
    executor.has_room = true;
    service->onCapacity();
    untilStarted(1);
}

}  // namespace
}  // namespace heddle::run
