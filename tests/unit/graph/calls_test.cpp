// SPDX-License-Identifier: Apache-2.0
// The calls of workers against a real database.
#include "fake_worker.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace heddle::graph {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class Calls : public ::testing::Test {
  protected:
    Calls() {
        pool.observe(observer);
        pool.open();
        worker = std::make_unique<test::FakeWorker>(io, storage.clock, pool);
        worker->hello(launched.at(0)->variable("HEDDLE_TOKEN"));
        test::runUntil(io, [&] { return observer.capacity > 0; });
    }
    ~Calls() override { io.poll(); }

    static WorkerOptions options() {
        WorkerOptions made;
        made.command = {"python3"};
        made.workers = 1;
        made.graphs = {{"agent", "/srv/app/agent.py", "graph"}};
        return made;
    }
    JsonWriter header(std::string_view method, const heddle::Run* run = nullptr) {
        JsonWriter out = frameHeader(method);
        out.key("thread_id").string(storage.thread.id.str()).key("checkpoint_ns").string("");
        if (run == nullptr) return out;
        out.key("run_id").string(run->id.str()).key("attempt").integer(run->attempt);
        return out;
    }
    // A checkpoint with one channel. `update`: the state update's number, as JSON.
    std::shared_ptr<test::FakeWorker::Answer> put(const std::string& id, const heddle::Run* run,
                                                  const std::string& update = {}) {
        JsonWriter out = header("checkpoint.put", run);
        if (!update.empty()) out.key("update").raw(update);
        out.key("checkpoint_id").string(id).key("parent_checkpoint_id").null().key("type").string("msgpack");
        out.key("versions").raw(R"({"text":"1"})");
        out.key("blobs").raw(R"([{"channel":"text","version":"1","type":"msgpack"}])");
        out.key("parts").raw("[2,11,3]");
        return worker->call(std::move(out),
                            std::string("\x81\xff") + R"({"step": 1})" + std::string("a\0b", 3));
    }
    test::FakeWorker::Answer get(const std::string& id = {}) {
        JsonWriter out = header("checkpoint.get");
        out.key("checkpoint_id");
        if (id.empty()) {
            out.null();
        } else {
            out.string(id);
        }
        return worker->await(worker->call(std::move(out)));
    }
    test::FakeWorker::Answer store(std::string ops, const heddle::Run* run = nullptr) {
        return worker->await(worker->call(header("store.batch", run), R"({"ops":)" + std::move(ops) + "}"));
    }

    test::asio::io_context io{1};
    test::Storage storage{io};
    test::Observer observer;
    std::vector<std::shared_ptr<test::Launched>> launched;
    WorkerExecutor pool{io.get_executor(), storage.db, storage.clock,
                        storage.random,    options(),  std::make_unique<test::FakeLauncher>(launched)};
    std::unique_ptr<test::FakeWorker> worker;
};

TEST_F(Calls, ACheckpointComesBackAsItWasPut) {
    EXPECT_EQ(get().header.count("checkpoint"), 0U);
    EXPECT_EQ(worker->await(put("1f0", nullptr)).error, "");
    const auto got = get();
    EXPECT_THAT(got.header.at("checkpoint"),
                HasSubstr(R"("channels":[{"channel":"text","version":"1","type":"msgpack"}])"));
    EXPECT_THAT(got.parts, ElementsAre("\x81\xff", R"({"step": 1})", std::string("a\0b", 3)));
    EXPECT_EQ(get("none").header.count("checkpoint"), 0U);
}

TEST_F(Calls, WritesComeBackWithTheCheckpoint) {
    worker->await(put("1f0", nullptr));
    JsonWriter out = header("checkpoint.put_writes");
    out.key("checkpoint_id").string("1f0").key("task_id").string("task").key("task_path").string("~a");
    out.key("writes").raw(
        R"([{"idx":0,"channel":"text","type":"msgpack"},{"idx":-1,"channel":"__error__","type":"json"}])");
    out.key("parts").raw("[1,2]");
    EXPECT_EQ(worker->await(worker->call(std::move(out), "xyz")).error, "");
    const auto got = get("1f0");
    ASSERT_EQ(got.parts.size(), 5U);
    EXPECT_THAT(got.header.at("checkpoint"), HasSubstr(R"("task_path":"~a")"));
}

