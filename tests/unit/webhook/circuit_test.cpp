// SPDX-License-Identifier: Apache-2.0
#include "webhook/circuit.hpp"

#include "unit/webhook/support.hpp"
#include "webhook/pace.hpp"

#include <gtest/gtest.h>

namespace heddle::webhook {
namespace {

TEST(Circuit, OpensAfterFiveFailuresInARow) {
    ConstantRandom least(0);
    Circuit circuit;
    for (int round = 0; round < 3; ++round) {
        for (int i = 0; i < 4; ++i) EXPECT_FALSE(circuit.unanswered(false, least));
        circuit.answered();
    }
    for (int i = 0; i < 4; ++i) EXPECT_FALSE(circuit.unanswered(false, least));
    EXPECT_FALSE(circuit.open());
    EXPECT_EQ(circuit.unanswered(false, least), microseconds(4'000'000));
    EXPECT_TRUE(circuit.open());
}

TEST(Circuit, PausesLongerAfterEachProbeUpToAMinute) {
    ConstantRandom least(0);
    Circuit circuit;
    for (int i = 0; i < 5; ++i) (void)circuit.unanswered(false, least);
    for (const int expected_s : {10, 20, 40, 60, 60, 60}) {
        circuit.started();
        EXPECT_TRUE(circuit.probing());
        EXPECT_EQ(circuit.unanswered(true, least), microseconds(expected_s * 800'000LL));
    }
    circuit.started();
    circuit.answered();
    EXPECT_FALSE(circuit.open());
    EXPECT_FALSE(circuit.probing());
}

// Ten were under way when it opened: their failures do not make the pause longer.
TEST(Circuit, LearnsNothingFromAttemptsThatWereUnderWay) {
    ConstantRandom least(0);
    Circuit circuit;
    for (int i = 0; i < 5; ++i) (void)circuit.unanswered(false, least);
    for (int i = 0; i < 10; ++i) EXPECT_FALSE(circuit.unanswered(false, least));
    circuit.started();
    EXPECT_EQ(circuit.unanswered(true, least), microseconds(8'000'000));
}

TEST(Circuit, ClosesWithAnyAnswer) {
    ConstantRandom least(0);
    Circuit circuit;
    for (int i = 0; i < 5; ++i) (void)circuit.unanswered(false, least);
    circuit.answered();  // of an attempt that was under way
    EXPECT_FALSE(circuit.open());
}

TEST(Pace, GivesASecondsWorthAtOnceAndThenTheRate) {
    Pace pace;
    microseconds now{5'000'000};
    for (int i = 0; i < 10; ++i) {
        ASSERT_EQ(pace.next(10, now), now) << i;
        pace.take(10, now);
    }
    EXPECT_EQ(pace.next(10, now), now + microseconds(100'000));
    now += microseconds(100'000);
    EXPECT_EQ(pace.next(10, now), now);
    pace.take(10, now);
    now += std::chrono::hours(1);  // no more than a second's worth is saved up
    for (int i = 0; i < 10; ++i) pace.take(10, now);
    EXPECT_GT(pace.next(10, now), now);
}

TEST(Pace, MayBeSlowerThanOneASecond) {
    Pace pace;
    const microseconds now{1};
    EXPECT_EQ(pace.next(0.1, now), now);
    pace.take(0.1, now);
    EXPECT_EQ(pace.next(0.1, now), now + seconds(10));
}

}  // namespace
}  // namespace heddle::webhook
