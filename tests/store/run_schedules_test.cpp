// SPDX-License-Identifier: Apache-2.0
// The whole run service over random schedules: whatever happens in whatever order, every promise holds.
#include "harness.hpp"
#include "schedule_world.hpp"
#include "sql/migrations.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdlib>
#include <map>
#include <string>

namespace heddle::test {
namespace {

constexpr unsigned kSchedules = 2000;
constexpr std::size_t kSteps = 60;

// HEDDLE_SCHEDULES: how many; HEDDLE_SCHEDULE_SEED: the first one's seed.
unsigned fromEnvironment(const char* name, unsigned otherwise) {
    const char* given = std::getenv(name);
    return given == nullptr ? otherwise : static_cast<unsigned>(std::stoul(given));
}

TEST(RunSchedules, EveryPromiseHolds) {
    sql::SqliteConnection connection(":memory:", sql::SqliteConnection::Role::kWriter);
    sql::migrate(connection, store::schema(sql::Dialect::kSqlite), at(0));
    const unsigned first = fromEnvironment("HEDDLE_SCHEDULE_SEED", 0);
    const unsigned count = fromEnvironment("HEDDLE_SCHEDULES", kSchedules);
    std::map<std::string, std::size_t> ends;
    for (unsigned seed = first; seed < first + count; ++seed) {
        ScheduleWorld world(connection, seed);
        for (std::size_t step = 0; step < kSteps && !HasFailure(); ++step) world.step();
        if (!HasFailure()) world.finish();
        ASSERT_FALSE(HasFailure()) << "seed " << seed;
        world.count(ends);
    }
    if (count < kSchedules) return;
    // The schedules are not all alike.
    for (const char* end : {"success", "error", "timeout", "interrupted", "gone"}) {
        EXPECT_GT(ends[end], kSchedules / 20) << end;
    }
}

}  // namespace
}  // namespace heddle::test
