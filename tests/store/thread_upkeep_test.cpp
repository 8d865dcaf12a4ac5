// SPDX-License-Identifier: Apache-2.0
#include "store/thread_upkeep.hpp"

#include "sql/dialect.hpp"
#include "store/checkpoints.hpp"
#include "store/harness.hpp"
#include "store/runs.hpp"
#include "store/threads.hpp"

namespace heddle::test {
namespace {

using sql::Connection;
using Ids = std::vector<ThreadId>;

constexpr ThreadTtl kMinute{std::chrono::minutes(1), TtlStrategy::kDelete};
constexpr ThreadTtl kLatest{std::chrono::minutes(1), TtlStrategy::kKeepLatest};

class ThreadUpkeepTest : public StoreTest {
  protected:
    ThreadId add(std::optional<ThreadTtl> ttl, std::int64_t when = 0) {
        Thread thread = makeThread(at(when));
        thread.ttl = ttl;
        EXPECT_TRUE(write([thread](Connection& db) { return store::insertThread(db, thread); }));
        return thread.id;
    }
    std::optional<Thread> find(const ThreadId& id) {
        return read([id](Connection& db) { return store::findThread(db, id); });
    }
    std::optional<Timestamp> end(const ThreadId& id) { return find(id).value_or(Thread{}).expires_at; }
    store::ExpiredThreads expire(std::int64_t now, std::int64_t limit = 100, const Ids& held = {}) {
        return write([=](Connection& db) { return store::expireThreads(db, at(now), limit, held); });
    }
    void checkpoint(const ThreadId& thread, const std::string& ns, const std::string& id,
                    const std::string& value) {
        CheckpointPut put;
        put.key = {thread.str(), ns, id};
        put.checkpoint = {"json", "{}"};
        put.versions = {{"out", id}};
        put.blobs = {{"out", id, {"json", value}}};
        write([put](Connection& db) { store::putCheckpoint(db, put); });
        const PendingWrite pending{"task", 0, "out", "", {"json", value}};
        write([put, pending](Connection& db) { store::putWrites(db, put.key, {pending}); });
    }
    store::ThreadStorage storage(const ThreadId& id) {
        return read([id](Connection& db) { return store::threadStorage(db, id); });
    }
    heddle::Run openRun(const ThreadId& thread) {
        const auto run = makeRun(thread);
        write([run](Connection& db) { store::insertRun(db, run); });
        return run;
    }
};

TEST_P(ThreadUpkeepTest, ATtlCountsFromTheLastChange) {
    const auto id = add(kMinute, 5);
    ASSERT_TRUE(find(id));
    EXPECT_EQ(find(id)->ttl, kMinute);
    EXPECT_EQ(end(id), at(65));
    write([id](Connection& db) { store::patchThread(db, id, json("{}").view(), at(10)); });
    EXPECT_EQ(end(id), at(70));
    write([id](Connection& db) { store::setThreadStatus(db, id, ThreadStatus::kBusy, at(20)); });
    EXPECT_EQ(end(id), at(80));
    Thread row = *find(id);
    row.updated_at = at(30);
    write([row](Connection& db) { store::saveThread(db, row); });
    EXPECT_EQ(end(id), at(90));
    EXPECT_EQ(find(id)->ttl, kMinute);
    write([id](Connection& db) { store::setThreadTtl(db, id, kLatest); });
    EXPECT_EQ(end(id), at(90));
    EXPECT_EQ(find(id)->ttl, kLatest);
    write([id](Connection& db) { store::setThreadTtl(db, id, std::nullopt); });
    EXPECT_EQ(end(id), std::nullopt);
    EXPECT_EQ(find(id)->ttl, std::nullopt);
    EXPECT_FALSE(write([](Connection& db) { return store::setThreadTtl(db, nextId<ThreadId>(), kMinute); }));
}

TEST_P(ThreadUpkeepTest, ExpiredThreadsGoTheLongestOverdueFirst) {
    const auto later = add(kMinute, 10), first = add(kMinute, 0), stays = add(std::nullopt);
    EXPECT_EQ(expire(59).count(), 0U);
    EXPECT_EQ(expire(70, 1).deleted, Ids{first});
    EXPECT_EQ(expire(70).deleted, Ids{later});
    EXPECT_EQ(expire(1'000'000).count(), 0U);
    EXPECT_TRUE(find(stays));
    EXPECT_FALSE(find(first));
}

TEST_P(ThreadUpkeepTest, AThreadWithAnOpenRunIsLeftAlone) {
    const auto busy = add(kMinute), idle = add(kMinute, 1), pruned = add(kLatest, 2);
    checkpoint(pruned, "", "1", "x");
    checkpoint(pruned, "", "2", "x");
    const auto run = openRun(busy);
    openRun(pruned);
    // It does not take the place of one that may go.
    EXPECT_EQ(expire(100, 1).deleted, Ids{idle});
    EXPECT_EQ(expire(100, 1).count(), 0U);
    EXPECT_EQ(storage(pruned).checkpoints.count, 2);
    write([run](Connection& db) {
        return store::finishRun(db, run.id, std::nullopt, RunStatus::kSuccess, std::nullopt, at(50));
    });
    EXPECT_EQ(expire(100).deleted, Ids{busy});
}

TEST_P(ThreadUpkeepTest, KeepLatestPrunesAndStartsAnew) {
    const auto id = add(kLatest);
    for (const char* each : {"1", "2", "3"}) checkpoint(id, "", each, each);
    for (const char* each : {"1", "2"}) checkpoint(id, "sub", each, each);
    const auto expired = expire(100);
    EXPECT_EQ(expired.pruned, Ids{id});
    EXPECT_EQ(expired.deleted, Ids{});
    EXPECT_EQ(end(id), at(160));
    EXPECT_EQ(find(id)->updated_at, at(0));
    EXPECT_EQ(storage(id).checkpoints.count, 2);
    for (const char* ns : {"", "sub"}) {
        const auto latest = read([&](Connection& db) { return store::getCheckpoint(db, id.str(), ns, {}); });
        ASSERT_TRUE(latest);
        ASSERT_EQ(latest->channels.size(), 1U);
        EXPECT_EQ(latest->channels.front().value.bytes, latest->key.id);
        EXPECT_EQ(latest->writes.size(), 1U);
    }
    EXPECT_EQ(expire(159).count(), 0U);
    EXPECT_EQ(expire(160).pruned, Ids{id});
}

TEST_P(ThreadUpkeepTest, KeepLatestOfWhatIsLarge) {
    const auto id = add(kLatest);
    for (int i = 0; i < 6; ++i) checkpoint(id, "", std::to_string(i), std::string(1'000'000, 'x') + "y");
    const auto latest = [&] {
        return read([&](Connection& db) { return store::getCheckpoint(db, id.str(), "", {}); });
    };
    const auto before = latest();
    EXPECT_EQ(expire(100).pruned, Ids{id});
    EXPECT_EQ(storage(id).checkpoints.count, 1);
    EXPECT_EQ(storage(id).channel_values.count, 1);
    EXPECT_EQ(storage(id).pending_writes.count, 1);
    const auto after = latest();
    ASSERT_TRUE(before && after);
    EXPECT_EQ(after->key.id, "5");
    EXPECT_EQ(after->metadata, before->metadata);
    ASSERT_EQ(after->channels.size(), 1U);
    EXPECT_EQ(after->channels.front().value.bytes, before->channels.front().value.bytes);
    ASSERT_EQ(after->writes.size(), 1U);
    EXPECT_EQ(after->writes.front().value.bytes, before->writes.front().value.bytes);
    while (write([](Connection& db) { return store::sweepDeletedCheckpoints(db); })) {
    }
    EXPECT_EQ(storage(id).checkpoints.count, 1);
    EXPECT_EQ(latest()->channels.size(), 1U);
    EXPECT_EQ(expire(200).pruned, Ids{id});
    EXPECT_EQ(storage(id).checkpoints.count, 1);
}

TEST_P(ThreadUpkeepTest, AThreadThatIsBeingChangedWaitsAndHoldsUpNobody) {
    const auto held = add(kMinute, 0), other = add(kMinute, 1);
    EXPECT_EQ(expire(100, 1, {held}).deleted, Ids{other});
    EXPECT_EQ(expire(100, 1, {held}).count(), 0U);
    EXPECT_EQ(expire(100).deleted, Ids{held});
}

TEST_P(ThreadUpkeepTest, ARetiredThreadDoesNotExpire) {
    const auto id = add(kMinute);
    write([id](Connection& db) { store::retireThread(db, id); });
    EXPECT_EQ(expire(1'000'000).count(), 0U);
}

TEST_P(ThreadUpkeepTest, PruneSaysWhatItDid) {
    const auto prune = [this](const ThreadId& id, TtlStrategy strategy) {
        return write([=](Connection& db) { return store::pruneThread(db, id, strategy); });
    };
    const auto id = add(std::nullopt);
    checkpoint(id, "", "1", "x");
    checkpoint(id, "", "2", "y");
    EXPECT_FALSE(prune(nextId<ThreadId>(), TtlStrategy::kKeepLatest));
    EXPECT_FALSE(prune(nextId<ThreadId>(), TtlStrategy::kDelete));
    EXPECT_TRUE(prune(id, TtlStrategy::kKeepLatest));
    EXPECT_EQ(storage(id).checkpoints.count, 1);
    const auto run = openRun(id);
    EXPECT_FALSE(prune(id, TtlStrategy::kKeepLatest));
    EXPECT_FALSE(prune(id, TtlStrategy::kDelete));
    write([run](Connection& db) { store::removeRun(db, run.id); });
    EXPECT_TRUE(prune(id, TtlStrategy::kDelete));
    EXPECT_FALSE(find(id));
    EXPECT_EQ(storage(id).bytes(), 0);
}

TEST_P(ThreadUpkeepTest, StorageCountsBytes) {
    const auto id = add(std::nullopt), other = add(std::nullopt);
    checkpoint(id, "", "1", "12345");
    checkpoint(id, "", "2", std::string("a\0b", 3));
    checkpoint(id, "sub", "1", "é");
    checkpoint(other, "", "1", "other");
    const auto found = storage(id);
    EXPECT_EQ(found.checkpoints.count, 3);
    // Bytes, metadata and versions of a checkpoint: {}, {} and {"out":"1"}.
    EXPECT_EQ(found.checkpoints.bytes, 3 * (2 + 2 + 11));
    EXPECT_EQ(found.channel_values.count, 3);
    EXPECT_EQ(found.channel_values.bytes, 5 + 3 + 2);
    ASSERT_EQ(found.channels.size(), 1U);
    EXPECT_EQ(found.channels.front().name, "out");
    EXPECT_EQ(found.channels.front().versions.count, 3);
    EXPECT_EQ(found.pending_writes.count, 3);
    EXPECT_EQ(found.pending_writes.bytes, 5 + 3 + 2);
    EXPECT_EQ(found.bytes(), 45 + 10 + 10);
}

TEST_P(ThreadUpkeepTest, LargeCheckpointsAreDeletedAtOnceAndSweptInPieces) {
    const auto id = add(std::nullopt), small = add(std::nullopt);
    for (int i = 0; i < 6; ++i) {
        checkpoint(id, "", std::to_string(i), std::string(1'000'000, 'x'));
        checkpoint(small, "", std::to_string(i), "x");
    }
    for (int i = 1000; i < 1600; ++i) checkpoint(id, "many", std::to_string(i), "x");
    const auto rows = [this](const char* table) {
        return read([table](Connection& db) {
            auto row = db.query(std::string("SELECT count(*) FROM ") + table);
            return row.step() ? row.integer(0) : -1;
        });
    };
    for (const auto& each : {small, id}) {
        EXPECT_TRUE(write([each](Connection& db) { return store::removeThread(db, each); }));
        EXPECT_EQ(storage(each).bytes(), 0);
    }
    EXPECT_EQ(rows("checkpoint_spaces"), 2);
    EXPECT_TRUE(read([](Connection& db) { return store::listCheckpoints(db, {}); }).empty());
    // The id is free.
    checkpoint(id, "", "0", "y");
    int steps = 0;
    for (auto before = rows("checkpoint_blobs");
         write([](Connection& db) { return store::sweepDeletedCheckpoints(db); }); ++steps) {
        const auto now = rows("checkpoint_blobs");
        EXPECT_LE(before - now, 500);
        before = now;
    }
    EXPECT_GT(steps, 4);
    EXPECT_EQ(rows("checkpoint_spaces"), 1);
    EXPECT_EQ(rows("checkpoint_blobs"), 1);
    EXPECT_EQ(rows("checkpoint_writes"), 1);
    EXPECT_EQ(rows("checkpoints"), 1);
    EXPECT_EQ(storage(id).checkpoints.count, 1);
}

HEDDLE_BOTH_ENGINES(ThreadUpkeepTest);

using ThreadSpaceTest = StoreTest;

// 50 MB deleted: the file shrinks in small steps.
TEST_P(ThreadSpaceTest, DeletedThreadsGiveTheirSpaceBack) {
    const auto file = [this] {
        runToEnd(io_, database_->trim());
        return std::filesystem::file_size(dir_.file());
    };
    std::vector<ThreadId> threads;
    for (int i = 0; i < 10; ++i) {
        const Thread thread = makeThread();
        write([thread](Connection& db) { return store::insertThread(db, thread); });
        threads.push_back(thread.id);
        CheckpointPut put;
        put.key = {thread.id.str(), "", "1"};
        put.checkpoint = {"json", "{}"};
        put.versions = {{"out", "1"}};
        put.blobs = {{"out", "1", {"bytes", std::string(5'000'000, 'x')}}};
        write([put](Connection& db) { store::putCheckpoint(db, put); });
    }
    const auto full = file();
    EXPECT_GT(full, 50'000'000U);
    for (const auto& id : threads) {
        EXPECT_TRUE(write([id](Connection& db) { return store::removeThread(db, id); }));
    }
    while (write([](Connection& db) { return store::sweepDeletedCheckpoints(db); })) {
    }
    const auto freed = read([](Connection& db) { return sql::dialect::freePages(db); });
    EXPECT_GT(freed, 50'000'000 / 4096);
    auto left = freed;
    int steps = 0;
    for (; left > 0 && steps < 1000; ++steps) {
        left = write([](Connection& db) {
            sql::dialect::reclaim(db, 256);
            return sql::dialect::freePages(db);
        });
    }
    EXPECT_EQ(left, 0);
    EXPECT_GE(steps, freed / 256);
    EXPECT_LT(file(), 1'000'000U);
}

INSTANTIATE_TEST_SUITE_P(Sqlite, ThreadSpaceTest, ::testing::Values(Engine::kFile), engineName);

}  // namespace
}  // namespace heddle::test
