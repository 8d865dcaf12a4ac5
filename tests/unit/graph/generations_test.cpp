// SPDX-License-Identifier: Apache-2.0
#include "graph/worker/generations.hpp"

#include "base/limits.hpp"
#include "fake_worker.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace heddle::graph {
namespace {

using ::testing::HasSubstr;

// A worker a generation, played by the test.
class Generations : public ::testing::Test {
  protected:
    static WorkerOptions options(std::vector<std::string> graphs = {"agent"}) {
        WorkerOptions made;
        made.command = {"python3", "-m", "heddle_worker"};
        made.workers = 1;
        made.runs_max = 2;
        made.warm_up = std::chrono::milliseconds(0);
        for (auto& graph : graphs) made.graphs.push_back({graph, "/srv/app/agent.py", "graph"});
        return made;
    }
    Generations() {
        generations.observe(observer);
        generations.open();
    }
    ~Generations() override { io.poll(); }

    // Plays the worker that was launched last up to the point where it has loaded.
    std::unique_ptr<test::FakeWorker> join(std::string load_reply = {}) {
        auto worker =
            std::make_unique<test::FakeWorker>(io, storage.clock, launched.back()->variable("HEDDLE_SOCKET"));
        if (!load_reply.empty()) worker->load_reply = std::move(load_reply);
        const int before = observer.capacity;
        worker->hello(launched.back()->variable("HEDDLE_TOKEN"));
        test::runUntil(io, [&] { return observer.capacity > before; });
        return worker;
    }
    heddle::Run start(std::string graph = "agent") {
        heddle::Run run;
        run.id = RunId(Uuid::v7(storage.clock.now(), storage.random));
        run.thread_id = storage.thread.id;
        run.graph_id = std::move(graph);
        run.attempt = 1;
        generations.start({run, std::nullopt}, {});
        return run;
    }
    // A question about the thread's state; `answered` says when `answer` is its answer.
    void ask() {
        StateQuery query;
        query.graph_id = "agent";
        query.key.thread_id = storage.thread.id.str();
        test::asio::co_spawn(io, generations.state(query),
                             [this](const std::exception_ptr&, Result<RawJson> got) {
                                 answer = std::move(got);
                                 answered = true;
                             });
    }
    // The process leaves as it was told.
    void leave(std::size_t index, test::FakeWorker& worker) {
        worker.next("shutdown");
        worker.channel->close("exits");
        const auto on_end = launched.at(index)->on_end;
        on_end("exit status 0");
        turn();
    }
    void turn() {
        io.restart();
        io.poll();
    }

