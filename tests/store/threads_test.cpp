// SPDX-License-Identifier: Apache-2.0
#include "store/threads.hpp"

#include "store/checkpoints.hpp"
#include "store/deliveries.hpp"
#include "store/harness.hpp"
#include "store/runs.hpp"

namespace heddle::test {
namespace {

using sql::Connection;
using store::ThreadQuery;

class ThreadsTest : public StoreTest {
  protected:
    Thread add(Thread thread) {
        EXPECT_TRUE(write([thread](Connection& db) { return store::insertThread(db, thread); }));
        return thread;
    }
    Thread add(const std::string& metadata, std::int64_t when = 0) {
        Thread thread = makeThread(at(when));
        thread.metadata = json(metadata);
        return add(thread);
    }
    std::optional<Thread> find(const ThreadId& id) {
        return read([id](Connection& db) { return store::findThread(db, id); });
    }
    store::ThreadPage search(const ThreadQuery& query) {
        const auto page = read([query](Connection& db) { return store::searchThreads(db, query); });
        EXPECT_EQ(page.total, read([query](Connection& db) { return store::countThreads(db, query); }));
        return page;
    }
    std::vector<ThreadId> ids(const ThreadQuery& query) {
        std::vector<ThreadId> out;
        for (const auto& thread : search(query).threads) out.push_back(thread.id);
        return out;
    }
    std::vector<ThreadId> withMetadata(const std::string& metadata) {
        ThreadQuery query;
        query.metadata = json(metadata);
        query.order = store::SortOrder::kAscending;
        return ids(query);
    }
    std::int64_t count(const std::string& table) {
        return read([table](Connection& db) {
            auto row = db.query("SELECT count(*) FROM " + table);
            row.step();
            return row.integer(0);
        });
    }
};

using Ids = std::vector<ThreadId>;

Thread withState(Thread thread) {
    thread.status = ThreadStatus::kInterrupted;
    thread.config = json(R"({"configurable": {"x": 1e5}})");
    thread.values = json(R"({"messages" : [18446744073709551616, 1e5, -0.0, "\u00e9\ud83d\ude00"]})");
    thread.error = json("null");
    thread.interrupts = json(R"({"task": [{"id":"i","value":1.0}]})");
    thread.state = json(R"({ "values":{} , "next":["a"] })");
    thread.state_checkpoint_id = "1ef";
    thread.graph_id = "agent";
    return thread;
}

void expectSame(const Thread& a, const Thread& b) {
    EXPECT_EQ(a.id, b.id);
    EXPECT_EQ(a.created_at, b.created_at);
    EXPECT_EQ(a.updated_at, b.updated_at);
    EXPECT_EQ(a.state_updated_at, b.state_updated_at);
    EXPECT_EQ(a.metadata, b.metadata);
    EXPECT_EQ(a.status, b.status);
    EXPECT_EQ(a.config, b.config);
    EXPECT_EQ(a.values, b.values);
    EXPECT_EQ(a.error, b.error);
    EXPECT_EQ(a.interrupts, b.interrupts);
    EXPECT_EQ(a.state, b.state);
    EXPECT_EQ(a.state_checkpoint_id, b.state_checkpoint_id);
    EXPECT_EQ(a.graph_id, b.graph_id);
    EXPECT_EQ(a.temporary, b.temporary);
}

TEST_P(ThreadsTest, ComeBackByteForByte) {
    Thread thread = withState(makeThread());
    thread.metadata =
        json("{ \"big\": 18446744073709551616,\t\"e\":1e5, \"text\": \"a\\u0000b\", \"n\": null }");
    add(thread);
    expectSame(*find(thread.id), thread);
    const Thread fresh = add("{}");
    expectSame(*find(fresh.id), fresh);
    EXPECT_FALSE(find(nextId<ThreadId>()));
}

TEST_P(ThreadsTest, AnIdIsTakenOnce) {
    const Thread thread = add(R"({"a":1})");
    EXPECT_FALSE(write([thread](Connection& db) { return store::insertThread(db, thread); }));
    EXPECT_EQ(withMetadata(R"({"a":1})"), Ids{thread.id});
}

TEST_P(ThreadsTest, APatchMergesMetadata) {
    const Thread thread = add(R"({"a":1,"b": [1e5],"c":"x"})");
    const auto patched = write([id = thread.id](Connection& db) {
        const RawJson patch = json(R"({"c": 2.50,"d":null})");
        return store::patchThread(db, id, patch.view(), at(9));
    });
    ASSERT_TRUE(patched);
    EXPECT_EQ(patched->metadata.text(), R"({"a":1,"b":[1e5],"c":2.50,"d":null})");
    EXPECT_EQ(patched->updated_at, at(9));
    EXPECT_EQ(withMetadata(R"({"c":2.5,"d":null})"), Ids{thread.id});
    EXPECT_EQ(withMetadata(R"({"c":"x"})"), Ids{});
    EXPECT_FALSE(write([](Connection& db) {
        return store::patchThread(db, nextId<ThreadId>(), json("{}").view(), at(9)).has_value();
    }));
}

TEST_P(ThreadsTest, ASaveWritesEverythingButTheIdentity) {
    Thread thread = add(R"({"a":1})");
    thread = withState(thread);
    thread.metadata = json(R"({"a":2})");
    thread.updated_at = at(5);
    thread.state_updated_at = at(6);
    write([thread](Connection& db) { store::saveThread(db, thread); });
    expectSame(*find(thread.id), thread);
    EXPECT_EQ(withMetadata(R"({"a":2})"), Ids{thread.id});
    // The same again, and back to a thread without state.
    write([thread](Connection& db) { store::saveThread(db, thread); });
    expectSame(*find(thread.id), thread);
    Thread bare = makeThread();
    bare.id = thread.id;
    write([bare](Connection& db) { store::saveThread(db, bare); });
    expectSame(*find(thread.id), bare);
    // Saving what is not there does nothing.
    write([](Connection& db) { store::saveThread(db, withState(makeThread())); });
    EXPECT_EQ(count("threads"), 1);
}

TEST_P(ThreadsTest, AHeadIsReadAndSavedWithoutTheState) {
    const Thread thread = add(withState(makeThread()));
    auto head = read([id = thread.id](Connection& db) { return store::findThreadHead(db, id); });
    ASSERT_TRUE(head);
    EXPECT_TRUE(head->values.isNull());
    EXPECT_EQ(head->config, thread.config);
    head->status = ThreadStatus::kBusy;
    head->metadata = json(R"({"now":true})");
    write([head](Connection& db) { store::saveThreadHead(db, *head); });
    Thread expected = thread;
    expected.status = ThreadStatus::kBusy;
    expected.metadata = head->metadata;
    expectSame(*find(thread.id), expected);
    EXPECT_EQ(withMetadata(R"({"now":true})"), Ids{thread.id});
}

TEST_P(ThreadsTest, AStatusIsSetAlone) {
    const Thread thread = add("{}");
    write([id = thread.id](Connection& db) { store::setThreadStatus(db, id, ThreadStatus::kError, at(3)); });
    const auto found = find(thread.id);
    EXPECT_EQ(found->status, ThreadStatus::kError);
    EXPECT_EQ(found->updated_at, at(3));
}

TEST_P(ThreadsTest, AreFoundByTopLevelMetadata) {
    const Thread one = add(R"({"user":"ann","n":1,"ok":true,"none":null})");
    const Thread two = add(R"({"user":"ann","n":1.0,"tags":["x","y"],"deep":{"a":{"b":1,"c":2}}})");
    const Thread other = add(R"({"user":"bob","n":2})");
    EXPECT_EQ(withMetadata("{}"), (Ids{one.id, two.id, other.id}));
    EXPECT_EQ(withMetadata(R"({"user":"ann"})"), (Ids{one.id, two.id}));
    EXPECT_EQ(withMetadata(R"({"user":"\u0061nn"})"), (Ids{one.id, two.id}));
    EXPECT_EQ(withMetadata(R"({"n":1e0,"user":"ann"})"), (Ids{one.id, two.id}));
    EXPECT_EQ(withMetadata(R"({"n":"1"})"), Ids{});
    EXPECT_EQ(withMetadata(R"({"ok":true})"), Ids{one.id});
    EXPECT_EQ(withMetadata(R"({"none":null})"), Ids{one.id});
    EXPECT_EQ(withMetadata(R"({"missing":null})"), Ids{});
    EXPECT_EQ(withMetadata(R"({"deep":{"a":{"b":1}}})"), Ids{two.id});
    EXPECT_EQ(withMetadata(R"({"user":"ann","tags":["y"]})"), Ids{two.id});
    EXPECT_EQ(withMetadata(R"({"user":"bob","tags":["y"]})"), Ids{});
}

TEST_P(ThreadsTest, AreFoundByNestedMetadata) {
    const auto nested = add(R"({"a":{"b":1.0,"c":{"d":"x"}}})"), flat = add(R"({"a\u001fb":1})");
    EXPECT_EQ(withMetadata(R"({"a":{"b":1}})"), Ids{nested.id});
    EXPECT_EQ(withMetadata(R"({"a":{"c":{"d":"x"},"b":1e0}})"), Ids{nested.id});
    EXPECT_EQ(withMetadata(R"({"a":{}})"), Ids{nested.id});
    EXPECT_EQ(withMetadata(R"({"a":{"b":2}})"), Ids{});
    EXPECT_EQ(withMetadata(R"({"a":{"c":"x"}})"), Ids{});
    EXPECT_EQ(withMetadata(R"({"a\u001fb":1})"), Ids{flat.id});
    write([&](Connection& db) {
        return store::patchThread(db, nested.id, json(R"({"a":{"e":1}})").view(), at(1));
    });
    EXPECT_EQ(withMetadata(R"({"a":{"b":1}})"), Ids{});
    EXPECT_EQ(withMetadata(R"({"a":{"e":1}})"), Ids{nested.id});
    EXPECT_EQ(count("thread_metadata"), 1);
}

TEST_P(ThreadsTest, AreFoundByLongAndByManyKeys) {
    const std::string text(5000, 'x');
    const Thread one = add(R"({"long":")" + text + R"(","a":1,"b":2,"c":3,"d":4,"e":5,"f":6})");
    add(R"({"long":")" + text + R"(y","a":1,"b":2,"c":3,"d":4,"e":5,"f":7})");
    EXPECT_EQ(withMetadata(R"({"long":")" + text + R"("})"), Ids{one.id});
    EXPECT_EQ(withMetadata(R"({"a":1,"b":2,"c":3,"d":4,"e":5,"f":6})"), Ids{one.id});
}

TEST_P(ThreadsTest, AreFoundByValues) {
    const Thread one = add(withState(makeThread()));
    Thread two = withState(makeThread());
    two.values = json(R"({"topic":"b","n":{"x":1,"y":2}})");
    add(two);
    add("{}");
    ThreadQuery query;
    query.values = json(R"({"n":{"x":1.0}})");
    EXPECT_EQ(ids(query), Ids{two.id});
    query.values = json(R"({"messages":[1e5]})");
    EXPECT_EQ(ids(query), Ids{one.id});
}

TEST_P(ThreadsTest, AreFoundByIdsAndStatus) {
    const Thread one = add("{}"), two = add("{}"), three = add("{}");
    write([id = two.id](Connection& db) { store::setThreadStatus(db, id, ThreadStatus::kBusy, at(1)); });
    ThreadQuery query;
    query.ids = {two.id, three.id, nextId<ThreadId>()};
    query.order = store::SortOrder::kAscending;
    EXPECT_EQ(ids(query), (Ids{three.id, two.id}));
    query.status = ThreadStatus::kBusy;
    EXPECT_EQ(ids(query), Ids{two.id});
    query.ids.clear();
    query.status = ThreadStatus::kIdle;
    EXPECT_EQ(ids(query), (Ids{one.id, three.id}));
}

TEST_P(ThreadsTest, AreSortedAndCountedOverPages) {
    Ids all;
    for (int n = 0; n < 7; ++n) all.push_back(add(R"({"k":[1]})", n).id);
    for (const std::string by : {"created_at", "updated_at", "state_updated_at", "thread_id"}) {
        for (const char* metadata : {"{}", R"({"k":[1]})"}) {  // by index and by looking into each
            ThreadQuery query;
            query.metadata = json(metadata);
            query.sort_by = by;
            query.limit = 3;
            query.order = store::SortOrder::kAscending;
            EXPECT_EQ(search(query).total, 7);
            EXPECT_EQ(ids(query), (Ids{all[0], all[1], all[2]})) << by;
            query.offset = 6;
            EXPECT_EQ(ids(query), Ids{all[6]}) << by;
            EXPECT_EQ(search(query).total, 7);
            query.offset = 9;
            EXPECT_EQ(ids(query), Ids{}) << by;
            EXPECT_EQ(search(query).total, 7);
            query.offset = 0;
            query.order = store::SortOrder::kDescending;
            EXPECT_EQ(ids(query), (Ids{all[6], all[5], all[4]})) << by;
            query.limit = 0;
            EXPECT_EQ(search(query).total, 7);
        }
    }
    ThreadQuery query;
    query.sort_by = "metadata";
    EXPECT_THROW(search(query), std::logic_error);
}

TEST_P(ThreadsTest, TemporaryOnesAreInNoSearch) {
    Thread hidden = makeThread();
    hidden.temporary = true;
    hidden.metadata = json(R"({"a":1})");
    add(hidden);
    const Thread shown = add(R"({"a":1})");
    EXPECT_EQ(withMetadata("{}"), Ids{shown.id});
    EXPECT_EQ(withMetadata(R"({"a":1})"), Ids{shown.id});
    ThreadQuery query;
    query.ids = {hidden.id};
    EXPECT_EQ(ids(query), Ids{});
    EXPECT_TRUE(find(hidden.id)->temporary);
}

// Everything a thread has, and a delivery that outlives it.
struct Populated {
    Thread thread = withState(makeThread());
    Run run = makeRun(thread.id);
    Delivery delivery;
};

Populated populate(Connection& db) {
    Populated p;
    p.thread.metadata = json(R"({"a":1})");
    p.delivery.id = nextId<DeliveryId>();
    p.delivery.run_id = p.run.id;
    p.delivery.thread_id = p.thread.id;
    store::insertThread(db, p.thread);
    store::insertRun(db, p.run);
    store::insertDelivery(db, p.delivery);
    CheckpointPut put;
    put.key = {p.thread.id.str(), "sub:1", "1ef"};
    put.checkpoint = {"msgpack", "abc"};
    put.versions = {{"ch", "1"}};
    put.blobs = {{"ch", "1", {"json", "1"}}};
    store::putCheckpoint(db, put);
    store::putWrites(db, put.key, {{"task", 0, "ch", "", {"json", "2"}}});
    return p;
}

TEST_P(ThreadsTest, ARemovedOneTakesEverythingButDeliveriesAlong) {
    const auto p = write([](Connection& db) { return populate(db); });
    EXPECT_TRUE(write([id = p.thread.id](Connection& db) { return store::removeThread(db, id); }));
    for (const char* table : {"threads", "thread_states", "thread_metadata", "runs", "run_kwargs",
                              "checkpoint_spaces", "checkpoints", "checkpoint_blobs", "checkpoint_writes"}) {
        EXPECT_EQ(count(table), 0) << table;
    }
    EXPECT_EQ(count("deliveries"), 1);
    EXPECT_FALSE(write([id = p.thread.id](Connection& db) { return store::removeThread(db, id); }));
}

TEST_P(ThreadsTest, ARetiredOneIsGoneButItsRunsStayForAWhile) {
    const auto p = write([](Connection& db) { return populate(db); });
    write([p](Connection& db) {
        store::finishRun(db, p.run.id, std::nullopt, RunStatus::kSuccess, std::nullopt, at(100));
        store::saveRunOutput(db, p.run.id, json(R"({"out": 1e5})"));
        store::retireThread(db, p.thread.id);
        store::retireThread(db, nextId<ThreadId>());
    });
    EXPECT_FALSE(find(p.thread.id));
    EXPECT_FALSE(
        read([id = p.thread.id](Connection& db) { return store::findThreadHead(db, id).has_value(); }));
    EXPECT_FALSE(write([id = p.thread.id](Connection& db) { return store::removeThread(db, id); }));
    EXPECT_EQ(withMetadata("{}"), Ids{});
    for (const char* table : {"thread_states", "thread_metadata", "checkpoint_spaces", "checkpoint_writes"}) {
        EXPECT_EQ(count(table), 0) << table;
    }
    const auto run = read([id = p.run.id](Connection& db) { return store::findRun(db, id); });
    ASSERT_TRUE(run);
    EXPECT_EQ(run->thread_id, p.thread.id);
    EXPECT_EQ(run->output, json(R"({"out": 1e5})"));
    EXPECT_EQ(write([](Connection& db) { return store::expireRetiredRuns(db, at(100), 10); }), 0);
    EXPECT_EQ(write([](Connection& db) { return store::expireRetiredRuns(db, at(101), 10); }), 1);
    EXPECT_EQ(count("threads") + count("runs") + count("run_kwargs") + count("run_outputs"), 0);
}

TEST_P(ThreadsTest, RetiredRunsExpireInSmallSteps) {
    const auto temporary = add([] {
        Thread thread = makeThread();
        thread.temporary = true;
        return thread;
    }());
    const Thread kept = add("{}");
    write([&](Connection& db) {
        for (int n = 0; n < 5; ++n) {
            for (const auto& thread : {temporary.id, kept.id}) {
                const Run run = makeRun(thread);
                store::insertRun(db, run);
                store::finishRun(db, run.id, std::nullopt, RunStatus::kError, RunError{"E", "m"}, at(n));
            }
        }
        store::retireThread(db, temporary.id);
    });
    const auto step = [this] {
        return write([](Connection& db) { return store::expireRetiredRuns(db, at(99), 2); });
    };
    EXPECT_EQ(step(), 2);
    EXPECT_EQ(count("threads"), 2);
    EXPECT_EQ(step(), 2);
    EXPECT_EQ(step(), 1);
    EXPECT_EQ(step(), 0);
    EXPECT_EQ(count("threads"), 1);
    EXPECT_EQ(count("runs"), 5);
}

HEDDLE_BOTH_ENGINES(ThreadsTest);

}  // namespace
}  // namespace heddle::test
