// SPDX-License-Identifier: Apache-2.0
#include "graph/worker/pool.hpp"

#include "fake_worker.hpp"
#include "graph/executors.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace heddle::graph {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Two workers, a database, and the observer that the run service would be.
class Pool : public ::testing::Test {
  protected:
    static WorkerOptions options() {
        WorkerOptions made;
        made.command = {"python3", "-m", "heddle_worker"};
        made.graphs = {{"agent", "/srv/app/agent.py", "graph"}, {"broken", "/srv/app/broken.py", "graph"}};
        made.root = "/srv/app";
        made.runs_max = 3;
        made.warm_up = std::chrono::milliseconds(0);
        made.event_window = 1000;
        made.env = {{"KEY", Secret("value")}, {"HEDDLE_TOKEN", Secret("mine")}};
        made.python_path = {"/opt/worker"};
        made.store_index = {2, "", "/srv/app/embed.py", "embed", {"$"}};
        return made;
    }
    Pool() {
        pool.observe(observer);
        pool.open();
    }
    ~Pool() override { io.poll(); }

    // Plays worker `index` up to the point where runs may come.
    std::unique_ptr<test::FakeWorker> join(std::size_t index, std::string load_reply = {}) {
        const int before = observer.capacity;
        auto worker = std::make_unique<test::FakeWorker>(io, storage.clock, pool);
        if (!load_reply.empty()) worker->load_reply = std::move(load_reply);
        worker->hello(launched.at(index)->variable("HEDDLE_TOKEN"));
        test::runUntil(io, [&] { return observer.capacity > before; });
        return worker;
    }
    heddle::Run start(Company company = {}, std::string graph = "agent") {
        heddle::Run run;
        run.id = RunId(Uuid::v7(storage.clock.now(), storage.random));
        run.thread_id = storage.thread.id;
        run.graph_id = std::move(graph);
        run.attempt = 1;
        pool.start({run, std::nullopt}, company);
        return run;
    }
    void untilEnds(std::size_t count) {
        test::runUntil(io, [&] { return observer.ends.size() >= count; });
    }
    void turn() {
        io.restart();
        io.poll();
    }

    test::asio::io_context io{1};
    test::Storage storage{io};
    test::Observer observer;
    std::vector<std::shared_ptr<test::Launched>> launched;
    WorkerExecutor pool{io.get_executor(), storage.db, storage.clock,
                        storage.random,    options(),  std::make_unique<test::FakeLauncher>(launched)};
};

TEST_F(Pool, LaunchesWorkersWithACleanEnvironment) {
    ASSERT_EQ(launched.size(), 2U);
    EXPECT_EQ(launched[0]->variable("HEDDLE_WORKER"), "python-0");
    EXPECT_EQ(launched[1]->variable("HEDDLE_WORKER"), "python-1");
    EXPECT_EQ(launched[0]->variable("HEDDLE_TOKEN").size(), 64U);
    EXPECT_NE(launched[0]->variable("HEDDLE_TOKEN"), launched[1]->variable("HEDDLE_TOKEN"));
    EXPECT_EQ(launched[0]->variable("KEY"), "value");
    EXPECT_THAT(launched[0]->variable("PYTHONPATH"), ::testing::StartsWith("/opt/worker"));
    EXPECT_EQ(launched[0]->spec.directory, "/srv/app");
    // The folder of the socket is nobody else's.
    const std::filesystem::path socket = launched[0]->variable("HEDDLE_SOCKET");
    EXPECT_EQ(std::filesystem::status(socket.parent_path()).permissions(), std::filesystem::perms::owner_all);
}

TEST_F(Pool, ServerSecretsStayHere) {
    const auto environment = workerEnvironment({"PATH=/bin", "HEDDLE_API_KEYS=secret", "A=1"}, {{"A", "2"}});
    EXPECT_THAT(environment, ElementsAre("PATH=/bin", "A=2"));
}

