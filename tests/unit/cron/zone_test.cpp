// SPDX-License-Identifier: Apache-2.0
#include "cron/zone.hpp"

#include "base/limits.hpp"
#include "support/zone_file.hpp"
#include "times.hpp"

#include <gmock/gmock.h>

#include <fstream>
#include <iterator>

namespace heddle::cron {
namespace {

using ::testing::HasSubstr;

std::string read(const std::string& name) {
    std::ifstream file("/usr/share/zoneinfo/" + name, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

std::string inZone(std::string_view name, std::string_view time) {
    Zones zones;
    const auto zone = zones.find(name);
    return zone ? shown(**zone, at(time)) : zone.error().detail;
}

TEST(Zones, KnowOffsetsOfThePastAndOfRules) {
    EXPECT_EQ(inZone("UTC", "2026-07-01T12:00:00Z"), "2026-07-01 12:00:00 +00:00");
    EXPECT_EQ(inZone("Etc/UTC", "2026-07-01T12:00:00Z"), "2026-07-01 12:00:00 +00:00");
    EXPECT_EQ(inZone("Europe/Berlin", "2026-07-01T12:00:00Z"), "2026-07-01 14:00:00 +02:00");
    EXPECT_EQ(inZone("America/New_York", "1990-01-01T12:00:00Z"), "1990-01-01 07:00:00 -05:00");
    EXPECT_EQ(inZone("Asia/Kathmandu", "2026-01-01T12:00:00Z"), "2026-01-01 17:45:00 +05:45");
    EXPECT_EQ(inZone("Pacific/Apia", "2011-12-30T09:59:59Z"), "2011-12-29 23:59:59 -10:00");
    EXPECT_EQ(inZone("Pacific/Apia", "2011-12-30T10:00:00Z"), "2011-12-31 00:00:00 +14:00");
    EXPECT_EQ(inZone("Australia/Lord_Howe", "2050-01-01T00:00:00Z"), "2050-01-01 11:00:00 +11:00");
    EXPECT_EQ(inZone("Europe/Dublin", "2050-07-01T12:00:00Z"),
              "2050-07-01 13:00:00 +01:00");  // its winter is the "summer"
    EXPECT_EQ(inZone("Europe/Dublin", "2050-01-01T12:00:00Z"), "2050-01-01 12:00:00 +00:00");
    EXPECT_EQ(inZone("America/Sao_Paulo", "2050-01-01T12:00:00Z"), "2050-01-01 09:00:00 -03:00");
    EXPECT_EQ(inZone("US/Eastern", "2050-07-01T12:00:00Z"), "2050-07-01 08:00:00 -04:00");
}

TEST(Zones, KeepWhatTheyGave) {
    Zones zones;
    const auto first = zones.find("Europe/Berlin");
    ASSERT_TRUE(first);
    for (const auto* name : {"Europe/Paris", "UTC", "Asia/Tokyo"}) ASSERT_TRUE(zones.find(name)) << name;
    EXPECT_EQ(*zones.find("Europe/Berlin"), *first);
}

TEST(Zones, RefuseWhatIsNoNameOfAZone) {
    Zones zones;
    for (const std::string& name :
         {std::string("Mars/Phobos"), std::string(), std::string("/etc/passwd"),
          std::string("../zoneinfo/UTC"), std::string("Europe"), std::string("Europe/"),
          std::string("tzdata.zi"), std::string("leapseconds"), std::string("zone.tab"),
          std::string("right/UTC"), std::string("posix/UTC"), std::string("localtime"),
          std::string("posixrules"), std::string("europe/berlin"), std::string("UTC\0", 4),
          std::string("UTC "), std::string("CET-1CEST"), std::string("+02:00"), std::string(4000, 'a')}) {
        const auto zone = zones.find(name);
        ASSERT_FALSE(zone) << name;
        EXPECT_EQ(zone.error().kind, ProblemKind::kInvalid);
        EXPECT_THAT(zone.error().detail, HasSubstr("Invalid timezone: '" + name.substr(0, 64) + "'"));
        EXPECT_LT(zone.error().detail.size(), 200);
    }
}

TEST(Zones, NeedNoFileForUtc) {
    Zones zones("/nowhere");
    EXPECT_TRUE(zones.find("UTC"));
    EXPECT_FALSE(zones.find("Europe/Berlin"));
}

TEST(Zone, PeriodsFollowEachOtherWithoutHoles) {
    Zones zones;
    for (const auto* name :
         {"Europe/Berlin", "Europe/Dublin", "Africa/Casablanca", "Asia/Gaza", "America/Caracas"}) {
        const auto zone = zones.find(name);
        ASSERT_TRUE(zone) << name;
        auto period = (*zone)->at(sys_seconds(std::chrono::seconds(-5'000'000'000)));
        for (int n = 0; n < 1000 && period.end != kForever; ++n) {
            const auto next = (*zone)->at(period.end);
            ASSERT_EQ(next.begin, period.end) << name;
            ASSERT_EQ((*zone)->at(period.end - std::chrono::seconds(1)).offset, period.offset) << name;
            period = next;
        }
    }
}

// The rule, before it five hours west.
std::string withRule(std::string_view rule) {
    return zoneFile(rule, {"\xff\xff\xb9\xb0", 4});
}

TEST(Zone, MayHaveNothingButItsRule) {
    const auto zone = Zone::parse(withRule("EST5EDT,M3.2.0,M11.1.0"));
    ASSERT_TRUE(zone);
    EXPECT_EQ(shown(*zone, at("2024-03-10T06:59:59Z")), "2024-03-10 01:59:59 -05:00");
    EXPECT_EQ(shown(*zone, at("2024-03-10T07:00:00Z")), "2024-03-10 03:00:00 -04:00");
    EXPECT_EQ(shown(*zone, at("1950-07-01T00:00:00Z")), "1950-06-30 20:00:00 -04:00");
}

TEST(Zone, MayHaveSummerTimeAllYear) {
    const auto zone = Zone::parse(withRule("XXX3EDT4,0/0,J365/23"));  // RFC 9636, 3.3.1
    ASSERT_TRUE(zone);
    for (const auto* time :
         {"2024-01-01T03:59:59Z", "2024-01-01T04:00:00Z", "2024-07-01T00:00:00Z", "2024-12-31T23:00:00Z"}) {
        EXPECT_EQ(zone->at(sys_seconds(std::chrono::seconds(at(time).micros() / 1'000'000))).offset,
                  std::chrono::hours(-4));
    }
}

TEST(Zone, KeepsTheFirstOffsetWithoutARule) {
    const auto zone = Zone::parse(withRule(""));
    ASSERT_TRUE(zone);
    EXPECT_EQ(shown(*zone, at("2050-07-01T12:00:00Z")), "2050-07-01 07:00:00 -05:00");
    EXPECT_FALSE(Zone::parse(withRule("EST5EDT")));
}

TEST(Zone, EveryCutOfAFileIsRefused) {
    const auto file = read("Europe/Berlin");
    ASSERT_TRUE(Zone::parse(file));
    for (std::size_t size = 0; size < file.size(); ++size) {
        EXPECT_FALSE(Zone::parse(std::string_view(file).substr(0, size))) << size;
    }
}

TEST(Zone, FilesHaveABound) {
    auto file = read("Europe/Berlin");
    file += std::string(limits::kZoneFile, '\n');
    EXPECT_FALSE(Zone::parse(file));
}

TEST(Zone, SurvivesAnyChangedByte) {
    const auto file = read("Africa/Casablanca");
    for (std::size_t n = 0; n < file.size(); ++n) {
        for (const char c : {'\0', '\x7f', '\xff', '9'}) {
            auto changed = file;
            changed[n] = c;
            const auto zone = Zone::parse(changed);
            if (!zone) continue;
            const auto time = sys_seconds(std::chrono::seconds(1'800'000'000));
            EXPECT_LT((*zone).at(time).begin, (*zone).at(time).end);
        }
    }
}

std::string changes(std::string_view rule, int year) {
    const auto parsed = ZoneRule::parse(rule);
    if (!parsed) return "refused";
    if (!parsed->changes()) return "never " + std::to_string(parsed->standardOffset().count());
    std::string text;
    for (const auto& change : parsed->changesOf(std::chrono::year(year))) {
        text += Timestamp::fromMicros(change.at.time_since_epoch().count() * 1'000'000).iso().substr(5, 11) +
                ' ' + std::to_string(change.offset.count()) + ' ';
    }
    return text;
}

TEST(ZoneRule, ReadsEveryFormOfPosixAndItsExtension) {
    EXPECT_EQ(changes("UTC0", 2024), "never 0");
    EXPECT_EQ(changes("<+0545>-5:45", 2024), "never 20700");
    EXPECT_EQ(changes("CET-1CEST,M3.5.0,M10.5.0/3", 2024), "03-31T01:00 7200 10-27T01:00 3600 ");
    EXPECT_EQ(changes("EST5EDT,M3.2.0,M11.1.0", 2024), "03-10T07:00 -14400 11-03T06:00 -18000 ");
    EXPECT_EQ(changes("<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", 2024), "04-06T15:00 37800 10-05T15:30 39600 ");
    EXPECT_EQ(changes("IST-1GMT0,M10.5.0,M3.5.0/1", 2024), "03-31T01:00 3600 10-27T01:00 0 ");
    EXPECT_EQ(changes("<-02>2<-01>,M3.5.0/-1,M10.5.0/0", 2024), "03-31T01:00 -3600 10-27T01:00 -7200 ");
    EXPECT_EQ(changes("EET-2EEST,M3.4.4/50,M10.4.4/50", 2024), "03-30T00:00 10800 10-25T23:00 7200 ");
    EXPECT_EQ(changes("AAA0BBB,J60/0,J365/23", 2024), "03-01T00:00 3600 12-31T22:00 0 ");
    EXPECT_EQ(changes("AAA0BBB,59/0,365/0", 2024), "02-29T00:00 3600 12-30T23:00 0 ");
}

TEST(ZoneRule, RefusesEverythingElse) {
    for (const auto* text : {"",
                             "UTC",
                             "U0",
                             "0",
                             "UTC0 ",
                             "CET-1CEST",
                             "CET-1CEST,M3.5.0",
                             "CET-1CEST,M3.5.0,",
                             "UTC26",
                             "CET-1CEST,M13.5.0,M10.5.0",
                             "CET-1CEST,M3.6.0,M10.5.0",
                             "CET-1CEST,M3.5.7,M10.5.0",
                             "CET-1CEST,M3.5,M10.5.0",
                             "CET-1CEST,J0,J5",
                             "CET-1CEST,366,5",
                             "CET-1CEST,M3.5.0/168,M10.5.0",
                             "CET-1:60",
                             "<+0545-5:45",
                             "CET-1CEST,M3.5.0,M10.5.0/3x",
                             "CET-99999999999"}) {
        EXPECT_EQ(changes(text, 2024), "refused") << text;
    }
}

}  // namespace
}  // namespace heddle::cron
