// SPDX-License-Identifier: Apache-2.0
#include "graph/native/builtin.hpp"
#include "graph/native/executor.hpp"
#include "store/checkpoints.hpp"
#include "support.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>

namespace heddle::graph {
namespace {

using test::asio::awaitable;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class Native : public ::testing::Test {
  protected:
    Native() {
        executor.observe(observer);
        for (const auto* name : {"echo", "sleep", "fail"}) executor.add(name, *builtinGraph(name));
    }
    std::optional<CheckpointTuple> latest() {
        std::optional<CheckpointTuple> tuple;
        storage.write([&](sql::Connection& db) {
            tuple = store::getCheckpoint(db, storage.thread.id.str(), "", std::nullopt);
        });
        return tuple;
    }
    // Runs an attempt to its end.
    const RunEnd& execute(heddle::Run run) {
        const std::size_t before = observer.ends.size();
        executor.start({std::move(run), latest()}, std::nullopt);
        test::runUntil(io, [&] { return observer.ends.size() > before; });
        storage.finish(storage_run(observer.ends.back()));
        return observer.ends.back().end;
    }
    static heddle::Run storage_run(const test::Observer::End& end) {
        heddle::Run run;
        run.id = end.run;
        run.attempt = end.attempt;
        return run;
    }
    static std::string get(const RawJson& json, std::string_view key) {
        return std::string(json.view().get(key).value().text());
    }

    test::asio::io_context io{1};
    test::Storage storage{io};
    test::Observer observer;
    NativeExecutor executor{io.get_executor(), storage.db, storage.clock, storage.random};
};

TEST_F(Native, EchoSendsValuesBeforeAndAfter) {
    const RunEnd& end = execute(storage.claimed("echo", R"({"text":"hi"})"));
    EXPECT_EQ(end.status, RunEnd::Status::kSuccess);
    EXPECT_THAT(observer.events,
                ElementsAre(R"(values {"text":"hi"})", R"(values {"text":"hi","out":"hi"})"));
    EXPECT_EQ(get(end.state, "values"), R"({"text":"hi","out":"hi"})");
    EXPECT_EQ(get(end.state, "next"), "[]");
    EXPECT_EQ(end.state.view().get("checkpoint_id")->string(), end.checkpoint_id);
    EXPECT_THAT(get(end.state, "metadata"), HasSubstr(R"("who":"me")"));
}

TEST_F(Native, HonoursStreamModes) {
    heddle::Run run = storage.claimed("echo", R"({"text":1e5})");
    run.kwargs.stream_mode = {"updates", "custom", "messages-tuple", "debug"};
    execute(run);
    EXPECT_THAT(observer.events, ElementsAre(R"(updates {"echo":{"out":1e5}})"));
}

TEST_F(Native, EventsStandOnOneLine) {
    execute(storage.claimed("echo", "{\"text\":\r\n\"a\\nb\"}"));
    for (const auto& event : observer.events)
        EXPECT_EQ(event.find_first_of("\r\n"), std::string::npos) << event;
}

TEST_F(Native, StatePersistsBetweenRuns) {
    execute(storage.claimed("echo", R"({"z":1,"text":"first"})"));
    const auto first = latest();
    const RunEnd& end = execute(storage.claimed("echo", R"({"text":"second"})"));
    EXPECT_EQ(get(end.state, "values"), R"({"z":1,"text":"second","out":"second"})");
    const auto second = latest();
    EXPECT_GT(second->key.id, first->key.id);
    // What did not change is not stored again: its version is still the first checkpoint's.
    for (const auto& channel : second->channels) {
        const bool kept = channel.channel == "z";
        bool same = false;
        for (const auto& old : first->channels)
            same = same || (old.channel == channel.channel && old == channel);
        EXPECT_EQ(same, kept) << channel.channel;
    }
}

TEST_F(Native, ACheckpointChainLeadsToTheInput) {
    execute(storage.claimed("echo", R"({"text":"a"})"));
    std::vector<CheckpointTuple> all;
    storage.write([&](sql::Connection& db) { all = store::listCheckpoints(db, {}); });
    ASSERT_EQ(all.size(), 2U);
    EXPECT_EQ(all[0].parent_id, all[1].key.id);
    EXPECT_FALSE(all[1].parent_id);
    EXPECT_THAT(all[1].checkpoint.bytes, HasSubstr(R"("next":["echo"])"));
    EXPECT_THAT(all[1].metadata.text(), HasSubstr(R"("source":"input")"));
}

TEST_F(Native, AFailureKeepsTheInputAndSaysWhy) {
    const RunEnd& end = execute(storage.claimed("fail", R"({"message":"no \"luck\""})"));
    EXPECT_EQ(end.status, RunEnd::Status::kError);
    EXPECT_EQ(end.error, (RunError{"ValueError", "no \"luck\""}));
    EXPECT_THAT(observer.events, ElementsAre(R"(values {"message":"no \"luck\""})"));
    EXPECT_EQ(get(end.state, "next"), R"(["fail"])");
    EXPECT_THAT(get(end.state, "tasks"), HasSubstr(R"x("error":"ValueError('no \"luck\"')")x"));
    // The same from the database.
    CheckpointKey key{storage.thread.id.str(), "", ""};
    const auto state = test::runToEnd(io, executor.state({"fail", key}));
    EXPECT_EQ(state.value(), end.state);
}

TEST_F(Native, FailWithoutAMessageIsKaput) {
    EXPECT_EQ(execute(storage.claimed("fail", "{}")).error, (RunError{"ValueError", "kaput"}));
}

TEST_F(Native, AFreshThreadNeedsInput) {
    EXPECT_EQ(execute(storage.claimed("echo", "null")).error->type, "EmptyInputError");
    EXPECT_EQ(execute(storage.claimed("echo", "\"text\"")).error->type, "InvalidUpdateError");
}

TEST_F(Native, NullInputOnAFinishedThreadChangesNothing) {
    const std::string first = *execute(storage.claimed("echo", R"({"text":"a"})")).checkpoint_id;
    const RunEnd& end = execute(storage.claimed("echo", "null"));
    EXPECT_EQ(end.status, RunEnd::Status::kSuccess);
    EXPECT_EQ(end.checkpoint_id, first);
}

TEST_F(Native, ASecondAttemptGoesOnFromTheFirstOnesCheckpoint) {
    heddle::Run run = storage.claimed("sleep", R"({"seconds":0.001})");
    execute(run);
    const auto all_after = [&] {
        std::vector<CheckpointTuple> all;
        storage.write([&](sql::Connection& db) { all = store::listCheckpoints(db, {}); });
        return all;
    };
    // As if it had died while it slept: only the checkpoint of its input is there.
    const auto chain = all_after();
    ASSERT_EQ(chain.size(), 2U);
    const heddle::Run again = storage.claimed("sleep", "null");
    RunStart start{again, chain[1]};
    executor.start(std::move(start), std::nullopt);
    test::runUntil(io, [&] { return observer.ends.size() == 2; });
    const RunEnd& end = observer.ends.back().end;
    EXPECT_EQ(end.status, RunEnd::Status::kSuccess);
    EXPECT_EQ(get(end.state, "values"), R"({"seconds":0.001,"slept":0.001})");
    EXPECT_EQ(all_after().size(), 3U);
}

TEST_F(Native, SleepingCanBeCancelled) {
    const heddle::Run run = storage.claimed("sleep", R"({"seconds":1000})");
    executor.start({run, std::nullopt}, std::nullopt);
    test::runUntil(io, [&] { return latest().has_value(); });  // its input is stored before it sleeps
    executor.cancel(run.id, run.attempt + 1);                  // another attempt: nothing happens
    executor.cancel(run.id, run.attempt);
    test::runUntil(io, [&] { return !observer.ends.empty(); });
    const RunEnd& end = observer.ends[0].end;
    EXPECT_EQ(end.status, RunEnd::Status::kInterrupted);
    EXPECT_EQ(get(end.state, "next"), R"(["sleep"])");
}

TEST_F(Native, AResumableRunWaitsForRoomForItsEvents) {
    heddle::Run run = storage.claimed("sleep", R"({"seconds":0})");
    run.kwargs.resumable = true;
    observer.has_room = false;
    executor.start({run, std::nullopt}, std::nullopt);
    test::runUntil(io, [&] { return !observer.room_waiters.empty(); });
    EXPECT_TRUE(observer.ends.empty());
    observer.makeRoom();
    test::runUntil(io, [&] { return !observer.ends.empty(); });
    EXPECT_EQ(observer.ends[0].end.status, RunEnd::Status::kSuccess);
}

TEST_F(Native, ARunThatWaitsForRoomCanBeCancelled) {
    heddle::Run run = storage.claimed("sleep", R"({"seconds":0})");
    run.kwargs.resumable = true;
    observer.has_room = false;
    executor.start({run, std::nullopt}, std::nullopt);
    test::runUntil(io, [&] { return !observer.room_waiters.empty(); });
    executor.cancel(run.id, run.attempt);
    test::runUntil(io, [&] { return !observer.ends.empty(); });
    EXPECT_EQ(observer.ends[0].end.status, RunEnd::Status::kInterrupted);
    observer.makeRoom();
}

TEST_F(Native, AFencedAttemptStoresNothing) {
    heddle::Run run = storage.claimed("echo", R"({"text":"a"})");
    run.attempt += 1;  // not the current one
    executor.start({run, std::nullopt}, std::nullopt);
    test::runUntil(io, [&] { return !observer.ends.empty(); });
    EXPECT_EQ(observer.ends[0].end.status, RunEnd::Status::kInterrupted);
    EXPECT_FALSE(latest().has_value());
}

TEST_F(Native, OwnGraphsEmitAndRaise) {
    executor.add("mine", [](NodeContext& run) -> awaitable<std::string> {
        run.emit(R"({"progress":1})");
        co_await run.sleep(std::chrono::microseconds(1));
        throw std::runtime_error("broken");
    });
    executor.add("list", [](NodeContext&) -> awaitable<std::string> { co_return "[1]"; });
    heddle::Run run = storage.claimed("mine", "{}");
    run.kwargs.stream_mode = {"custom"};
    EXPECT_EQ(execute(run).error, (RunError{"RuntimeError", "broken"}));
    EXPECT_THAT(observer.events, ElementsAre(R"(custom {"progress":1})"));
    EXPECT_EQ(execute(storage.claimed("list", "{}")).error->type, "InvalidUpdateError");
}

TEST_F(Native, AnUnknownCheckpointIsAnEmptyState) {
    CheckpointKey key{storage.thread.id.str(), "", ""};
    const auto state = test::runToEnd(io, executor.state({"echo", key}));
    EXPECT_EQ(
        state.value().text(),
        R"({"values":{},"next":[],"tasks":[],"metadata":null,"created_at":null,"checkpoint":null,)"
        R"("parent_checkpoint":null,"interrupts":[],"checkpoint_id":null,"parent_checkpoint_id":null})");
}

TEST_F(Native, ForeignCheckpointsAreRefused) {
    CheckpointTuple tuple;
    tuple.key = {storage.thread.id.str(), "", "1f1e758e-aa09-61b2-8001-032b99a3664f"};
    tuple.checkpoint = {"msgpack", "\x80"};
    executor.start({storage.claimed("echo", "{}"), tuple}, std::nullopt);
    test::runUntil(io, [&] { return !observer.ends.empty(); });
    EXPECT_EQ(observer.ends[0].end.error->type, "InvalidCheckpoint");
}

TEST(CheckpointIds, SortByTimeAndAboveTheirParent) {
    test::FakeClock clock;
    test::CountingRandom random;
    CheckpointIds ids(clock, random);
    std::string last;
    for (int i = 0; i < 100; ++i) {
        const std::string id = ids.next(last);
        EXPECT_GT(id, last);
        EXPECT_EQ(id[14], '6');
        last = id;
        if (i % 10 == 0) clock.advance(std::chrono::microseconds(3));
    }
    // A parent of a server whose clock was ahead.
    const std::string ahead = "2f1e758e-aa09-61b2-8001-032b99a3664f";
    EXPECT_GT(ids.next(ahead), ahead);
}

}  // namespace
}  // namespace heddle::graph