TEST_F(Pool, ARunGoesToAWorkerAndItsEventsAndEndComeBack) {
    EXPECT_TRUE(pool.hosts("agent"));
    EXPECT_FALSE(pool.hosts("nope"));
    EXPECT_FALSE(pool.ready("agent", {}));
    const auto worker = join(0);
    EXPECT_TRUE(pool.ready("agent", {}));
    const heddle::Run run = start();
    const auto frame = worker->next("run.start");
    EXPECT_EQ(frame.text("run_id"), run.id.str());
    EXPECT_EQ(frame.header.at("attempt"), "1");
    EXPECT_THAT(frame.parts.at(0), HasSubstr(R"("stream_mode":["values"])"));
    worker->event(run, "values", R"({"a":1})");
    worker->event(run, "values|child:1", "[]");
    worker->end(run, "success", R"({"values":{"a":1}})");
    untilEnds(1);
    EXPECT_THAT(observer.events, ElementsAre(R"(values {"a":1})", "values|child:1 []"));
    EXPECT_EQ(observer.ends[0].end.status, RunEnd::Status::kSuccess);
    EXPECT_EQ(observer.ends[0].end.state.text(), R"({"values":{"a":1}})");
    // What comes after the end is not the run's.
    worker->event(run, "values", "2");
    worker->end(run, "error");
    worker->await(worker->call(frameHeader("nonsense")));
    EXPECT_EQ(observer.events.size(), 2U);
    EXPECT_EQ(observer.ends.size(), 1U);
}

TEST_F(Pool, WrongTokensAndOtherProtocolsEndTheConnection) {
    test::FakeWorker stranger(io, storage.clock, pool);
    stranger.hello(std::string(64, '0'));
    test::runUntil(io, [&] { return stranger.closed; });
    test::FakeWorker old(io, storage.clock, pool);
    old.hello(launched[0]->variable("HEDDLE_TOKEN"), 2);
    test::runUntil(io, [&] { return old.closed; });
    // A token is used up by its first use.
    test::FakeWorker again(io, storage.clock, pool);
    again.hello(launched[0]->variable("HEDDLE_TOKEN"));
    test::runUntil(io, [&] { return again.closed; });
    test::FakeWorker rude(io, storage.clock, pool);
    rude.channel->notify(frameHeader("run.end"));
    test::runUntil(io, [&] { return rude.closed; });
}

TEST_F(Pool, TheFirstReadyWorkerWaitsForTheOthers) {
    WorkerOptions slow = options();
    slow.warm_up = std::chrono::hours(1);
    std::vector<std::shared_ptr<test::Launched>> processes;
    WorkerExecutor warming(io.get_executor(), storage.db, storage.clock, storage.random, slow,
                           std::make_unique<test::FakeLauncher>(processes));
    warming.observe(observer);
    warming.open();
    test::FakeWorker first(io, storage.clock, warming);
    first.hello(processes.at(0)->variable("HEDDLE_TOKEN"));
    first.next("load");
    turn();
    EXPECT_FALSE(warming.ready("agent", {}));
    test::FakeWorker second(io, storage.clock, warming);
    second.hello(processes.at(1)->variable("HEDDLE_TOKEN"));
    test::runUntil(io, [&] { return observer.capacity > 0; });
    EXPECT_TRUE(warming.ready("agent", {}));
}

TEST_F(Pool, StrangersAreBounded) {
    std::vector<std::unique_ptr<test::FakeWorker>> strangers;
    for (std::size_t i = 0; i <= limits::kWorkerStrangers; ++i) {
        strangers.push_back(std::make_unique<test::FakeWorker>(io, storage.clock, pool));
    }
    test::runUntil(io, [&] { return strangers.back()->closed; });
    EXPECT_FALSE(strangers.front()->closed);
}

TEST_F(Pool, TheLeastLoadedWorkerGetsTheRun) {
    const auto first = join(0);
    const auto second = join(1);
    for (int i = 0; i < 4; ++i) start();
    test::runUntil(io, [&] { return first->count("run.start") + second->count("run.start") == 4; });
    EXPECT_EQ(first->count("run.start"), 2U);
    EXPECT_EQ(second->count("run.start"), 2U);
}

TEST_F(Pool, RunsBeyondTheBoundWaitForAPlace) {
    const auto worker = join(0);
    std::vector<heddle::Run> runs;
    for (int i = 0; i < 3; ++i) runs.push_back(start());
    EXPECT_FALSE(pool.ready("agent", {}));
    const heddle::Run late = start();
    test::runUntil(io, [&] { return worker->count("run.start") == 3; });
    worker->end(runs[1], "success");
    untilEnds(1);
    for (const auto& run : runs) EXPECT_EQ(worker->next("run.start").text("run_id"), run.id.str());
    EXPECT_EQ(worker->next("run.start").text("run_id"), late.id.str());
}

