// SPDX-License-Identifier: Apache-2.0
#include "store/runs.hpp"

#include "store/harness.hpp"
#include "store/threads.hpp"

namespace heddle::test {
namespace {

using sql::Connection;

class RunsTest : public StoreTest {
  protected:
    RunsTest() {
        write([this](Connection& db) {
            store::insertThread(db, thread_);
            store::insertThread(db, other_);
        });
    }
    Run add(Run run) {
        write([run](Connection& db) { store::insertRun(db, run); });
        return run;
    }
    std::optional<Run> find(const RunId& id) {
        return read([id](Connection& db) { return store::findRun(db, id); });
    }
    std::optional<Run> claim(const RunId& id, Timestamp now = at(1)) {
        return write([id, now](Connection& db) { return store::claimRun(db, id, now); });
    }
    bool finish(const RunId& id, std::optional<std::int64_t> attempt,
                RunStatus status = RunStatus::kSuccess) {
        return write(
            [=](Connection& db) { return store::finishRun(db, id, attempt, status, std::nullopt, at(9)); });
    }
    bool requeue(const RunId& id, std::int64_t attempt, store::Requeue why) {
        return write([=](Connection& db) { return store::requeueRun(db, id, attempt, why, at(5)); });
    }
    bool isCurrent(const RunId& id, std::int64_t attempt) {
        return read([=](Connection& db) { return store::isCurrentAttempt(db, id, attempt); });
    }
    static std::vector<RunId> ids(const std::vector<Run>& runs) {
        std::vector<RunId> out;
        for (const auto& run : runs) out.push_back(run.id);
        return out;
    }

