// SPDX-License-Identifier: Apache-2.0
#include "store/run_events.hpp"

#include "run/event_page.hpp"
#include "store/harness.hpp"
#include "store/runs.hpp"
#include "store/threads.hpp"

namespace heddle::test {
namespace {

using sql::Connection;
using Seqs = std::vector<std::int64_t>;

constexpr std::size_t kAll = std::size_t{1} << 30;

class RunEventsTest : public StoreTest {
  protected:
    RunEventsTest() {
        write([this](Connection& db) { store::insertThread(db, thread_); });
    }
    Run add(Timestamp created = at(0)) {
        Run run = makeRun(thread_.id, created);
        write([run](Connection& db) { store::insertRun(db, run); });
        return run;
    }
    // Started a second after its creation, when none is running on the thread.
    Run start(Timestamp created = at(0)) {
        const Run run = add(created);
        EXPECT_TRUE(write([&](Connection& db) { return store::claimRun(db, run.id, created + seconds(1)); }));
        return run;
    }
    Run startAndEnd(Timestamp created, Timestamp when) {
        const Run run = start(created);
        end(run.id, when);
        return run;
    }
    void end(const RunId& run, Timestamp when, RunStatus status = RunStatus::kSuccess,
             std::optional<RunError> error = {}) {
        write([&](Connection& db) { store::finishRun(db, run, std::nullopt, status, error, when); });
    }
    void append(const RunId& run, std::int64_t from, std::int64_t to, const std::string& data = "{}") {
        std::vector<store::RunEvent> events;
        for (std::int64_t seq = from; seq < to; ++seq) events.push_back({run, seq, "custom", data});
        append(events);
    }
    void append(const std::vector<store::RunEvent>& events) {
        write([&](Connection& db) { store::insertRunEvents(db, events); });
    }
    store::RunEvents page(const RunId& run, std::int64_t from, std::size_t max_bytes = kAll) {
        return read([&](Connection& db) { return store::findRunEvents(db, run, from, max_bytes); });
    }
    Seqs seqs(const RunId& run, std::int64_t from = 0) {
        Seqs out;
        for (const auto& event : page(run, from).events) out.push_back(event.seq);
        return out;
    }
    store::RunEventExtent extent(const RunId& run) {
        return read([&](Connection& db) { return store::runEventExtent(db, run); });
    }
    std::int64_t expire(Timestamp before, std::int64_t limit = 1000) {
        return write([=](Connection& db) { return store::expireRunEvents(db, before, limit); });
    }
    std::int64_t rows() {
        return read([](Connection& db) {
            auto row = db.query("SELECT count(*) FROM run_events");
            row.step();
            return row.integer(0);
        });
    }
    std::vector<RunId> started(Timestamp from, std::int64_t limit = 100) {
        const auto runs =
            read([=, this](Connection& db) { return store::findStartedRuns(db, thread_.id, from, limit); });
        std::vector<RunId> out;
        for (const auto& run : runs) out.push_back(run.id);
        return out;
    }