    test::asio::io_context io{1};
    test::Storage storage{io};
    test::Observer observer;
    std::vector<std::shared_ptr<test::Launched>> launched;
    Result<RawJson> answer = Problem::unavailable("none yet");
    bool answered = false;
    WorkerGenerations generations{
        io.get_executor(), storage.db, storage.clock,
        storage.random,    options(),  [this] { return std::make_unique<test::FakeLauncher>(launched); }};
};

TEST_F(Generations, OldWorkersServeUntilNewOnesHaveLoaded) {
    const auto old = join();
    generations.renew(options());
    ASSERT_EQ(launched.size(), 2U);
    EXPECT_NE(launched[0]->variable("HEDDLE_TOKEN"), launched[1]->variable("HEDDLE_TOKEN"));
    EXPECT_TRUE(generations.ready("agent", {}));
    EXPECT_EQ(generations.unready(), std::nullopt);
    const heddle::Run before = start();
    EXPECT_EQ(old->next("run.start").text("run_id"), before.id.str());
    const auto fresh = join();
    const heddle::Run after = start();
    EXPECT_EQ(fresh->next("run.start").text("run_id"), after.id.str());
    EXPECT_EQ(old->count("run.start"), 0U);
}

TEST_F(Generations, ARunInFlightFinishesOnTheOldWorkerWhichThenEnds) {
    const auto old = join();
    const heddle::Run run = start();
    old->next("run.start");
    generations.renew(options());
    const auto fresh = join();
    turn();
    EXPECT_EQ(old->count("shutdown"), 0U);
    EXPECT_EQ(generations.alive(), 2U);
    old->event(run, "values", "1");
    old->end(run, "success");
    test::runUntil(io, [&] { return !observer.ends.empty(); });
    EXPECT_EQ(observer.ends[0].end.status, RunEnd::Status::kSuccess);
    EXPECT_EQ(observer.events.size(), 1U);
    leave(0, *old);
    EXPECT_EQ(generations.alive(), 1U);
    EXPECT_EQ(launched.size(), 2U);
}

TEST_F(Generations, IdleWorkersEndAtOnce) {
    const auto old = join();
    generations.renew(options());
    const auto fresh = join();
    leave(0, *old);
    EXPECT_EQ(generations.alive(), 1U);
}

TEST_F(Generations, AQuestionInFlightKeepsTheOldWorker) {
    const auto old = join();
    ask();
    const auto asked = old->next("state.get");
    generations.renew(options());
    const auto fresh = join();
    turn();
    EXPECT_EQ(old->count("shutdown"), 0U);
    JsonWriter fields;
    fields.beginObject();
    old->channel->reply(std::stoll(asked.header.at("id")), std::move(fields), {R"({"values":1})"});
    test::runUntil(io, [&] { return answered; });
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->text(), R"({"values":1})");
    leave(0, *old);
    EXPECT_EQ(generations.alive(), 1U);
}

TEST_F(Generations, QuestionsThatWaitForStartingWorkersGoToTheNextOnes) {
    ask();
    turn();
    generations.renew(options());  // the first workers have not loaded, and never will
    const auto fresh = join();
    const auto asked = fresh->next("state.get");
    EXPECT_FALSE(answered);
    JsonWriter fields;
    fields.beginObject();
    fresh->channel->reply(std::stoll(asked.header.at("id")), std::move(fields), {R"({"values":1})"});
    test::runUntil(io, [&] { return answered; });
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->text(), R"({"values":1})");
}

TEST_F(Generations, RunsThatWaitGoToTheNewWorkers) {
    const auto old = join();
    start();
    start();
    const heddle::Run waits = start();  // beyond the bound of one worker
    generations.renew(options());
    const auto fresh = join();
    EXPECT_EQ(fresh->next("run.start").text("run_id"), waits.id.str());
    test::runUntil(io, [&] { return old->count("run.start") == 2; });
}

TEST_F(Generations, ANewerWishReplacesWorkersThatAreStillLoading) {
    const auto old = join();
    generations.renew(options());
    generations.renew(options());
    turn();
    ASSERT_EQ(launched.size(), 3U);
    EXPECT_TRUE(launched[1]->killed);
    EXPECT_TRUE(generations.ready("agent", {}));
    const auto end = launched[1]->on_end;
    end("signal 9");
    const auto fresh = join();
    const heddle::Run run = start();
    EXPECT_EQ(fresh->next("run.start").text("run_id"), run.id.str());
    leave(0, *old);
    EXPECT_EQ(generations.alive(), 1U);
}

TEST_F(Generations, ADeadOldWorkerIsNotStartedAgainAndItsRunsGoToTheNewOnes) {
    const auto old = join();
    const heddle::Run run = start();
    old->next("run.start");
    generations.renew(options());
    const auto fresh = join();
    old->channel->close("dies");
    const auto on_end = launched[0]->on_end;
    on_end("signal 9");
    test::runUntil(io, [&] { return !observer.ends.empty(); });
    EXPECT_EQ(observer.ends[0].run, run.id);
    EXPECT_EQ(observer.ends[0].end.status, RunEnd::Status::kLost);
    test::runUntil(io, [&] { return generations.alive() == 1; });
    EXPECT_EQ(launched.size(), 2U);
    generations.start({run, std::nullopt}, Company(1));
    EXPECT_EQ(fresh->next("run.start").text("run_id"), run.id.str());
}

