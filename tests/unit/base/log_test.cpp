// SPDX-License-Identifier: Apache-2.0
#include "base/log.hpp"

#include "base/json.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace heddle::log {
namespace {

constexpr auto kNow = Timestamp::fromMicros(1'725'059'258'242'730);

std::string text(std::initializer_list<Field> fields) {
    return line(Format::kText, kNow, Level::kInfo, "server.ready", {fields.begin(), fields.size()});
}

std::string json(std::initializer_list<Field> fields) {
    return line(Format::kJson, kNow, Level::kWarning, "server.ready", {fields.begin(), fields.size()});
}

TEST(LogLine, IsTimeLevelEventAndFields) {
    EXPECT_EQ(text({{"port", 2024}, {"host", "127.0.0.1"}, {"dev", true}}),
              "2024-08-30T23:07:38.242730+00:00 info server.ready port=2024 host=127.0.0.1 dev=true");
}

TEST(LogLine, QuotesValuesThatAreNotOneWord) {
    EXPECT_EQ(text({{"a", "two words"}, {"b", ""}, {"c", "x=\"y\""}}),
              "2024-08-30T23:07:38.242730+00:00 info server.ready a=\"two words\" b=\"\" c=\"x=\\\"y\\\"\"");
}

TEST(LogLine, IsOneJsonObjectWithNumbersAndBooleansUnquoted) {
    EXPECT_EQ(json({{"port", 2024}, {"dev", false}, {"text", "a \"b\""}, {"digits", "12"}}),
              R"({"time":"2024-08-30T23:07:38.242730+00:00","level":"warning","event":"server.ready",)"
              R"("port":2024,"dev":false,"text":"a \"b\"","digits":"12"})");
}

TEST(LogLine, StaysJsonWhenANumberIsNotFinite) {
    EXPECT_TRUE(RawJson::parse(json({{"a", std::nan("")}, {"b", -INFINITY}, {"c", 1.5}})));
}

TEST(LogLine, CannotBeSplitOrColouredByAValue) {
    const std::string evil =
        "x\r\n2024 error forged\x1b[31m\x7f\xC2\x9B"
        "2J\xE2\x80\xA8\xff\t";
    for (const auto format : {Format::kText, Format::kJson}) {
        const Field field("value", evil);
        const auto out = line(format, kNow, Level::kInfo, "a\nb", {&field, 1});
        for (const char c : out) EXPECT_FALSE(static_cast<unsigned char>(c) < 0x20 || c == '\x7f') << out;
        EXPECT_EQ(out.find("\xC2\x9B"), std::string::npos);
        EXPECT_EQ(out.find("\xE2\x80\xA8"), std::string::npos);
        EXPECT_NE(out.find("\\r\\n2024"), std::string::npos) << out;
    }
}

TEST(Log, WritesLinesToStandardErrorFromTheLowestLevelOn) {
    configure(Format::kText, Level::kWarning);
    EXPECT_FALSE(enabled(Level::kInfo));
    testing::internal::CaptureStderr();
    info("not.seen", {});
    warning("seen", {{"n", 1}});
    error("too", {});
    configure(Format::kText, Level::kInfo);
    const auto out = testing::internal::GetCapturedStderr();
    EXPECT_EQ(out.find("not.seen"), std::string::npos);
    EXPECT_NE(out.find(" warning seen n=1\n"), std::string::npos) << out;
    EXPECT_NE(out.find(" error too\n"), std::string::npos) << out;
}

}  // namespace
}  // namespace heddle::log
