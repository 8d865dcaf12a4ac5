// SPDX-License-Identifier: Apache-2.0
#include "graph/native/executor.hpp"
#include "graph/native/library.hpp"
#include "store/checkpoints.hpp"
#include "support.hpp"
#include <heddle/graph.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

namespace heddle::graph {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Holds nodes until the test lets them go.
class Gate {
  public:
    void pass() {
        std::unique_lock lock(mutex_);
        ++waiting_;
        changed_.wait(lock, [this] { return open_; });
    }
    void open() {
        const std::lock_guard lock(mutex_);
        open_ = true;
        changed_.notify_all();
    }
    int waiting() {
        const std::lock_guard lock(mutex_);
        return waiting_;
    }

  private:
    std::mutex mutex_;
    std::condition_variable changed_;
    int waiting_ = 0;
    bool open_ = false;
};

class OnThreads : public ::testing::Test {
  protected:
    OnThreads() { executor->observe(observer); }
    ~OnThreads() override { gate.open(); }

    // The wrapper of people's libraries, without a library in between.
    void add(const std::string& graph_id, Graph graph) {
        exposed.push_back(std::make_unique<detail::Exposed>(std::move(graph)));
        auto parts = readTable(exposed.back()->table);
        ASSERT_TRUE(parts) << parts.error().detail;
        executor->add(graph_id, std::move(*parts));
    }
    void addBlocking() {
        Graph graph;
        graph.node("wait", [this](RunContext&) {
            gate.pass();
            return std::string(R"({"passed":true})");
        });
        add("blocking", graph.edge(START, "wait"));
    }
    heddle::Run begin(const std::string& graph_id, std::string input = "{}") {
        heddle::Run run = storage.claimed(graph_id, std::move(input));
        executor->start({run, std::nullopt}, std::nullopt);
        return run;
    }
    void untilEnds(std::size_t number) {
        test::runUntil(io, [&] { return observer.ends.size() >= number; });
    }