TEST_F(Calls, AWriteOfAnotherAttemptIsFencedAndItsRunIsOver) {
    heddle::Run run = storage.claimed("agent", "{}");
    pool.start({run, std::nullopt}, std::nullopt);
    worker->next("run.start");
    EXPECT_EQ(worker->await(put("1f0", &run)).error, "");
    storage.finish(run);  // cancelled, say
    EXPECT_EQ(worker->await(put("1f1", &run)).error, "Fenced");
    test::runUntil(io, [&] { return !observer.ends.empty(); });
    EXPECT_EQ(observer.ends[0].end.status, RunEnd::Status::kInterrupted);
    EXPECT_EQ(get("1f1").header.count("checkpoint"), 0U);
    EXPECT_EQ(store(R"([{"op":"put","namespace":["a"],"key":"k","value":{}}])", &run).error, "Fenced");
    // Reading is free.
    EXPECT_EQ(store(R"([{"op":"get","namespace":["a"],"key":"k"}])", &run).body, R"({"results":[null]})");
}

TEST_F(Calls, AStateUpdateThatWasGivenUpWritesNothingAnyMore) {
    StateUpdate asked;
    asked.graph_id = "agent";
    asked.key.thread_id = storage.thread.id.str();
    asked.supersteps = RawJson::trusted("[]");
    std::optional<Result<UpdatedState>> answer;
    const auto update = [&]() -> test::asio::awaitable<void> {
        auto updated = co_await pool.update(asked);
        answer.emplace(std::move(updated));
    };
    test::asio::co_spawn(io, update(), test::asio::detached);
    const auto frame = worker->next("state.update");
    EXPECT_EQ(worker->await(put("1f0", nullptr, frame.header.at("update"))).error, "");
    // As when the worker had not answered in time.
    worker->channel->fail(*JsonView::trusted(frame.header.at("id")).integer(), "InvalidUpdateError", "no");
    test::runUntil(io, [&] { return answer.has_value(); });
    EXPECT_EQ(answer->error().kind, ProblemKind::kBadRequest);
    EXPECT_EQ(worker->await(put("1f1", nullptr, frame.header.at("update"))).error, "Fenced");
    EXPECT_EQ(get("1f1").header.count("checkpoint"), 0U);
    EXPECT_EQ(get("1f0").header.count("checkpoint"), 1U);
}

TEST_F(Calls, PipelinedWritesAreDoneInTheOrderOfTheirFrames) {
    std::vector<std::shared_ptr<test::FakeWorker::Answer>> answers;
    for (int i = 0; i < 200; ++i) {
        const std::string ops =
            R"([{"op":"put","namespace":["n"],"key":"k","value":{"i":)" + std::to_string(i) + "}}]";
        answers.push_back(worker->call(header("store.batch"), R"({"ops":)" + ops + "}"));
    }
    worker->await(answers.back());
    for (const auto& answer : answers) EXPECT_TRUE(answer->done && answer->error.empty());
    EXPECT_THAT(store(R"([{"op":"get","namespace":["n"],"key":"k"}])").body,
                HasSubstr(R"("value":{"i":199})"));
}

TEST_F(Calls, MalformedRequestsAreRefusedAndTheConnectionGoesOn) {
    const auto refused = [&](JsonWriter out, std::string body = {}) {
        return worker->await(worker->call(std::move(out), std::move(body))).error;
    };
    EXPECT_EQ(refused(header("checkpoint.put")), "InvalidRequest");
    EXPECT_EQ(refused(frameHeader("checkpoint.get")), "InvalidRequest");
    EXPECT_EQ(refused(header("checkpoint.put_writes")), "InvalidRequest");
    EXPECT_EQ(refused(header("checkpoint.list"), "[1]"), "InvalidRequest");
    EXPECT_EQ(refused(header("store.batch"), "nonsense"), "InvalidStoreOperation");
    EXPECT_EQ(refused(frameHeader("what")), "UnknownMethod");
    JsonWriter half = frameHeader("checkpoint.delete");
    half.key("thread_id").string("t").key("run_id").string("not a uuid");
    EXPECT_EQ(refused(std::move(half)), "InvalidRequest");
    EXPECT_FALSE(worker->closed);
}

TEST_F(Calls, StoreOperationsOfABatchSeeEachOther) {
    const auto got =
        store(R"([{"op":"put","namespace":["docs","a"],"key":"k","value":{"n":1e5},"index":null,"ttl":null},
        {"op":"get","namespace":["docs","a"],"key":"k","refresh_ttl":true},
        {"op":"search","namespace_prefix":["docs"],"filter":null,"limit":10,"offset":0,"query":null},
        {"op":"list_namespaces","match_conditions":[{"match_type":"prefix","path":["docs"]}],"max_depth":1,"limit":10,"offset":0},
        {"op":"put","namespace":["docs","a"],"key":"k","value":null},
        {"op":"get","namespace":["docs","a"],"key":"k"}])");
    ASSERT_EQ(got.error, "");
    const auto results = JsonView::trusted(got.body).get("results").value().elements();
    ASSERT_EQ(results.size(), 6U);
    EXPECT_TRUE(results[0].isNull());
    EXPECT_EQ(results[1].get("value")->text(), R"({"n":1e5})");
    EXPECT_EQ(results[2].elements().at(0).get("score")->text(), "null");
    EXPECT_EQ(results[3].text(), R"([["docs"]])");
    EXPECT_TRUE(results[5].isNull());
}

