// SPDX-License-Identifier: Apache-2.0
#include "run/replay.hpp"

#include "live.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace heddle::run {
namespace {

using test::frame;

struct ReplayTest : ::testing::Test {
    ReplayTest() {
        for (std::int64_t seq = 0; seq < 5; ++seq)
            disk.events.push_back({run, seq, seq % 2 == 0 ? "values" : "updates", std::to_string(seq)});
    }
    [[nodiscard]] Replay from(std::int64_t seq, std::vector<std::string> modes = {}) const {
        return {run, "7-", seq, std::move(modes)};
    }
    [[nodiscard]] std::string frames(std::int64_t first, std::int64_t last) const {
        std::string out;
        for (const auto& event : disk.events) {
            if (event.seq >= first && event.seq <= last)
                out += frame(event.event, event.data, "7-" + event.data);
        }
        return out;
    }

    RunId run = test::makeRun(true, 1).id;
    test::Disk disk;
};

TEST_F(ReplayTest, ReadsPageByPageAndEndsWithTheLast) {
    auto replay = from(0);
    EXPECT_FALSE(replay.finished());
    EXPECT_EQ(replay.take(1), "");
    ASSERT_TRUE(replay.wanted());
    EXPECT_EQ(replay.wanted()->from, 0);
    replay.accept(disk.page(*replay.wanted(), 2));
    EXPECT_FALSE(replay.wanted()) << "one page at a time";
    EXPECT_EQ(replay.lag(), frames(0, 1).size());
    EXPECT_EQ(replay.take(1), frames(0, 1));
    EXPECT_EQ(replay.lag(), 0U);
    EXPECT_EQ(replay.wanted()->from, 2);
    replay.accept(disk.page(*replay.wanted(), 3));
    EXPECT_FALSE(replay.finished()) << "the last page is not taken";
    EXPECT_EQ(replay.take(1), frames(2, 4));
    EXPECT_TRUE(replay.finished());
    EXPECT_FALSE(replay.wanted());
    EXPECT_EQ(replay.end(), 5);
}

TEST_F(ReplayTest, GivesTheSameFromAnySeqAndInPagesOfAnySize) {
    for (std::int64_t seq = 0; seq <= 6; ++seq) {
        for (std::size_t events = 1; events <= 6; ++events) {
            auto replay = from(seq);
            EXPECT_EQ(test::drain(replay, disk, events), frames(seq, 4)) << seq << " " << events;
            EXPECT_TRUE(replay.finished());
        }
    }
}

TEST_F(ReplayTest, APageWithoutAnyWantedEventIsFollowedByTheNext) {
    auto replay = from(0, {"updates"});
    EXPECT_EQ(test::drain(replay, disk, 1), frames(1, 1) + frames(3, 3));
    EXPECT_TRUE(replay.finished());
}

TEST_F(ReplayTest, AFailureThatWasNotStoredIsTheLastEvent) {
    const auto failed = [&](std::int64_t seq) {
        auto replay = from(seq, {"updates"});
        auto page = disk.page({run, seq});
        page.unstored = RunError{"ValueError", "kaput"};
        replay.accept(std::move(page));
        const std::string text = replay.take(1);
        EXPECT_TRUE(replay.finished());
        EXPECT_EQ(replay.end(), 6);
        return text;
    };
    const std::string error = frame("error", R"({"error":"ValueError","message":"kaput"})", "7-5");
    EXPECT_EQ(failed(3), frames(3, 3) + error);
    EXPECT_EQ(failed(5), error);
    EXPECT_EQ(failed(6), "") << "its reader has seen it";
}

TEST_F(ReplayTest, ARunWithoutEventsIsEmptyAndOver) {
    Replay replay(test::makeRun(true, 2).id, "7-", 0, {});
    EXPECT_EQ(test::drain(replay, disk), "");
    EXPECT_TRUE(replay.finished());
    EXPECT_EQ(replay.end(), 0);
}

TEST_F(ReplayTest, WantsNothingOnceDropped) {
    auto replay = from(0);
    replay.drop();
    EXPECT_TRUE(replay.dropped());
    EXPECT_FALSE(replay.wanted());
}

}  // namespace
}  // namespace heddle::run
