// SPDX-License-Identifier: Apache-2.0
#include "base/json.hpp"

#include "base/limits.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace heddle {
namespace {

std::string nested(std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
}

struct Text {
    std::string name;
    std::string text;
};

void PrintTo(const Text& text, std::ostream* out) {
    *out << text.name;
}

std::string nameOf(const testing::TestParamInfo<Text>& info) {
    return info.param.name;
}

class KeptJson : public testing::TestWithParam<Text> {};

TEST_P(KeptJson, IsKeptByteForByte) {
    const auto parsed = RawJson::parse(GetParam().text);
    ASSERT_TRUE(parsed) << parsed.error().detail;
    EXPECT_EQ(parsed->text(), GetParam().text);
}

INSTANTIATE_TEST_SUITE_P(
    Json, KeptJson,
    testing::Values(Text{"TwoToThe64", "18446744073709551616"}, Text{"ExponentWithoutFraction", "1e5"},
                    Text{"NegativeZero", "-0"}, Text{"LongFraction", "0.1000000000000000055511151231257827"},
                    Text{"Underflow", "1e-400"}, Text{"LargestDouble", "1.7976931348623157e308"},
                    Text{"DuplicateKeys", R"({"a":1,"a":2})"}, Text{"EmptyKey", R"({"":1})"},
                    Text{"InnerSpace", "{ \"a\" :\t1 }"}, Text{"Escapes", R"("\u00e9\n\/\"\\")"},
                    Text{"SurrogatePair", R"("\ud83d\ude00")"}, Text{"EscapedNul", R"("\u0000")"},
                    Text{"RawEmoji", "\"\xF0\x9F\x98\x80\""},
                    Text{"DepthAtTheLimit", nested(limits::kJsonDepth)}, Text{"EmptyObject", "{}"},
                    Text{"Null", "null"}),
    nameOf);

class RefusedJson : public testing::TestWithParam<Text> {};

TEST_P(RefusedJson, IsInvalidAndNotEchoed) {
    const auto parsed = RawJson::parse(GetParam().text);
    ASSERT_FALSE(parsed);
    EXPECT_EQ(parsed.error().kind, ProblemKind::kInvalid);
    EXPECT_TRUE(parsed.error().detail.starts_with("Invalid JSON")) << parsed.error().detail;
    EXPECT_EQ(parsed.error().detail.find("hunter2"), std::string::npos) << parsed.error().detail;
}

INSTANTIATE_TEST_SUITE_P(
    Json, RefusedJson,
    testing::Values(Text{"Nothing", ""}, Text{"OnlySpace", "  "}, Text{"TrailingGarbage", "{} hunter2"},
                    Text{"TwoValues", "1 2"}, Text{"NaN", "NaN"}, Text{"MinusInfinity", "-Infinity"},
                    Text{"BeyondDouble", "1e400"}, Text{"BeyondDoubleInside", R"({"hunter2":[-1e999]})"},
                    Text{"HugeInteger", std::string(400, '9')},
                    Text{"LoneHighSurrogate", R"("hunter2\ud83d")"},
                    Text{"LoneLowSurrogate", R"("\ude00hunter2")"}, Text{"HighThenHigh", R"("\ud83d\ud83d")"},
                    Text{"InvalidUtf8", "\"hunter2\xff\""}, Text{"OverlongUtf8", "\"\xC0\xAF\""},
                    Text{"SurrogateInUtf8", "\"\xED\xA0\x80\""}, Text{"CutUtf8", "\"\xE2\x82"},
                    Text{"RawNewlineInString", "\"hunter2\n\""}, Text{"Comment", "{} // hunter2"},
                    Text{"TrailingComma", R"({"hunter2":1,})"}, Text{"SingleQuotes", "'hunter2'"},
                    Text{"LeadingZero", "01"}, Text{"PlusSign", "+1"}, Text{"OpenString", "\"hunter2"},
                    Text{"OpenObject", R"({"hunter2":)"}, Text{"ByteOrderMark", "\xEF\xBB\xBF{}"},
                    Text{"NulAtTheEnd", std::string("{}\0", 3)},
                    Text{"NulThenMore", std::string("{}\0hunter2", 10)},
                    Text{"DepthBeyondTheLimit", nested(limits::kJsonDepth + 1)},
                    Text{"MillionBrackets", std::string(1'000'000, '[')}),
    nameOf);

TEST(RawJson, NamesThePositionAndTheReason) {
    EXPECT_EQ(RawJson::parse("{\"a\": tru}").error().detail, "Invalid JSON at byte 10: invalid literal");
    EXPECT_EQ(RawJson::parse("[1e400]").error().detail,
              "Invalid JSON at byte 6: a number is beyond the range of a double");
    EXPECT_EQ(RawJson::parse(nested(129)).error().detail, "Invalid JSON: nested deeper than 128 levels");
}

TEST(RawJson, RemovesWhiteSpaceAroundTheValue) {
    EXPECT_EQ(RawJson::parse(" \r\n\t{ } \n")->text(), "{ }");
}

TEST(RawJson, TakesABodyOfTheLargestSize) {
    const auto text = "\"" + std::string(limits::kHttpBody - 2, 'x') + "\"";
    EXPECT_EQ(RawJson::parse(text)->text().size(), limits::kHttpBody);
}

TEST(ParseJson, GivesOurOwnObjectsInTheirOrder) {
    const auto json = parseJson(R"({"b":1,"a":[true]})");
    ASSERT_TRUE(json);
    EXPECT_EQ(dumpJson(*json), R"({"b":1,"a":[true]})");
    EXPECT_FALSE(parseJson("{"));
}

TEST(DumpJson, ReplacesInvalidUtf8InsteadOfThrowing) {
    EXPECT_EQ(dumpJson(Json("a\xff")), "\"a\xEF\xBF\xBD\"");
}

}  // namespace
}  // namespace heddle
