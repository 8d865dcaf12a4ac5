// SPDX-License-Identifier: Apache-2.0
#include "run/idempotency.hpp"

#include "store/harness.hpp"
#include "store/idempotency.hpp"
#include "store/runs.hpp"
#include "store/threads.hpp"

namespace heddle::test {
namespace {

using sql::Connection;

constexpr std::int64_t kDay_s = 24 * 3600;

class IdempotencyTest : public StoreTest {
  protected:
    IdempotencyTest() {
        thread_ = makeThread();
        write([this](Connection& db) { return store::insertThread(db, thread_); });
    }
    heddle::Run save(const IdempotencyKey& key, std::int64_t when) {
        const auto run = makeRun(thread_.id);
        write([&](Connection& db) {
            store::insertRun(db, run);
            store::saveIdempotencyKey(db, key, run.id, at(when));
        });
        return run;
    }
    Result<std::optional<heddle::Run>> replay(const IdempotencyKey& key, std::int64_t now) {
        return read([&](Connection& db) { return run::findReplay(db, key, at(now)); });
    }
    std::int64_t expire(std::int64_t now, std::int64_t limit) {
        return write([=](Connection& db) { return store::expireIdempotencyKeys(db, at(now), limit); });
    }

    Thread thread_;
};

TEST_P(IdempotencyTest, AKeyStandsForItsRequestForADay) {
    const IdempotencyKey key{"", "k", "digest"};
    EXPECT_FALSE(replay(key, 0).value());
    const auto run = save(key, 0);
    for (const std::int64_t now : {std::int64_t{0}, kDay_s - 1}) {
        ASSERT_TRUE(replay(key, now).value());
        EXPECT_EQ(replay(key, now).value()->id, run.id);
        const auto other = replay({"", "k", "another digest"}, now);
        ASSERT_FALSE(other);
        EXPECT_EQ(other.error().kind, ProblemKind::kConflict);
    }
    EXPECT_FALSE(replay(key, kDay_s).value());
    EXPECT_FALSE(replay({"", "k", "another digest"}, kDay_s).value());
    EXPECT_FALSE(replay({"", "K", "digest"}, 0).value());
    EXPECT_FALSE(replay({"somebody else", "k", "another digest"}, 0).value());
}

TEST_P(IdempotencyTest, AnOldKeyIsTakenAgain) {
    const IdempotencyKey key{"", "k", "digest"}, later{"", "k", "another digest"};
    save(key, 0);
    const auto run = save(later, kDay_s);
    EXPECT_EQ(replay(later, kDay_s + 1).value()->id, run.id);
    EXPECT_FALSE(replay(key, kDay_s + 1));
}

TEST_P(IdempotencyTest, AKeyWhoseRunIsGoneIsAConflict) {
    const IdempotencyKey key{"", "k", "digest"};
    const auto run = save(key, 0);
    write([&](Connection& db) { return store::removeRun(db, run.id); });
    const auto found = replay(key, 1);
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().kind, ProblemKind::kConflict);
}

TEST_P(IdempotencyTest, OldKeysAreRemovedInChunks) {
    for (int i = 0; i < 5; ++i) save({"", "k" + std::to_string(i), "digest"}, i);
    EXPECT_EQ(expire(kDay_s - 1, 10), 0);
    EXPECT_EQ(expire(kDay_s + 3, 3), 3);
    EXPECT_EQ(expire(kDay_s + 3, 3), 1);
    EXPECT_EQ(expire(kDay_s + 3, 3), 0);
    EXPECT_TRUE(replay({"", "k4", "digest"}, 5).value());
}

HEDDLE_BOTH_ENGINES(IdempotencyTest);

}  // namespace
}  // namespace heddle::test