    Thread thread_ = makeThread();
};

TEST_P(RunEventsTest, ComeBackInOrderByteForByte) {
    const Run run = add(), other = add();
    const std::string data = R"({"text":"é 日本 🧵 \u0000","n":1e5})";
    append(
        {{run.id, 0, "metadata", "{}"}, {other.id, 0, "values", "1"}, {run.id, 1, "values|child:1", data}});
    const auto found = page(run.id, 0);
    ASSERT_EQ(found.events.size(), 2U);
    EXPECT_TRUE(found.last);
    EXPECT_EQ(found.events[0].event, "metadata");
    EXPECT_EQ(found.events[1].run, run.id);
    EXPECT_EQ(found.events[1].event, "values|child:1");
    EXPECT_EQ(found.events[1].data, data);
    EXPECT_EQ(seqs(other.id), Seqs{0});
}

TEST_P(RunEventsTest, AreReadFromASeqOnToTheEnd) {
    const Run run = add();
    append(run.id, 0, 5);
    // What Last-Event-ID 2 asks for.
    EXPECT_EQ(seqs(run.id, 3), (Seqs{3, 4}));
    EXPECT_EQ(seqs(run.id, 5), Seqs{});
    EXPECT_EQ(seqs(run.id, 500), Seqs{});
    EXPECT_TRUE(page(run.id, 5).last);
    EXPECT_EQ(seqs(nextId<RunId>()), Seqs{});
}

TEST_P(RunEventsTest, PagesEndAfterTheirBytesAndSayWhetherMoreFollows) {
    const Run run = add();
    append(run.id, 0, 10, std::string(94, 'x'));  // 100 bytes with the name
    Seqs all;
    int pages = 0;
    for (std::int64_t from = 0; from < 10; ++pages) {
        const auto found = page(run.id, from, 250);
        ASSERT_FALSE(found.events.empty());
        EXPECT_LE(found.events.size(), 3U);
        for (const auto& event : found.events) all.push_back(event.seq);
        from = all.back() + 1;
        EXPECT_EQ(found.last, from == 10);
    }
    EXPECT_EQ(all, (Seqs{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}));
    EXPECT_EQ(pages, 4);
}

TEST_P(RunEventsTest, AnEventLargerThanAPageIsAPage) {
    const Run run = add();
    const std::string big(8 * 1024 * 1024, 'x');
    append({{run.id, 0, "values", big}, {run.id, 1, "values", "1"}});
    const auto first = page(run.id, 0, 1024);
    ASSERT_EQ(first.events.size(), 1U);
    EXPECT_TRUE(first.events[0].data == big);
    EXPECT_FALSE(first.last);
    const auto second = page(run.id, 1, 1024);
    EXPECT_EQ(second.events.size(), 1U);
    EXPECT_TRUE(second.last);
    EXPECT_EQ(extent(run.id).bytes, static_cast<std::int64_t>(big.size()) + 1);
}

TEST_P(RunEventsTest, WhatIsThereStaysAsItIs) {
    const Run run = add();
    append({{run.id, 0, "values", "first"}});
    append({{run.id, 0, "values", "second"}, {run.id, 1, "values", "third"}});
    const auto found = page(run.id, 0);
    ASSERT_EQ(found.events.size(), 2U);
    EXPECT_EQ(found.events[0].data, "first");
}

TEST_P(RunEventsTest, EventsOfARunThatIsGoneAreLeftOutAndTheOthersAreStored) {
    const Run run = add(), kept = add();
    write([&](Connection& db) { store::removeRun(db, run.id); });
    append({{kept.id, 0, "values", "1"}, {run.id, 0, "values", "1"}, {kept.id, 1, "values", "2"}});
    EXPECT_EQ(seqs(kept.id), (Seqs{0, 1}));
    EXPECT_EQ(rows(), 2);
}

TEST_P(RunEventsTest, TheExtentIsWhatIsStoredInBytes) {
    const Run run = add();
    EXPECT_EQ(extent(run.id).next, 0);
    append({{run.id, 3, "values", "é日🧵"}, {run.id, 4, "values", "12345"}});
    const auto stored = extent(run.id);
    EXPECT_EQ(stored.first, 3);
    EXPECT_EQ(stored.next, 5);
    EXPECT_EQ(stored.bytes, 2 + 3 + 4 + 5);
    EXPECT_EQ(read([&](Connection& db) { return store::runEventNext(db, run.id); }), 5);
}

TEST_P(RunEventsTest, TrimRemovesTheOldestOfOneRun) {
    const Run run = add(), other = add();
    append(run.id, 0, 5);
    append(other.id, 0, 5);
    write([&](Connection& db) { store::trimRunEvents(db, run.id, 3); });
    EXPECT_EQ(seqs(run.id), (Seqs{3, 4}));
    EXPECT_EQ(seqs(other.id).size(), 5U);
    EXPECT_EQ(extent(run.id).first, 3);
    write([&](Connection& db) { store::trimRunEvents(db, nextId<RunId>(), 3); });
    EXPECT_EQ(rows(), 7);
}

TEST_P(RunEventsTest, TheyGoWithTheirRunAndWithTheirThread) {
    const Run run = add(), other = add();
    append(run.id, 0, 3);
    append(other.id, 0, 2);
    write([&](Connection& db) { store::removeRun(db, run.id); });
    EXPECT_EQ(rows(), 2);
    EXPECT_EQ(seqs(run.id), Seqs{});
    write([&](Connection& db) { store::removeThread(db, thread_.id); });
    EXPECT_EQ(rows(), 0);
}

TEST_P(RunEventsTest, ExpiryTakesRunsThatEndedBeforeAndOnlyThose) {
    const Run old = startAndEnd(at(0), at(100)), late = startAndEnd(at(1), at(300)), open = start(at(2));
    for (const auto& run : {old, open, late}) append(run.id, 0, 3);
    EXPECT_EQ(expire(at(100)), 0) << "not before, but at that time";
    EXPECT_EQ(expire(at(200)), 3);
    EXPECT_EQ(seqs(old.id), Seqs{});
    EXPECT_EQ(seqs(open.id).size(), 3U) << "it has not ended";
    EXPECT_EQ(seqs(late.id).size(), 3U);
    EXPECT_EQ(expire(at(200)), 0);
    EXPECT_EQ(expire(at(400)), 3);
    EXPECT_EQ(seqs(open.id).size(), 3U);
}

TEST_P(RunEventsTest, ExpiryWorksInPiecesTheOldestEventsFirst) {
    const Run first = startAndEnd(at(0), at(10)), second = startAndEnd(at(1), at(10));
    for (const auto& run : {first, second}) append(run.id, 0, 4);
    EXPECT_EQ(expire(at(20), 3), 3);
    EXPECT_EQ(seqs(first.id), Seqs{3});
    EXPECT_EQ(expire(at(20), 3), 3);
    EXPECT_EQ(seqs(first.id), Seqs{});
    EXPECT_EQ(seqs(second.id), (Seqs{2, 3}));
    EXPECT_EQ(expire(at(20), 3), 2);
    EXPECT_EQ(expire(at(20), 3), 0);
}

TEST_P(RunEventsTest, StartedRunsOfAThreadAreThoseWithEventsTheNewestInOrder) {
    const Run first = startAndEnd(at(0), at(5)), silent = startAndEnd(at(10), at(15));
    const Run second = startAndEnd(at(20), at(25)), third = start(at(30)), waiting = add(at(40));
    for (const auto& run : {first, second, third, waiting}) append(run.id, 0, 1);
    EXPECT_EQ(started(at(0)), (std::vector{first.id, second.id, third.id}));
    EXPECT_EQ(started(at(21)), (std::vector{second.id, third.id})) << "from its start on";
    EXPECT_EQ(started(at(0), 2), (std::vector{second.id, third.id})) << "the newest";
    const auto when = [&](std::int64_t created_ms) {
        return read([=, this](Connection& db) { return store::findStart(db, thread_.id, created_ms); });
    };
    EXPECT_EQ(when(second.created_at.micros() / 1000), at(21));
    EXPECT_EQ(when(waiting.created_at.micros() / 1000), std::nullopt) << "it has not started";
    EXPECT_EQ(when(at(5).micros() / 1000), std::nullopt);
}

TEST_P(RunEventsTest, TheLastPageTellsTheFailureThatWasNotStored) {
    const Run failed = add(), told = add();
    append(failed.id, 0, 3);
    append(told.id, 0, 2);
    append({{told.id, 2, "error", "{}"}});
    for (const auto& run : {failed, told})
        end(run.id, at(9), RunStatus::kError, RunError{"ValueError", "kaput"});
    const auto last = [&](const Run& run) {
        return read([&](Connection& db) { return run::readEventPage(db, {run.id, 0}); });
    };
    EXPECT_EQ(last(failed).unstored, (RunError{"ValueError", "kaput"}));
    EXPECT_EQ(last(failed).next, 3);
    EXPECT_EQ(last(told).unstored, std::nullopt);
    EXPECT_EQ(last(told).events.size(), 3U);
}

HEDDLE_BOTH_ENGINES(RunEventsTest);

}  // namespace
}  // namespace heddle::test
