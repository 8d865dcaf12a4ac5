// SPDX-License-Identifier: Apache-2.0
#include "api/write_probe.hpp"

#include <gtest/gtest.h>

namespace heddle::api {
namespace {

using namespace std::chrono_literals;

TEST(WriteProbe, TriesAtOnceAndThenOnceASecond) {
    WriteProbe probe;
    EXPECT_TRUE(probe.wanted(0s));
    EXPECT_FALSE(probe.fault(0s));
    probe.began(0s);
    EXPECT_TRUE(probe.underWay());
    EXPECT_FALSE(probe.wanted(0s));
    probe.ended(10ms, std::nullopt);
    EXPECT_FALSE(probe.underWay());
    EXPECT_FALSE(probe.wanted(1009ms));
    EXPECT_TRUE(probe.wanted(1010ms));
}

TEST(WriteProbe, TellsAFaultUntilAWriteSucceeds) {
    WriteProbe probe;
    probe.began(0s);
    probe.ended(1ms, "the disk is full");
    EXPECT_EQ(probe.fault(1ms), "the disk is full");
    EXPECT_EQ(probe.fault(1h), "the disk is full");
    probe.began(2s);
    EXPECT_EQ(probe.fault(2s), "the disk is full");
    probe.ended(2001ms, std::nullopt);
    EXPECT_FALSE(probe.fault(2001ms));
}

TEST(WriteProbe, TakesAWriteThatDoesNotEndForAFault) {
    WriteProbe probe;
    probe.began(0s);
    EXPECT_FALSE(probe.fault(5s));   // slow, and perhaps all right
    EXPECT_FALSE(probe.wanted(1h));  // one is enough
    EXPECT_EQ(probe.fault(5001ms), "a write has been waiting for 5 s");
    EXPECT_EQ(probe.fault(1min), "a write has been waiting for 60 s");
    probe.ended(61s, std::nullopt);
    EXPECT_FALSE(probe.fault(61s));
}

TEST(WriteProbe, DoesNotTrustADiskOnWhichOthersFailedJustNow) {
    WriteProbe probe;
    probe.sawFailures(0, 0s);
    EXPECT_FALSE(probe.fault(0s));
    probe.sawFailures(3, 1s);
    EXPECT_TRUE(probe.fault(1s));
    probe.sawFailures(3, 4s);
    EXPECT_TRUE(probe.fault(5999ms));
    EXPECT_FALSE(probe.fault(6s));
    probe.sawFailures(4, 7s);
    EXPECT_TRUE(probe.fault(7s));
    probe.ended(7s, "the disk is full");  // its own reason is the better one
    EXPECT_EQ(probe.fault(7s), "the disk is full");
}

}  // namespace
}  // namespace heddle::api