    Thread thread_ = makeThread(), other_ = makeThread();
};

using Ids = std::vector<RunId>;

TEST_P(RunsTest, ComeBackByteForByte) {
    Run run = makeRun(thread_.id);
    run.metadata = json(R"({ "n": 18446744073709551616 })");
    run.kwargs.input = json(R"({"x":[1e5, "\u2028"]})");
    run.kwargs.webhook = "https://example.com/?q=1";
    run.kwargs.stream_mode = {"updates", "messages-tuple"};
    run.kwargs.durability = "sync";
    run.multitask_strategy = MultitaskStrategy::kRollback;
    run.not_before = at(7);
    run.error = RunError{"ValueError", "it \"broke\""};
    run.traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    add(run);
    const auto found = find(run.id);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->thread_id, thread_.id);
    EXPECT_EQ(found->assistant_id, run.assistant_id);
    EXPECT_EQ(found->graph_id, "agent");
    EXPECT_EQ(found->metadata, run.metadata);
    EXPECT_EQ(found->kwargs.json(), run.kwargs.json());
    EXPECT_EQ(found->kwargs.input, run.kwargs.input);
    EXPECT_EQ(found->multitask_strategy, run.multitask_strategy);
    EXPECT_EQ(found->status, RunStatus::kPending);
    EXPECT_EQ(found->created_at, run.created_at);
    EXPECT_EQ(found->not_before, run.not_before);
    EXPECT_FALSE(found->started_at);
    EXPECT_EQ(found->error, run.error);
    EXPECT_EQ(found->traceparent, run.traceparent);
    EXPECT_FALSE(found->output);
}

TEST_P(RunsTest, BelongToTheirThread) {
    const Run run = add(makeRun(thread_.id));
    const auto findOn = [this, id = run.id](const ThreadId& thread) {
        return read([=](Connection& db) { return store::findRun(db, thread, id).has_value(); });
    };
    EXPECT_TRUE(findOn(thread_.id));
    EXPECT_FALSE(findOn(other_.id));
    EXPECT_FALSE(find(nextId<RunId>()));
    try {
        add(makeRun(nextId<ThreadId>()));
        ADD_FAILURE() << "a run without a thread";
    } catch (const sql::Error& error) {
        EXPECT_TRUE(error.isConstraint());
    }
}

TEST_P(RunsTest, AreListedNewestFirstWithTheTrueTotal) {
    Ids all;
    for (int n = 0; n < 5; ++n) all.push_back(add(makeRun(thread_.id)).id);
    add(makeRun(other_.id));
    const auto list = [this](const store::RunQuery& query) {
        return read([query, id = thread_.id](Connection& db) { return store::listRuns(db, id, query); });
    };
    store::RunQuery query;
    query.limit = 2;
    query.offset = 1;
    EXPECT_EQ(ids(list(query).runs), (Ids{all[3], all[2]}));
    EXPECT_EQ(list(query).total, 5);
    finish(all[1], std::nullopt);
    query = {};
    query.status = RunStatus::kSuccess;
    EXPECT_EQ(ids(list(query).runs), Ids{all[1]});
    EXPECT_EQ(list(query).total, 1);
}

TEST_P(RunsTest, OpenOnesAreListedOldestFirst) {
    const Run one = add(makeRun(thread_.id)), two = add(makeRun(other_.id)), three = add(makeRun(thread_.id)),
              ended = add(makeRun(thread_.id));
    finish(ended.id, std::nullopt);
    ASSERT_TRUE(claim(one.id));
    const auto open = read([this](Connection& db) { return store::openRuns(db, thread_.id); });
    EXPECT_EQ(ids(open), (Ids{one.id, three.id}));
    EXPECT_EQ(ids(read([](Connection& db) { return store::allOpenRuns(db); })),
              (Ids{one.id, two.id, three.id}));
    EXPECT_TRUE(read([this](Connection& db) { return store::hasOpenRuns(db, thread_.id); }));
    finish(one.id, 1);
    finish(three.id, std::nullopt);
    EXPECT_FALSE(read([this](Connection& db) { return store::hasOpenRuns(db, thread_.id); }));
}

TEST_P(RunsTest, AClaimStartsAnAttempt) {
    const Run run = add(makeRun(thread_.id));
    const auto first = claim(run.id, at(1));
    ASSERT_TRUE(first);
    EXPECT_EQ(first->status, RunStatus::kRunning);
    EXPECT_EQ(first->attempt, 1);
    EXPECT_EQ(first->started_at, at(1));
    EXPECT_EQ(first->updated_at, at(1));
    EXPECT_FALSE(claim(run.id));
    EXPECT_TRUE(requeue(run.id, 1, store::Requeue::kFailed));
    const auto second = claim(run.id, at(3));
    ASSERT_TRUE(second);
    EXPECT_EQ(second->attempt, 2);
    EXPECT_EQ(second->failures, 1);
    EXPECT_EQ(second->started_at, at(1));
    finish(run.id, 2);
    EXPECT_FALSE(claim(run.id));
    EXPECT_FALSE(claim(nextId<RunId>()));
}

TEST_P(RunsTest, TwoClaimsAtOnceHaveOneWinner) {
    const Run run = add(makeRun(thread_.id));
    std::vector<Task<Result<bool>>> claims;
    for (int n = 0; n < 8; ++n) {
        claims.emplace_back(io_, database_->write([id = run.id](Connection& db) -> Result<bool> {
            return store::claimRun(db, id, at(1)).has_value();
        }));
    }
    int winners = 0;
    for (auto& one : claims) winners += *one.finish() ? 1 : 0;
    EXPECT_EQ(winners, 1);
    EXPECT_EQ(find(run.id)->attempt, 1);
}

TEST_P(RunsTest, AThreadHasOneRunningRun) {
    const Run one = add(makeRun(thread_.id)), two = add(makeRun(thread_.id)),
              elsewhere = add(makeRun(other_.id));
    EXPECT_TRUE(claim(one.id));
    EXPECT_FALSE(claim(two.id));
    EXPECT_TRUE(claim(elsewhere.id));
    finish(one.id, 1);
    EXPECT_TRUE(claim(two.id));
    // Even where the claim's own condition is passed by.
    const Run third = add(makeRun(thread_.id));
    EXPECT_THROW(write([id = third.id](Connection& db) {
                     db.run("UPDATE runs SET status = 'running' WHERE uuid = $1", id.str());
                 }),
                 sql::Error);
}

TEST_P(RunsTest, TheFenceKnowsTheCurrentAttempt) {
    const Run run = add(makeRun(thread_.id));
    EXPECT_FALSE(isCurrent(run.id, 0));
    claim(run.id);
    EXPECT_TRUE(isCurrent(run.id, 1));
    EXPECT_FALSE(isCurrent(run.id, 2));
    EXPECT_TRUE(requeue(run.id, 1, store::Requeue::kGraceful));
    EXPECT_FALSE(isCurrent(run.id, 1));
    EXPECT_EQ(find(run.id)->failures, 0);
    EXPECT_EQ(find(run.id)->status, RunStatus::kPending);
    claim(run.id);
    EXPECT_FALSE(isCurrent(run.id, 1));
    EXPECT_TRUE(isCurrent(run.id, 2));
    // The first attempt's late frames change nothing.
    EXPECT_FALSE(requeue(run.id, 1, store::Requeue::kFailed));
    EXPECT_FALSE(finish(run.id, 1));
    EXPECT_EQ(find(run.id)->status, RunStatus::kRunning);
    EXPECT_TRUE(finish(run.id, 2));
    EXPECT_FALSE(isCurrent(run.id, 2));
    EXPECT_FALSE(requeue(run.id, 2, store::Requeue::kFailed));
}

TEST_P(RunsTest, AreFinishedOnce) {
    const Run run = add(makeRun(thread_.id));
    const RunError error{"TimeoutError", "too long"};
    EXPECT_TRUE(write([id = run.id, error](Connection& db) {
        return store::finishRun(db, id, std::nullopt, RunStatus::kTimeout, error, at(8));
    }));
    const auto found = find(run.id);
    EXPECT_EQ(found->status, RunStatus::kTimeout);
    EXPECT_EQ(found->ended_at, at(8));
    EXPECT_EQ(found->updated_at, at(8));
    EXPECT_EQ(found->error, error);
    EXPECT_FALSE(finish(run.id, std::nullopt));
    EXPECT_FALSE(finish(nextId<RunId>(), std::nullopt));
    EXPECT_EQ(find(run.id)->status, RunStatus::kTimeout);
    EXPECT_THROW(finish(run.id, std::nullopt, RunStatus::kPending), std::logic_error);
}

TEST_P(RunsTest, OutputIsKeptAndReplaced) {
    const Run run = add(makeRun(thread_.id));
    for (const char* text : {R"({"a": 1e5})", R"([18446744073709551616])"}) {
        write([id = run.id, text](Connection& db) { store::saveRunOutput(db, id, json(text)); });
        EXPECT_EQ(find(run.id)->output, json(text));
    }
    write([](Connection& db) { store::saveRunOutput(db, nextId<RunId>(), json("1")); });
}

TEST_P(RunsTest, AreRemoved) {
    const Run run = add(makeRun(thread_.id));
    EXPECT_TRUE(write([id = run.id](Connection& db) { return store::removeRun(db, id); }));
    EXPECT_FALSE(write([id = run.id](Connection& db) { return store::removeRun(db, id); }));
    EXPECT_FALSE(find(run.id));
}

// At start there may be millions of runs, and few of them open.
TEST_P(RunsTest, OpenOnesAreFoundOnTheirIndex) {
    const auto plan = read([](Connection& db) {
        std::string out;
        auto rows = db.query(
            "EXPLAIN QUERY PLAN SELECT r.uuid FROM runs r JOIN threads t ON t.id = r.thread"
            " WHERE r.status IN ('pending', 'running') ORDER BY +r.id");
        while (rows.step()) out += rows.string(3) + "\n";
        return out;
    });
    EXPECT_NE(plan.find("USING INDEX runs_open"), std::string::npos) << plan;
}

HEDDLE_BOTH_ENGINES(RunsTest);

}  // namespace
}  // namespace heddle::test