TEST_F(Pool, AGraphThatDidNotLoadIsRefused) {
    const auto worker = join(0, R"({"graphs":[{"graph_id":"agent","ok":true},{"graph_id":"broken","ok":false,
        "error":{"error":"ImportError","message":"no module named x"}}]})");
    EXPECT_TRUE(pool.ready("broken", {}));
    start({}, "broken");
    untilEnds(1);
    EXPECT_EQ(observer.ends[0].end.status, RunEnd::Status::kRefused);
    const RunError why{"GraphLoadError", "ImportError: no module named x"};
    EXPECT_EQ(observer.ends[0].end.error, why);
    ASSERT_EQ(pool.faults().size(), 1U);
    EXPECT_EQ(pool.faults()[0].graph_id, "broken");
    EXPECT_EQ(pool.faults()[0].error, why);
    EXPECT_EQ(worker->count("run.start"), 0U);
}

TEST_F(Pool, ALostWorkerLosesItsRunsAndIsStartedAgain) {
    auto worker = join(0);
    const heddle::Run run = start();
    worker->next("run.start");
    worker.reset();  // its connection ends
    untilEnds(1);
    EXPECT_EQ(observer.ends[0].run, run.id);
    EXPECT_EQ(observer.ends[0].end.status, RunEnd::Status::kLost);
    EXPECT_FALSE(pool.ready("agent", {}));
    launched[0]->on_end("exit status 3");
    storage.clock.advance(std::chrono::seconds(1));
    test::runUntil(io, [&] { return launched.size() == 3; });
    worker = join(2);
    EXPECT_TRUE(pool.ready("agent", {}));
}

TEST_F(Pool, EndsThatWereSentBeforeTheProcessDiedCount) {
    auto worker = join(0);
    const heddle::Run run = start();
    worker->next("run.start");
    worker->end(run, "success");
    launched[0]->on_end("exit status 0");  // known before the socket was read
    untilEnds(1);
    EXPECT_EQ(observer.ends[0].end.status, RunEnd::Status::kSuccess);
}

TEST_F(Pool, ASuspectOfCompanyOneIsAlone) {
    const auto first = join(0);
    const heddle::Run neighbour = start();
    first->next("run.start");
    const heddle::Run poison = start(1);
    // It waits, and nobody joins the worker that empties for it.
    EXPECT_FALSE(pool.ready("agent", {}));
    turn();
    EXPECT_EQ(first->count("run.start"), 0U);
    first->end(neighbour, "success");
    EXPECT_EQ(first->next("run.start").text("run_id"), poison.id.str());
    EXPECT_FALSE(pool.ready("agent", {}));
    const int capacity = observer.capacity;
    first->end(poison, "success");
    test::runUntil(io, [&] { return observer.capacity > capacity; });
    EXPECT_TRUE(pool.ready("agent", {}));
}

TEST_F(Pool, ASuspectTakesAnIdleWorkerAtOnce) {
    const auto first = join(0);
    const auto second = join(1);
    start();
    first->next("run.start");
    start(1);
    second->next("run.start");
    // The others go on.
    EXPECT_TRUE(pool.ready("agent", {}));
    start();
    first->next("run.start");
}

TEST_F(Pool, SuspectsShareAWorkerUpToTheLeastOfTheirCompanies) {
    const auto first = join(0);
    std::vector<heddle::Run> suspects;
    for (int i = 0; i < 3; ++i) suspects.push_back(start(2));
    const heddle::Run alone = start(1);
    EXPECT_EQ(first->next("run.start").text("run_id"), suspects[0].id.str());
    EXPECT_EQ(first->next("run.start").text("run_id"), suspects[1].id.str());
    turn();
    EXPECT_EQ(first->count("run.start"), 0U);
    first->end(suspects[0], "success");
    EXPECT_EQ(first->next("run.start").text("run_id"), suspects[2].id.str());
    first->end(suspects[1], "success");
    turn();
    EXPECT_EQ(first->count("run.start"), 0U);  // the last one wants nobody beside it
    first->end(suspects[2], "success");
    EXPECT_EQ(first->next("run.start").text("run_id"), alone.id.str());
    EXPECT_FALSE(pool.ready("agent", {}));
    first->end(alone, "success");
    test::runUntil(io, [&] { return pool.ready("agent", {}); });
}