    test::asio::io_context io{1};
    test::Storage storage{io};
    test::Observer observer;
    Gate gate;
    std::vector<std::unique_ptr<detail::Exposed>> exposed;
    std::unique_ptr<NativeExecutor> executor =
        std::make_unique<NativeExecutor>(io.get_executor(), storage.db, storage.clock, storage.random,
                                         NativeLimits{1, std::chrono::milliseconds(250)});
};

TEST_F(OnThreads, ARunTakesItsThreadUntilItEnds) {
    addBlocking();
    EXPECT_TRUE(executor->ready("blocking", std::nullopt));
    begin("blocking");
    EXPECT_FALSE(executor->ready("blocking", std::nullopt));
    test::runUntil(io, [&] { return gate.waiting() == 1; });
    gate.open();
    untilEnds(1);
    EXPECT_TRUE(executor->ready("blocking", std::nullopt));
    EXPECT_GE(observer.capacity, 1);
    EXPECT_THAT(observer.ends[0].end.state.text(), HasSubstr(R"("values":{"passed":true})"));
}

TEST_F(OnThreads, ARunThatWaitsForAThreadCanBeCancelled) {
    addBlocking();
    begin("blocking");
    test::runUntil(io, [&] { return gate.waiting() == 1; });
    storage.thread.id = ThreadId(Uuid::v7(storage.clock.now(), storage.random));
    storage.write([&](sql::Connection& db) { store::insertThread(db, storage.thread); });
    const auto second = begin("blocking");
    const auto stored = [&] {
        std::vector<CheckpointTuple> all;
        storage.write([&](sql::Connection& db) { all = store::listCheckpoints(db, {}); });
        return all.size() == 2;  // of both inputs
    };
    test::runUntil(io, stored);
    executor->cancel(second.id, second.attempt);
    untilEnds(1);
    EXPECT_EQ(observer.ends[0].run, second.id);
    EXPECT_EQ(observer.ends[0].end.status, RunEnd::Status::kInterrupted);
    EXPECT_EQ(gate.waiting(), 1);
}

TEST_F(OnThreads, ANodeThatIgnoresACancelKeepsItsThread) {
    addBlocking();
    const auto run = begin("blocking");
    test::runUntil(io, [&] { return gate.waiting() == 1; });
    executor->cancel(run.id, run.attempt);
    io.poll();
    EXPECT_TRUE(observer.ends.empty());
    EXPECT_FALSE(executor->ready("blocking", std::nullopt));
    gate.open();
    untilEnds(1);
    EXPECT_TRUE(executor->ready("blocking", std::nullopt));
}

TEST_F(OnThreads, ALateRouteOfAnUpdateKeepsItsThreadUntilItEnds) {
    Graph graph;
    graph.node("end", [](RunContext&) { return std::string("null"); });
    graph.conditional_edges(START, [this](std::string_view) {
        gate.pass();
        return std::string("end");
    });
    add("routed", std::move(graph));
    StateUpdate update;
    update.graph_id = "routed";
    update.key.thread_id = storage.thread.id.str();
    update.supersteps = RawJson::trusted(R"([{"updates":[{"values":{},"as_node":"__start__"}]}])");
    const auto updated = test::runToEnd(io, executor->update(update));
    ASSERT_FALSE(updated);
    EXPECT_THAT(updated.error().detail, HasSubstr("did not answer in time"));
    ASSERT_EQ(gate.waiting(), 1);
    EXPECT_FALSE(executor->ready("routed", std::nullopt));
    EXPECT_EQ(observer.capacity, 0);
    gate.open();
    test::runUntil(io, [&] { return observer.capacity == 1; });
    EXPECT_TRUE(executor->ready("routed", std::nullopt));
}

TEST_F(OnThreads, TheExecutorStopsTheNodeThatWorks) {
    std::atomic<bool> asleep = false;
    std::atomic<bool> stopped = false;
    Graph graph;
    graph.node("sleep", [&](RunContext& run) {
        asleep = true;
        try {
            run.sleep(std::chrono::hours(1));
        } catch (const Stopped&) {
            stopped = true;
            throw;
        }
        return std::string("null");
    });
    add("sleep", graph.edge(START, "sleep"));
    begin("sleep");
    test::runUntil(io, [&] { return asleep.load(); });
    // Waits for the node, unless that takes longer than limits::kNodeLeave.
    executor.reset();
    EXPECT_TRUE(stopped);
    EXPECT_TRUE(observer.ends.empty());
}

TEST_F(OnThreads, AnEmittingNodeWaitsForTheLoop) {
    std::atomic<int> sent = 0;
    const std::string text(64 * 1024, 'x');
    constexpr int kEvents = 200;  // three times what may wait
    Graph graph;
    graph.node("emit", [&](RunContext& run) {
        for (int i = 0; i < kEvents; ++i) {
            run.emit("\"" + text + "\"");
            ++sent;
        }
        return std::string("null");
    });
    add("emit", graph.edge(START, "emit"));
    heddle::Run run = storage.claimed("emit", "{}");
    run.kwargs.stream_mode = {"custom"};
    run.kwargs.resumable = true;
    observer.has_room = false;
    executor->start({run, std::nullopt}, std::nullopt);
    test::runUntil(io, [&] { return sent > 0 && !observer.room_waiters.empty(); });
    EXPECT_LT(sent, kEvents / 2);
    EXPECT_TRUE(observer.events.empty());
    observer.makeRoom();
    untilEnds(1);
    EXPECT_EQ(observer.events.size(), std::size_t{kEvents});
    EXPECT_EQ(observer.ends[0].end.status, RunEnd::Status::kSuccess);
}

TEST_F(OnThreads, AFencedAttemptStopsItsNode) {
    Graph graph;
    graph.node("sleep", [](RunContext& run) {
        run.sleep(std::chrono::hours(1));
        return std::string("null");
    });
    add("sleep", graph.edge(START, "sleep"));
    heddle::Run run = storage.claimed("sleep", "{}");
    run.attempt += 1;  // not the current one
    executor->start({run, std::nullopt}, std::nullopt);
    untilEnds(1);
    EXPECT_EQ(observer.ends[0].end.status, RunEnd::Status::kInterrupted);
}

TEST_F(OnThreads, ALaterAttemptGoesOnWhereTheFirstOneWas) {
    std::string called;
    Graph graph;
    for (const std::string name : {"a", "b", "c"}) {
        graph.node(name, [&called, name](RunContext& run) {
            called += name;
            return "{\"seen\":[\"" + name + std::to_string(run.state().size()) + "\"]}";
        });
    }
    graph.edge(START, "a").edge("a", "b").edge("b", "c").append("seen");
    add("abc", graph);
    heddle::Run run = begin("abc", R"({"x":1})");
    untilEnds(1);
    EXPECT_EQ(called, "abc");
    std::vector<CheckpointTuple> chain;
    storage.write([&](sql::Connection& db) { chain = store::listCheckpoints(db, {}); });
    ASSERT_EQ(chain.size(), 4U);
    // As if it had died in `b`, then as if it had died before its end was noted.
    called.clear();
    executor->start({run, chain[2]}, std::nullopt);
    untilEnds(2);
    EXPECT_EQ(called, "bc");
    called.clear();
    executor->start({run, chain[0]}, std::nullopt);
    untilEnds(3);
    EXPECT_EQ(called, "");
    EXPECT_EQ(observer.ends.back().end.status, RunEnd::Status::kSuccess);
    EXPECT_EQ(observer.ends.back().end.checkpoint_id, chain[0].key.id);
}

}  // namespace
}  // namespace heddle::graph
