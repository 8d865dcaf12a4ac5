// SPDX-License-Identifier: Apache-2.0
// Checkpoints, with the cases of langgraph-checkpoint-conformance (all capabilities).
#include "store/checkpoints.hpp"

#include "store/harness.hpp"

namespace heddle::test {
namespace {

using sql::Connection;
using store::CheckpointQuery;
using store::Prune;
using Strings = std::vector<std::string>;

// Ids that sort as they are made, like LangGraph's uuid6.
std::string id(int n) {
    return "1f0000" + std::to_string(1000 + n);
}

class CheckpointsTest : public StoreTest {
  protected:
    // A checkpoint with one new channel value; its metadata has the step and, where given, the run.
    CheckpointPut makePut(const std::string& thread, const std::string& ns, int step,
                          const std::string& run = {}) {
        CheckpointPut put;
        put.key = {thread, ns, id(step)};
        if (step > 0) put.parent_id = id(step - 1);
        put.checkpoint = {"msgpack", std::string("\x00\xff checkpoint", 13) + id(step)};
        put.metadata = json(R"({"source": "loop", "step":)" + std::to_string(step) +
                            (run.empty() ? "" : R"(,"run_id":")" + run + '"') + "}");
        put.versions = {{"step", std::to_string(step)}};
        put.blobs = {{"step", std::to_string(step), {"json", std::to_string(step)}}};
        return put;
    }
    CheckpointPut add(CheckpointPut put) {
        write([put](Connection& db) { store::putCheckpoint(db, put); });
        return put;
    }
    CheckpointPut add(const std::string& thread, const std::string& ns, int step,
                      const std::string& run = {}) {
        return add(makePut(thread, ns, step, run));
    }
    void addWrites(const CheckpointKey& key, const std::vector<PendingWrite>& writes) {
        write([=](Connection& db) { store::putWrites(db, key, writes); });
    }
    std::optional<CheckpointTuple> get(const std::string& thread, const std::string& ns = "",
                                       const std::optional<std::string>& checkpoint = std::nullopt) {
        return read([=](Connection& db) { return store::getCheckpoint(db, thread, ns, checkpoint); });
    }
    std::vector<CheckpointTuple> list(const CheckpointQuery& query) {
        return read([query](Connection& db) { return store::listCheckpoints(db, query); });
    }
    Strings listed(const CheckpointQuery& query) {
        Strings out;
        for (const auto& tuple : list(query)) out.push_back(tuple.key.id);
        return out;
    }
    static CheckpointQuery of(const std::string& thread, std::optional<std::string> ns = "") {
        CheckpointQuery query;
        query.thread_id = thread;
        query.ns = std::move(ns);
        return query;
    }
    std::int64_t count(const std::string& table) {
        return read([table](Connection& db) {
            auto row = db.query("SELECT count(*) FROM " + table);
            row.step();
            return row.integer(0);
        });
    }
};

PendingWrite makeWrite(const std::string& task, std::int64_t idx, const std::string& channel,
                       const std::string& value, const std::string& path = "") {
    return {task, idx, channel, path, {"json", value}};
}

TEST_P(CheckpointsTest, ComeBackAsTheyWerePut) {
    CheckpointPut put = makePut("t", "", 1, "run");
    put.metadata = json(R"({ "n":18446744073709551616, "x" : 1e5, "run_id":"r" })");
    put.versions = {{"a", "1.0.5"}, {"b", "2"}, {"never \"written\"", "7"}};
    put.blobs = {{"a", "1.0.5", {"msgpack", std::string("\x00\x01\xff", 3)}}, {"b", "2", {"empty", ""}}};
    add(put);
    const auto tuple = get("t");
    ASSERT_TRUE(tuple);
    EXPECT_EQ(tuple->key, put.key);
    EXPECT_EQ(tuple->parent_id, put.parent_id);
    EXPECT_EQ(tuple->checkpoint, put.checkpoint);
    EXPECT_EQ(tuple->metadata, put.metadata);
    EXPECT_EQ(tuple->channels, put.blobs);
    EXPECT_TRUE(tuple->writes.empty());
}

TEST_P(CheckpointsTest, TheLatestHasTheLargestId) {
    EXPECT_FALSE(get("t"));
    for (const int step : {0, 2, 1}) add("t", "", step);
    EXPECT_EQ(get("t")->key.id, id(2));
    EXPECT_EQ(get("t", "", id(1))->key.id, id(1));
    EXPECT_FALSE(get("t", "", id(9)));
    EXPECT_FALSE(get("t", "child"));
    EXPECT_FALSE(get("u"));
    const auto latest = [this](const char* thread) {
        return read([thread](Connection& db) { return store::latestCheckpointId(db, thread, ""); });
    };
    EXPECT_EQ(latest("t"), id(2));
    EXPECT_EQ(latest("u"), std::nullopt);
}

TEST_P(CheckpointsTest, ThreadsAndNamespacesAreApart) {
    add("t", "", 1);
    add("t", "child:1", 2);
    add("u", "", 3);
    EXPECT_EQ(get("t")->key.id, id(1));
    EXPECT_EQ(get("t", "child:1")->key.id, id(2));
    EXPECT_EQ(get("u")->key.id, id(3));
    EXPECT_EQ(get("t")->parent_id, id(0));
}

TEST_P(CheckpointsTest, OfTheSameIdIsReplaced) {
    CheckpointPut put = add("t", "", 1, "run");
    put.checkpoint.bytes = "other";
    put.metadata = json(R"({"run_id":"other"})");
    put.parent_id.reset();
    add(put);
    const auto tuple = get("t");
    EXPECT_EQ(tuple->checkpoint.bytes, "other");
    EXPECT_EQ(tuple->parent_id, std::nullopt);
    EXPECT_EQ(count("checkpoints"), 1);
    // The index by run follows.
    write([](Connection& db) { store::deleteCheckpointsOfRuns(db, {"run"}); });
    EXPECT_TRUE(get("t"));
    write([](Connection& db) { store::deleteCheckpointsOfRuns(db, {"other"}); });
    EXPECT_FALSE(get("t"));
}

TEST_P(CheckpointsTest, UnchangedChannelsAreStoredOnce) {
    CheckpointPut first = makePut("t", "", 0);
    first.versions = {{"a", "1"}, {"b", "1"}};
    first.blobs = {{"a", "1", {"json", "\"a1\""}}, {"b", "1", {"json", "\"b1\""}}};
    add(first);
    CheckpointPut second = makePut("t", "", 1);
    second.versions = {{"a", "2"}, {"b", "1"}};
    second.blobs = {{"a", "2", {"json", "\"a2\""}}};
    add(second);
    CheckpointPut third = makePut("t", "", 2);
    third.versions = {{"a", "2"}};
    third.blobs = {};
    add(third);
    EXPECT_EQ(count("checkpoint_blobs"), 3);
    EXPECT_EQ(get("t", "", id(0))->channels, first.blobs);
    EXPECT_EQ(get("t", "", id(1))->channels, (std::vector<ChannelBlob>{second.blobs[0], first.blobs[1]}));
    EXPECT_EQ(get("t")->channels, second.blobs);
}

TEST_P(CheckpointsTest, ManyChannelsAreLoadedInOneGo) {
    CheckpointPut put = makePut("t", "", 0);
    put.versions.clear();
    put.blobs.clear();
    for (int n = 0; n < 500; ++n) {
        const std::string channel = "branch:to:" + std::to_string(n);
        put.versions[channel] = "v" + std::to_string(n);
        put.blobs.push_back({channel, "v" + std::to_string(n), {"json", std::to_string(n)}});
    }
    add(put);
    EXPECT_EQ(get("t")->channels.size(), 500U);
}

TEST_P(CheckpointsTest, WritesMayComeFirstAndAreInLangGraphsOrder) {
    const CheckpointKey key{"t", "", id(1)};
    addWrites(key, {makeWrite("b", 0, "ch", "1", "~p:1"), makeWrite("b", 1, "ch", "2", "~p:1")});
    addWrites(key, {makeWrite("a", 0, "ch", "3", "~p:2"), makeWrite("c", -1, "__error__", "4")});
    EXPECT_FALSE(get("t"));
    add("t", "", 1);
    std::string order;
    const auto tuple = get("t");
    for (const auto& one : tuple->writes) order += one.value.bytes;
    EXPECT_EQ(order, "4123");
    // Not of the next checkpoint.
    add("t", "", 2);
    EXPECT_TRUE(get("t")->writes.empty());
    EXPECT_EQ(get("t", "", id(1))->writes.size(), 4U);
}

TEST_P(CheckpointsTest, AnOrdinaryWriteStaysASpecialOneIsReplaced) {
    const CheckpointKey key = add("t", "", 1).key;
    addWrites(key, {makeWrite("task", 0, "ch", "1"), makeWrite("task", -3, "__interrupt__", "2")});
    addWrites(key, {makeWrite("task", 0, "other", "3"), makeWrite("task", -3, "__interrupt__", "4", "path")});
    const std::vector<PendingWrite> expected = {makeWrite("task", 0, "ch", "1"),
                                                makeWrite("task", -3, "__interrupt__", "4", "path")};
    EXPECT_EQ(get("t")->writes, expected);
}

TEST_P(CheckpointsTest, AreListedNewestFirst) {
    for (int step = 0; step < 4; ++step) add("t", "", step);
    add("t", "child", 9);
    add("u", "", 5);
    EXPECT_EQ(listed(of("t")), (Strings{id(3), id(2), id(1), id(0)}));
    EXPECT_EQ(listed(of("t", std::nullopt)), (Strings{id(9), id(3), id(2), id(1), id(0)}));
    EXPECT_EQ(listed(CheckpointQuery{}).size(), 6U);
    EXPECT_EQ(listed(of("nobody")), Strings{});
    auto query = of("t");
    query.before = id(2);
    EXPECT_EQ(listed(query), (Strings{id(1), id(0)}));
    query.limit = 1;
    EXPECT_EQ(listed(query), Strings{id(1)});
    query.limit = 0;
    EXPECT_EQ(listed(query), Strings{});
    query = of("t");
    query.id = id(1);
    EXPECT_EQ(listed(query), Strings{id(1)});
}

TEST_P(CheckpointsTest, AreListedByMetadata) {
    for (int step = 0; step < 4; ++step) {
        CheckpointPut put = makePut("t", "", step);
        put.metadata = json(R"({"source":")" + std::string(step % 2 == 0 ? "input" : "loop") +
                            R"(","step":)" + std::to_string(step) + R"(,"parents":{},"score":{"a":1.0}})");
        add(put);
    }
    const auto with = [this](const char* metadata) {
        auto query = of("t");
        query.metadata = json(metadata);
        return listed(query);
    };
    EXPECT_EQ(with(R"({"source":"input"})"), (Strings{id(2), id(0)}));
    EXPECT_EQ(with(R"({"step":1.0})"), Strings{id(1)});
    EXPECT_EQ(with(R"({"source":"input","step":2})"), Strings{id(2)});
    EXPECT_EQ(with(R"({"source":"update","step":99})"), Strings{});
    // Equal, not contained: LangGraph's savers compare the whole value.
    EXPECT_EQ(with(R"({"score":{"a":1}})").size(), 4U);
    EXPECT_EQ(with(R"({"score":{}})"), Strings{});
    EXPECT_EQ(with(R"({"missing":null})"), Strings{});
    auto query = of("t");
    query.metadata = json(R"({"source":"input"})");
    query.limit = 1;
    EXPECT_EQ(listed(query), Strings{id(2)});
}

TEST_P(CheckpointsTest, ListedOnesHaveTheirChannelsAndWrites) {
    const CheckpointKey key = add("t", "", 1).key;
    addWrites(key, {makeWrite("task", 0, "ch", "1")});
    add("t", "", 2);
    const auto tuples = list(of("t"));
    ASSERT_EQ(tuples.size(), 2U);
    EXPECT_EQ(tuples[0].channels[0].value.bytes, "2");
    EXPECT_TRUE(tuples[0].writes.empty());
    EXPECT_EQ(tuples[1].channels[0].value.bytes, "1");
    EXPECT_EQ(tuples[1].writes.size(), 1U);
}

TEST_P(CheckpointsTest, AThreadsAreDeletedInAllNamespaces) {
    for (const char* ns : {"", "child:1"}) addWrites(add("t", ns, 1).key, {makeWrite("task", 0, "ch", "1")});
    add("u", "", 1);
    write([](Connection& db) {
        store::deleteCheckpoints(db, "t");
        store::deleteCheckpoints(db, "nobody");
    });
    EXPECT_FALSE(get("t"));
    EXPECT_FALSE(get("t", "child:1"));
    EXPECT_TRUE(get("u"));
    EXPECT_EQ(count("checkpoint_writes"), 0);
    EXPECT_EQ(count("checkpoint_blobs"), 1);
}

TEST_P(CheckpointsTest, ACopyHasEverything) {
    for (const char* ns : {"", "child:1"}) {
        for (int step = 0; step < 3; ++step) add("t", ns, step, "run");
    }
    addWrites({"t", "", id(2)}, {makeWrite("task", 0, "ch", "1", "path")});
    const auto copy = [this](const char* from, const char* to) {
        write([=](Connection& db) { store::copyCheckpoints(db, from, to); });
    };
    copy("t", "u");
    copy("t", "t");
    copy("nobody", "v");
    EXPECT_EQ(listed(of("v", std::nullopt)), Strings{});
    for (const char* ns : {"", "child:1"}) {
        const auto source = list(of("t", ns)), target = list(of("u", ns));
        ASSERT_EQ(source.size(), 3U);
        ASSERT_EQ(target.size(), 3U);
        for (std::size_t i = 0; i < 3; ++i) {
            EXPECT_EQ(target[i].key.thread_id, "u");
            EXPECT_EQ(target[i].key.id, source[i].key.id);
            EXPECT_EQ(target[i].parent_id, source[i].parent_id);
            EXPECT_EQ(target[i].checkpoint, source[i].checkpoint);
            EXPECT_EQ(target[i].metadata, source[i].metadata);
            EXPECT_EQ(target[i].channels, source[i].channels);
            EXPECT_EQ(target[i].writes, source[i].writes);
        }
    }
    // The copy stands for itself.
    write([](Connection& db) { store::deleteCheckpoints(db, "t"); });
    EXPECT_EQ(get("u")->writes.size(), 1U);
}

TEST_P(CheckpointsTest, PruningKeepsTheLatestOfEachNamespace) {
    for (const char* thread : {"t", "u", "other"}) {
        for (int step = 0; step < 4; ++step) add(thread, "", step);
    }
    for (int step = 0; step < 2; ++step) add("t", "child:1", step);
    addWrites({"t", "", id(3)}, {makeWrite("task", 0, "ch", "1")});
    addWrites({"t", "", id(1)}, {makeWrite("task", 0, "ch", "1")});
    addWrites({"t", "", id(7)}, {makeWrite("task", 0, "ch", "of one that is still to come")});
    write([](Connection& db) {
        store::pruneCheckpoints(db, {}, Prune::kKeepLatest);
        store::pruneCheckpoints(db, {"t", "u", "nobody"}, Prune::kKeepLatest);
    });
    EXPECT_EQ(listed(of("t")), Strings{id(3)});
    EXPECT_EQ(listed(of("t", "child:1")), Strings{id(1)});
    EXPECT_EQ(listed(of("u")), Strings{id(3)});
    EXPECT_EQ(listed(of("other")).size(), 4U);
    EXPECT_EQ(get("t")->writes.size(), 1U);
    EXPECT_EQ(get("t")->channels.size(), 1U);
    EXPECT_EQ(count("checkpoint_writes"), 2);
    EXPECT_EQ(count("checkpoint_blobs"), 3 + 4);
    write([](Connection& db) { store::pruneCheckpoints(db, {"t"}, Prune::kDelete); });
    EXPECT_EQ(listed(of("t", std::nullopt)), Strings{});
}

TEST_P(CheckpointsTest, OfRunsAreDeletedWithWhatNobodyElseUses) {
    // Run "one" brings a1, run "two" brings a2 and goes on using b1, which "one" has brought.
    CheckpointPut first = makePut("t", "", 0, "one");
    first.versions = {{"a", "1"}, {"b", "1"}};
    first.blobs = {{"a", "1", {"json", "\"a1\""}}, {"b", "1", {"json", "\"b1\""}}};
    add(first);
    CheckpointPut second = makePut("t", "", 1, "two");
    second.versions = {{"a", "2"}, {"b", "1"}};
    second.blobs = {{"a", "2", {"json", "\"a2\""}}};
    add(second);
    add("t", "child:1", 0, "one");
    addWrites(first.key, {makeWrite("task", 0, "ch", "1")});
    addWrites(second.key, {makeWrite("task", 0, "ch", "1")});

    write([](Connection& db) {
        store::deleteCheckpointsOfRuns(db, {});
        store::deleteCheckpointsOfRuns(db, {"nobody"});
        store::deleteCheckpointsOfRuns(db, {"one"});
    });
    EXPECT_FALSE(get("t", "", id(0)));
    EXPECT_FALSE(get("t", "child:1"));
    const auto left = get("t");
    ASSERT_TRUE(left);
    EXPECT_EQ(left->channels.size(), 2U);
    EXPECT_EQ(left->writes.size(), 1U);
    EXPECT_EQ(count("checkpoint_blobs"), 2);
    EXPECT_EQ(count("checkpoint_writes"), 1);
    write([](Connection& db) { store::deleteCheckpointsOfRuns(db, {"one", "two"}); });
    EXPECT_EQ(count("checkpoints") + count("checkpoint_blobs") + count("checkpoint_writes"), 0);
}

TEST_P(CheckpointsTest, LargeBlobsAreKept) {
    CheckpointPut put = makePut("t", "", 0);
    put.checkpoint.bytes.assign(3'000'000, '\xee');
    put.blobs[0].value.bytes.assign(5'000'000, '\0');
    add(put);
    EXPECT_EQ(get("t")->checkpoint, put.checkpoint);
    EXPECT_EQ(get("t")->channels, put.blobs);
}

HEDDLE_BOTH_ENGINES(CheckpointsTest);

}  // namespace
}  // namespace heddle::test