TEST_F(Pool, AsManySuspectsMayWaitAsMayRun) {
    const auto first = join(0);
    EXPECT_TRUE(pool.ready("agent", 2));
    for (int i = 0; i < 3; ++i) start(2);
    EXPECT_TRUE(pool.ready("agent", 2));  // one waits
    start(2);
    EXPECT_FALSE(pool.ready("agent", 2));
    EXPECT_TRUE(pool.ready("agent", 3));
}

TEST_F(Pool, LostRunsKnowWithHowManyTheyDied) {
    auto worker = join(0);
    start();
    start();
    worker->next("run.start");
    worker->next("run.start");
    worker.reset();
    untilEnds(2);
    for (const auto& end : observer.ends) EXPECT_EQ(end.end.company, 2U);
}

TEST_F(Pool, CancelReachesTheWorkerOrTheQueue) {
    const auto worker = join(0);
    const heddle::Run run = start();
    pool.cancel(run.id, run.attempt + 1);
    pool.cancel(run.id, run.attempt);
    EXPECT_EQ(worker->next("run.cancel").text("run_id"), run.id.str());
    EXPECT_EQ(worker->count("run.cancel"), 0U);
    for (int i = 0; i < 3; ++i) start();
    const heddle::Run waiting = start();
    pool.cancel(waiting.id, waiting.attempt);
    untilEnds(1);
    EXPECT_EQ(observer.ends[0].run, waiting.id);
    EXPECT_EQ(observer.ends[0].end.status, RunEnd::Status::kInterrupted);
}

TEST_F(Pool, CreditComesBackInBatches) {
    const auto worker = join(0);
    const heddle::Run run = start();
    for (int i = 0; i < 4; ++i) worker->event(run, "custom", "\"" + std::string(98, 'x') + "\"");
    EXPECT_EQ(worker->next("credit").header.at("bytes"),
              "300");  // a quarter of 1000 is reached with the third
    test::runUntil(io, [&] { return observer.events.size() == 4; });
    EXPECT_EQ(worker->count("credit"), 0U);
    worker->event(run, "custom", "\"" + std::string(5000, 'x') + "\"");
    EXPECT_EQ(worker->next("credit").header.at("bytes"), "5102");
}

TEST_F(Pool, CreditIsHeldBackWhileThereIsNoRoomForEvents) {
    const auto worker = join(0);
    const heddle::Run run = start();
    observer.has_room = false;
    const std::string data = "\"" + std::string(498, 'x') + "\"";
    for (int i = 0; i < 3; ++i) worker->event(run, "custom", data);
    test::runUntil(io, [&] { return observer.events.size() == 3; });
    EXPECT_EQ(worker->count("credit"), 0U);
    ASSERT_EQ(observer.room_waiters.size(), 1U) << "asked once";
    observer.makeRoom();
    EXPECT_EQ(worker->next("credit").header.at("bytes"), "1500");
    worker->event(run, "custom", data);
    EXPECT_EQ(worker->next("credit").header.at("bytes"), "500");
}

TEST_F(Pool, AnEventOfTwoLinesEndsTheConnection) {
    const auto worker = join(0);
    const heddle::Run run = start();
    worker->event(run, "custom", "{}\ndata: forged");
    test::runUntil(io, [&] { return worker->closed; });
    untilEnds(1);
    EXPECT_THAT(observer.events, IsEmpty());
    EXPECT_EQ(observer.ends[0].end.status, RunEnd::Status::kLost);
}

TEST_F(Pool, ABlockedWorkerGetsNoRun) {
    const auto blocked = join(0);
    blocked->answers_loop = false;
    const heddle::Run blocker = start();
    blocked->next("run.start");
    storage.clock.advance(std::chrono::milliseconds(30));
    // It is asked for a sign of life and gives none: the next run is held.
    EXPECT_TRUE(pool.ready("agent", {}));
    const heddle::Run held = start();
    blocked->next("loop.ping");
    EXPECT_FALSE(pool.ready("agent", {}));
    // A second worker comes up and gets it, and everything that follows.
    const auto free = join(1);
    EXPECT_EQ(free->next("run.start").text("run_id"), held.id.str());
    start();
    free->next("run.start");
    EXPECT_EQ(blocked->count("run.start"), 0U);
}

