// SPDX-License-Identifier: Apache-2.0
#include "store/crons.hpp"

#include "domain/assistant.hpp"
#include "store/harness.hpp"
#include "store/runs.hpp"
#include "store/threads.hpp"

namespace heddle::test {
namespace {

using sql::Connection;
using store::CronSlot;
using store::Kept;

class CronsTest : public StoreTest {
  protected:
    Cron make(std::int64_t due, std::optional<ThreadId> thread = std::nullopt) {
        Cron cron;
        cron.id = nextId<CronId>();
        cron.assistant = systemAssistantId("agent");
        cron.thread = thread;
        cron.schedule = "* * * * *";
        cron.payload = json(R"({ "input": {"x": 1e5} })");
        cron.metadata = json(R"({"kind":"k"})");
        cron.next_run = at(due);
        cron.created_at = cron.updated_at = at(0);
        write([cron](Connection& db) { store::insertCron(db, cron); });
        return cron;
    }
    std::optional<Cron> find(const CronId& id) {
        return read([id](Connection& db) { return store::findCron(db, id); });
    }
    store::Kept keep(const CronSlot& slot, std::optional<RunId> run = std::nullopt) {
        return write([=](Connection& db) { return store::keepFiring(db, slot, run, "no", at(1)); });
    }
    std::vector<CronFiring> firings(const CronId& id, std::int64_t limit = 2'000) {
        return read([=](Connection& db) { return store::listFirings(db, id, limit, 0); });
    }
};

TEST_P(CronsTest, ComeBackByteForByte) {
    Cron cron = make(60);
    cron.timezone = "Europe/Berlin";
    cron.end_time = at(99);
    cron.keeps_threads = true;
    cron.enabled = false;
    cron.disabled_reason = "why";
    cron.next_run = std::nullopt;
    cron.metadata = json(R"({"kind":"other"})");
    write([cron](Connection& db) { store::saveCron(db, cron); });
    const auto found = find(cron.id);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->assistant, cron.assistant);
    EXPECT_EQ(found->schedule, cron.schedule);
    EXPECT_EQ(found->timezone, cron.timezone);
    EXPECT_EQ(found->end_time, cron.end_time);
    EXPECT_TRUE(found->keeps_threads);
    EXPECT_FALSE(found->enabled);
    EXPECT_EQ(found->disabled_reason, "why");
    EXPECT_EQ(found->next_run, std::nullopt);
    EXPECT_EQ(found->payload, cron.payload);
    EXPECT_EQ(found->metadata, cron.metadata);
    EXPECT_FALSE(find(nextId<CronId>()));
}

TEST_P(CronsTest, ATimeIsSettledOnce) {
    const Cron cron = make(60);
    const CronSlot slot{cron.id, at(60), at(60), at(120)};
    const RunId run = nextId<RunId>();
    EXPECT_EQ(keep(slot, run), Kept::kYes);
    EXPECT_EQ(keep(slot, nextId<RunId>()), Kept::kFiredBefore);
    EXPECT_EQ(keep({cron.id, at(60), at(61), at(120)}), Kept::kNotDue);
    EXPECT_FALSE(write([slot](Connection& db) { return store::passCron(db, slot); }));
    EXPECT_EQ(find(cron.id)->next_run, at(120));
    ASSERT_EQ(firings(cron.id).size(), 1U);
    EXPECT_EQ(firings(cron.id)[0].run, run);
    EXPECT_EQ(firings(cron.id)[0].slot, at(60));
    EXPECT_EQ(firings(cron.id)[0].status, std::nullopt);
    // The last one.
    EXPECT_EQ(keep({cron.id, at(120), at(120), std::nullopt}), Kept::kYes);
    EXPECT_EQ(find(cron.id)->next_run, std::nullopt);
    EXPECT_EQ(keep({cron.id, at(120), at(120), std::nullopt}), Kept::kFiredBefore);
    EXPECT_EQ(keep({nextId<CronId>(), at(60), at(60), at(120)}), Kept::kNotDue);
}

TEST_P(CronsTest, ARefusedFiringLeavesTheCronDue) {
    const Cron cron = make(60);
    const auto job = [id = cron.id](Connection& db) -> Result<bool> {
        store::keepFiring(db, {id, at(60), at(60), at(120)}, nextId<RunId>(), std::nullopt, at(1));
        return Problem::conflict("no");
    };
    const auto refused = runToEnd(io_, database_->write(job));
    EXPECT_FALSE(refused.has_value());
    EXPECT_EQ(find(cron.id)->next_run, at(60));
    EXPECT_TRUE(firings(cron.id).empty());
}

TEST_P(CronsTest, ThoseThatAreDueComeTheLongestDueFirst) {
    const Cron late = make(50), early = make(40), later = make(70);
    const auto due = read([](Connection& db) { return store::dueCrons(db, at(60), 10); });
    ASSERT_EQ(due.size(), 2U);
    EXPECT_EQ(due[0], early.id);
    EXPECT_EQ(due[1], late.id);
    EXPECT_EQ(read([](Connection& db) { return store::nextCronDue(db); }), at(40));
    for (const auto& cron : {late, early, later}) {
        write([id = cron.id](Connection& db) { store::removeCron(db, id); });
    }
    EXPECT_EQ(read([](Connection& db) { return store::nextCronDue(db); }), std::nullopt);
}

// The wall clock was set back, and a PATCH made the cron due again.
TEST_P(CronsTest, ATimeThatHasFiredIsPassedOver) {
    Cron cron = make(60);
    EXPECT_EQ(keep({cron.id, at(60), at(60), at(120)}), Kept::kYes);
    cron.next_run = at(60);
    write([cron](Connection& db) { store::saveCron(db, cron); });
    EXPECT_EQ(keep({cron.id, at(60), at(60), at(120)}), Kept::kFiredBefore);
    EXPECT_TRUE(write([id = cron.id](Connection& db) {
        return store::passCron(db, {id, at(60), at(60), at(120)});
    }));
    EXPECT_EQ(find(cron.id)->next_run, at(120));
    EXPECT_EQ(firings(cron.id).size(), 1U);
    const auto dates = read([](Connection& db) { return store::cronDates(db, 0, 10); });
    ASSERT_EQ(dates.size(), 1U);
    EXPECT_EQ(dates[0].cron.id, cron.id);
    EXPECT_EQ(dates[0].cron.next_run, at(120));
    EXPECT_EQ(dates[0].cron.schedule, cron.schedule);
    EXPECT_TRUE(read([&dates](Connection& db) { return store::cronDates(db, dates[0].row, 10); }).empty());
}

TEST_P(CronsTest, OnlyTheLastThousandFiringsAreKept) {
    const Cron cron = make(0);
    write([id = cron.id](Connection& db) {
        for (std::int64_t i = 0; i < 1'100; ++i) {
            store::keepFiring(db, {id, at(i), at(i), at(i + 1)}, std::nullopt, "no", at(i));
        }
    });
    const auto kept = firings(cron.id);
    ASSERT_EQ(kept.size(), 1'000U);
    EXPECT_EQ(kept.front().slot, at(1'099));
    EXPECT_EQ(kept.back().slot, at(100));
    EXPECT_EQ(firings(cron.id, 3).size(), 3U);
}

TEST_P(CronsTest, GoWithTheirThreadAndAreDisabledWithTheirAssistant) {
    const Thread thread = makeThread();
    write([thread](Connection& db) { store::insertThread(db, thread); });
    const Cron of_thread = make(60, thread.id), other = make(60);
    EXPECT_EQ(find(of_thread.id)->thread, thread.id);
    keep({of_thread.id, at(60), at(60), at(120)});
    write([thread](Connection& db) { store::removeThread(db, thread.id); });
    EXPECT_FALSE(find(of_thread.id));
    EXPECT_TRUE(firings(of_thread.id).empty());
    const auto disable = [other](Connection& db) {
        return store::disableCrons(db, other.assistant, "gone", at(7));
    };
    EXPECT_EQ(write(disable), 1);
    EXPECT_EQ(write(disable), 0);
    EXPECT_FALSE(find(other.id)->enabled);
    EXPECT_EQ(find(other.id)->next_run, std::nullopt);
    EXPECT_EQ(find(other.id)->disabled_reason, "gone");
}

HEDDLE_BOTH_ENGINES(CronsTest);

}  // namespace
}  // namespace heddle::test
