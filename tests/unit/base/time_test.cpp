// SPDX-License-Identifier: Apache-2.0
#include "base/time.hpp"

#include <gtest/gtest.h>

namespace heddle {
namespace {

std::string reprinted(std::string_view text) {
    const auto time = Timestamp::parse(text);
    return time ? time->iso() : "refused";
}

TEST(Timestamp, IsPrintedWithMicrosecondsAndZone) {
    EXPECT_EQ(Timestamp().iso(), "1970-01-01T00:00:00.000000+00:00");
    EXPECT_EQ(Timestamp::fromMicros(1'725'059'258'242'730).iso(), "2024-08-30T23:07:38.242730+00:00");
    EXPECT_EQ(Timestamp::fromMicros(-1).iso(), "1969-12-31T23:59:59.999999+00:00");
}

TEST(Timestamp, ReadsDateTimesOfAnyZoneAndPrecision) {
    struct Case {
        std::string_view text;
        std::string_view printed;
    };
    for (const auto& [text, printed] : {
             Case{"2024-08-30T23:07:38.242730+00:00", "2024-08-30T23:07:38.242730+00:00"},
             Case{"2024-08-30T23:07:38Z", "2024-08-30T23:07:38.000000+00:00"},
             Case{"2024-08-30t23:07:38.5z", "2024-08-30T23:07:38.500000+00:00"},
             Case{"2024-08-30 23:07:38.123456789-07:30", "2024-08-31T06:37:38.123456+00:00"},
             Case{"2024-02-29T00:00:00+14:00", "2024-02-28T10:00:00.000000+00:00"},
             Case{"2016-12-31T23:59:60Z", "2017-01-01T00:00:00.000000+00:00"},
             Case{"0000-01-01T00:00:00Z", "0000-01-01T00:00:00.000000+00:00"},
             Case{"9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999+00:00"},
         }) {
        EXPECT_EQ(reprinted(text), printed) << text;
    }
}

TEST(Timestamp, RefusesEverythingElse) {
    for (const std::string_view text : {"",
                                        "2024-08-30",
                                        "2024-08-30T23:07:38",
                                        "2024-08-30T23:07Z",
                                        "2024-02-30T00:00:00Z",
                                        "2023-02-29T00:00:00Z",
                                        "2024-13-01T00:00:00Z",
                                        "2024-08-30T24:00:00Z",
                                        "2024-08-30T23:60:00Z",
                                        "2024-08-30T23:07:61Z",
                                        "2024-08-30T23:07:38.Z",
                                        "2024-08-30T23:07:38.1234567890Z",
                                        "2024-08-30T23:07:38+0000",
                                        "2024-08-30T23:07:38+24:00",
                                        "2024-08-30T23:07:38+00:60",
                                        "2024-08-30T23:07:38Z ",
                                        " 2024-08-30T23:07:38Z",
                                        "24-08-30T23:07:38Z",
                                        "9999-12-31T23:59:59-00:01",
                                        "0000-01-01T00:00:00+00:01",
                                        "-024-08-30T23:07:38Z"}) {
        EXPECT_EQ(reprinted(text), "refused") << text;
    }
}

TEST(SystemClock, MovesForward) {
    const SystemClock clock;
    const auto before = clock.steady();
    EXPECT_GE(clock.steady(), before);
    EXPECT_GT(clock.now(), Timestamp::parse("2024-01-01T00:00:00Z"));
}

}  // namespace
}  // namespace heddle