TEST_F(Pool, ABusyWorkerThatAnswersGetsTheRun) {
    const auto worker = join(0);
    const heddle::Run first = start();
    storage.clock.advance(std::chrono::milliseconds(30));
    const int capacity = observer.capacity;
    start();
    worker->next("loop.ping");
    test::runUntil(io, [&] { return worker->count("run.start") == 2; });
    EXPECT_EQ(observer.capacity, capacity + 1);  // ready() was false while the run was held
    // Events are signs of life too.
    storage.clock.advance(std::chrono::milliseconds(30));
    worker->event(first, "values", "{}");
    test::runUntil(io, [&] { return observer.events.size() == 1; });
    start();
    test::runUntil(io, [&] { return worker->count("run.start") == 3; });
    EXPECT_EQ(worker->count("loop.ping"), 0U);
}

TEST_F(Pool, AStateIsAskedOfTheFirstWorkerThatIsReady) {
    std::optional<Result<RawJson>> state;
    test::asio::co_spawn(
        io, pool.state({"agent", {"t", "", ""}}),
        [&](const std::exception_ptr&, Result<RawJson> answer) { state = std::move(answer); });
    turn();
    EXPECT_FALSE(state);
    const auto worker = join(0);
    worker->state_reply = R"({"values":{}})";
    test::runUntil(io, [&] { return state.has_value(); });
    EXPECT_EQ(state->value().text(), R"({"values":{}})");
}

TEST_F(Pool, AStateIsRefusedWhenNoWorkerIsComing) {
    for (const std::size_t index : {0U, 1U}) launched[index]->on_end("exit status 3");
    const auto none = test::runToEnd(io, pool.state({"agent", {"t", "", ""}}));
    EXPECT_EQ(none.error().kind, ProblemKind::kUnavailable);
}

TEST_F(Pool, VectorsAreAskedOfAWorker) {
    EXPECT_TRUE(pool.embeds());
    const auto worker = join(0);
    EXPECT_THAT(
        worker->next("load").parts.at(0),
        HasSubstr(R"("store_index":{"dims":2,"path":"/srv/app/embed.py","export":"embed","fields":["$"]})"));
    worker->embed_reply = R"({"vectors":["AABAQAAAgEA=","AACAPwAAAAA="]})";  // (3, 4) and (1, 0)
    const EmbeddingQuestion texts{{}, RawJson::trusted(R"({"a":"tea"})"), RawJson::trusted(R"(["a"])")};
    const auto vectors = test::runToEnd(io, pool.embed(texts));
    ASSERT_EQ(vectors.value().size(), 2U);
    EXPECT_FLOAT_EQ(vectors->at(0).cosine(vectors->at(1).bytes()), 0.6F);
    EXPECT_EQ(worker->next("store.embed").parts.at(0), R"({"value":{"a":"tea"},"index":["a"]})");
    const EmbeddingQuestion query{"tea", {}, {}};
    // Two vectors are no answer to one query.
    EXPECT_EQ(test::runToEnd(io, pool.embed(query)).error().kind, ProblemKind::kUnavailable);
    EXPECT_EQ(worker->next("store.embed").parts.at(0), R"({"query":"tea"})");
    for (const auto* reply : {"{}", R"({"vectors":[1]})", R"({"vectors":["AACAfwAAAAA="]})", "nonsense"}) {
        worker->embed_reply = reply;
        EXPECT_FALSE(test::runToEnd(io, pool.embed(texts))) << reply;
    }
    worker->embed_fault = "store.index.embed failed: ValueError: boom";
    EXPECT_EQ(test::runToEnd(io, pool.embed(query)).error(), Problem::unavailable(worker->embed_fault));
    MixedExecutor mixed({&pool});
    EXPECT_EQ(test::runToEnd(io, mixed.embed(query)).error(), Problem::unavailable(worker->embed_fault));
}

TEST_F(Pool, StoppingTellsTheWorkersAndEndsTheirRuns) {
    auto worker = join(0);
    start();
    worker->next("run.start");
    bool stopped = false;
    test::asio::co_spawn(io, pool.stop(std::chrono::seconds(5)),
                         [&](const std::exception_ptr&) { stopped = true; });
    worker->next("shutdown");
    EXPECT_FALSE(pool.ready("agent", {}));
    worker.reset();
    test::runUntil(io, [&] { return launched[1]->killed; });  // it had not connected
    for (const auto& process : launched) process->on_end("exit status 0");
    test::runUntil(io, [&] { return stopped; });
    untilEnds(1);
    EXPECT_EQ(observer.ends[0].end.status, RunEnd::Status::kLost);
    EXPECT_EQ(launched.size(), 2U);
}

}  // namespace
}  // namespace heddle::graph
