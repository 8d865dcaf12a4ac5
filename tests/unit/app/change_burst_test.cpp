// SPDX-License-Identifier: Apache-2.0
#include "app/change_burst.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

namespace heddle::app {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr microseconds kStart = std::chrono::hours(1);

ChangeBurst burst() {
    return ChangeBurst({milliseconds(150), milliseconds(2000)});
}

TEST(ChangeBurst, NothingIsDueWithoutAChange) {
    auto changes = burst();
    EXPECT_EQ(changes.dueAt(), std::nullopt);
    EXPECT_THAT(changes.take(kStart), IsEmpty());
}

TEST(ChangeBurst, IsOverWhenNothingMoreCame) {
    auto changes = burst();
    changes.touched("/p/b.py", kStart);
    changes.touched("/p/a.py", kStart + milliseconds(100));
    changes.touched("/p/b.py", kStart + milliseconds(200));
    EXPECT_EQ(changes.dueAt(), kStart + milliseconds(350));
    EXPECT_THAT(changes.take(kStart + milliseconds(349)), IsEmpty());
    EXPECT_THAT(changes.take(kStart + milliseconds(350)), ElementsAre("/p/a.py", "/p/b.py"));
    EXPECT_EQ(changes.dueAt(), std::nullopt);
}

TEST(ChangeBurst, EndsThoughChangesGoOn) {
    auto changes = burst();
    for (int i = 0; i <= 30; ++i) changes.touched("/p/a.py", kStart + milliseconds(100) * i);
    EXPECT_EQ(changes.dueAt(), kStart + milliseconds(2000));
    EXPECT_THAT(changes.take(kStart + milliseconds(3000)), ElementsAre("/p/a.py"));
}

TEST(ChangeBurst, AForgottenFolderDoesNotCount) {
    auto changes = burst();
    changes.touched("/p/env/a.py", kStart);
    changes.forget("/p/env");
    EXPECT_EQ(changes.dueAt(), std::nullopt);
    changes.touched("/p/environment.py", kStart);
    changes.touched("/p/env/b.py", kStart);
    changes.forget("/p/env");
    EXPECT_THAT(changes.take(kStart + milliseconds(150)), ElementsAre("/p/environment.py"));
}

TEST(ChangeBurst, TheNextOneHasItsOwnTime) {
    auto changes = burst();
    changes.touched("/p/a.py", kStart);
    EXPECT_THAT(changes.take(kStart + milliseconds(150)), ElementsAre("/p/a.py"));
    const auto later = kStart + std::chrono::seconds(60);
    changes.touched("/p/c.py", later);
    EXPECT_EQ(changes.dueAt(), later + milliseconds(150));
    EXPECT_THAT(changes.take(later + milliseconds(150)), ElementsAre("/p/c.py"));
}

}  // namespace
}  // namespace heddle::app