TEST_F(Generations, ErrorsOfLoadingAreThoseOfTheNewestWorkers) {
    const auto old = join();
    generations.renew(options());
    const auto broken = join(R"json({"graphs":[{"graph_id":"agent","ok":false,
        "error":{"error":"SyntaxError","message":"invalid syntax (/srv/app/agent.py:3)"}}]})json");
    ASSERT_EQ(generations.faults().size(), 1U);
    EXPECT_THAT(generations.faults()[0].error.message, HasSubstr("agent.py:3"));
    start();
    test::runUntil(io, [&] { return !observer.ends.empty(); });
    EXPECT_EQ(observer.ends[0].end.status, RunEnd::Status::kRefused);
    generations.renew(options());
    const auto mended = join();
    EXPECT_TRUE(generations.faults().empty());
    const heddle::Run run = start();
    EXPECT_EQ(mended->next("run.start").text("run_id"), run.id.str());
}

TEST_F(Generations, GraphsComeAndGo) {
    const auto old = join();
    EXPECT_FALSE(generations.hosts("other"));
    generations.renew(options({"other"}));
    EXPECT_TRUE(generations.hosts("other"));
    EXPECT_FALSE(generations.ready("other", {}));
    const auto fresh = join(R"({"graphs":[{"graph_id":"other","ok":true}]})");
    EXPECT_TRUE(generations.ready("other", {}));
    EXPECT_TRUE(generations.ready("agent", {}));  // to be refused
    start("agent");                               // waited when its graph went
    test::runUntil(io, [&] { return !observer.ends.empty(); });
    EXPECT_EQ(observer.ends[0].end.status, RunEnd::Status::kRefused);
    EXPECT_THAT(observer.ends[0].end.error->message,
                HasSubstr("'agent' is not in this server's configuration"));
    generations.renew(options({"agent"}));
    EXPECT_FALSE(generations.ready("agent", {}));  // it comes back: its runs wait
    EXPECT_FALSE(generations.ready("never", {}));
}

TEST_F(Generations, TheOldestOfTooManyWithRunsIsEnded) {
    std::vector<std::unique_ptr<test::FakeWorker>> workers;
    std::vector<heddle::Run> runs;
    for (std::size_t i = 0; i <= limits::kOlderWorkers; ++i) {
        workers.push_back(join());
        runs.push_back(start());
        workers.back()->next("run.start");
        generations.renew(options());
        EXPECT_EQ(workers.front()->count("shutdown"), 0U);
    }
    workers.push_back(join());
    leave(0, *workers.front());
    test::runUntil(io, [&] { return !observer.ends.empty(); });
    EXPECT_EQ(observer.ends[0].run, runs[0].id);
    EXPECT_EQ(observer.ends[0].end.status, RunEnd::Status::kLost);
    EXPECT_EQ(generations.alive(), limits::kOlderWorkers + 1);
    for (std::size_t i = 1; i < workers.size(); ++i) EXPECT_EQ(workers[i]->count("shutdown"), 0U);
}

TEST_F(Generations, StopEndsAllOfThem) {
    const auto old = join();
    start();
    generations.renew(options());
    const auto fresh = join();
    generations.renew(options());
    bool stopped = false;
    test::asio::co_spawn(io, generations.stop(std::chrono::seconds(5)),
                         [&](const std::exception_ptr&) { stopped = true; });
    turn();
    leave(0, *old);
    leave(1, *fresh);
    EXPECT_FALSE(stopped);
    const auto end = launched[2]->on_end;
    end("signal 9");
    test::runUntil(io, [&] { return stopped; });
    ASSERT_EQ(observer.ends.size(), 1U);
    EXPECT_EQ(observer.ends[0].end.status, RunEnd::Status::kLost);
}

}  // namespace
}  // namespace heddle::graph