TEST_F(Calls, ABatchBringsItsVectors) {
    // (3, 4) and (1, 0)
    const auto got = store(
        R"([{"op":"put","namespace":["a"],"key":"both","value":{},"vectors":["AABAQAAAgEA="]},
        {"op":"put","namespace":["a"],"key":"x","value":{},"vectors":["AACAPwAAAAA="]},
        {"op":"put","namespace":["a"],"key":"none","value":{}},
        {"op":"search","namespace_prefix":["a"],"query":"q","vector":"AACAPwAAAAA="}])");
    ASSERT_EQ(got.error, "");
    const auto alone = store(R"([{"op":"search","namespace_prefix":["a"],"vector":"AACAPwAAAAA="}])");
    for (const auto& body : {got.body, alone.body}) {
        const RawJson answer = RawJson::trusted(body);
        const auto found = answer.view().get("results").value().elements().back().elements();
        ASSERT_EQ(found.size(), 3U);
        EXPECT_EQ(found[0].get("key")->string(), "x");
        EXPECT_EQ(found[0].get("score")->number(), 1);
        EXPECT_EQ(found[1].get("key")->string(), "both");
        EXPECT_NEAR(found[1].get("score")->number().value(), 0.6, 1e-6);
        EXPECT_TRUE(found[2].get("score")->isNull());
    }
}

TEST_F(Calls, BadStoreOperationsAreNamed) {
    const auto refused = [&](std::string op) { return store("[" + std::move(op) + "]").error; };
    for (const auto* op :
         {R"({"op":"put","namespace":[],"key":"k","value":{}})",
          R"({"op":"put","namespace":["a.b"],"key":"k","value":{}})",
          R"({"op":"put","namespace":[""],"key":"k","value":{}})",
          R"({"op":"put","namespace":["langgraph"],"key":"k","value":{}})",
          R"({"op":"put","namespace":["a"],"key":"k","value":[]})",
          R"({"op":"put","namespace":["a"],"key":"k","value":{},"ttl":-1})",
          R"({"op":"get","namespace":["a"]})", R"({"op":"search","namespace_prefix":["a"],"limit":-1})",
          R"({"op":"search","namespace_prefix":["a"],"filter":{"x":{"$near":1}}})",
          R"({"op":"put","namespace":["a"],"key":"k","value":{},"vectors":"AACAPw=="})",
          R"({"op":"put","namespace":["a"],"key":"k","value":{},"vectors":["AACAPw==","AACAPwAAAAA="]})",
          R"({"op":"search","namespace_prefix":["a"],"vector":"AACAfw=="})", R"({"op":"drop"})", R"(7)"}) {
        EXPECT_EQ(refused(op), "InvalidStoreOperation") << op;
    }
}

TEST_F(Calls, ThreadsAreCopiedListedPrunedAndDeleted) {
    worker->await(put("1f0", nullptr));
    worker->await(put("1f1", nullptr));
    JsonWriter copy = frameHeader("checkpoint.copy");
    copy.key("source_thread_id").string(storage.thread.id.str()).key("target_thread_id").string("other");
    EXPECT_EQ(worker->await(worker->call(std::move(copy))).error, "");
    const auto list = [&](std::string filter = {}) {
        JsonWriter out = frameHeader("checkpoint.list");
        out.key("thread_id").string("other").key("checkpoint_ns").null().key("limit").integer(10);
        const auto got = worker->await(worker->call(std::move(out), std::move(filter)));
        return JsonView::trusted(got.header.at("checkpoints")).elements().size();
    };
    EXPECT_EQ(list(), 2U);
    EXPECT_EQ(list(R"({"step":1})"), 2U);
    EXPECT_EQ(list(R"({"step":2})"), 0U);
    JsonWriter prune = frameHeader("checkpoint.prune");
    prune.key("thread_ids").raw(R"(["other"])").key("strategy").string("keep_latest");
    EXPECT_EQ(worker->await(worker->call(std::move(prune))).error, "");
    EXPECT_EQ(list(), 1U);
    JsonWriter remove = frameHeader("checkpoint.delete");
    remove.key("thread_id").string("other");
    EXPECT_EQ(worker->await(worker->call(std::move(remove))).error, "");
    EXPECT_EQ(list(), 0U);
}

}  // namespace
}  // namespace heddle::graph
