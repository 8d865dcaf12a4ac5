// SPDX-License-Identifier: Apache-2.0
#include "base/json.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace heddle {
namespace {

JsonView view(std::string_view text) {
    return JsonView::trusted(text);
}

TEST(JsonView, IsNullUntilItViewsSomething) {
    EXPECT_TRUE(JsonView().isNull());
    EXPECT_EQ(RawJson().text(), "null");
}

TEST(JsonView, KnowsTheTypeByTheFirstCharacter) {
    EXPECT_EQ(view("null").type(), JsonType::kNull);
    EXPECT_EQ(view("true").type(), JsonType::kBoolean);
    EXPECT_EQ(view("false").type(), JsonType::kBoolean);
    EXPECT_EQ(view("-1").type(), JsonType::kNumber);
    EXPECT_EQ(view("\"\"").type(), JsonType::kString);
    EXPECT_EQ(view("[]").type(), JsonType::kArray);
    EXPECT_EQ(view("{}").type(), JsonType::kObject);
}

TEST(JsonView, GivesIntegersThatFit) {
    struct Case {
        std::string_view text;
        std::optional<std::int64_t> integer;
    };
    for (const auto& [text, integer] : {
             Case{"0", 0},
             Case{"-0", 0},
             Case{"9223372036854775807", std::numeric_limits<std::int64_t>::max()},
             Case{"-9223372036854775808", std::numeric_limits<std::int64_t>::min()},
             Case{"9223372036854775808", std::nullopt},
             Case{"18446744073709551616", std::nullopt},
             Case{"1.0", 1},
             Case{"1e2", 100},
             Case{"1.5", std::nullopt},
             Case{"1e300", std::nullopt},
             Case{"1e-400", 0},
             Case{"\"1\"", std::nullopt},
             Case{"true", std::nullopt},
         }) {
        EXPECT_EQ(view(text).integer(), integer) << text;
    }
}

TEST(JsonView, GivesNumbersAndBooleans) {
    EXPECT_EQ(view("1e5").number(), 100000.0);
    EXPECT_EQ(view("-0.5").number(), -0.5);
    EXPECT_EQ(view("1e-400").number(), 0.0);
    EXPECT_EQ(view("\"1\"").number(), std::nullopt);
    EXPECT_EQ(view("true").boolean(), true);
    EXPECT_EQ(view("false").boolean(), false);
    EXPECT_EQ(view("1").boolean(), std::nullopt);
}

TEST(JsonView, DecodesStrings) {
    struct Case {
        std::string_view text;
        std::string decoded;
    };
    for (const auto& [text, decoded] : {
             Case{R"("")", ""},
             Case{R"("plain")", "plain"},
             Case{R"("\"\\\/\b\f\n\r\t")", "\"\\/\b\f\n\r\t"},
             Case{R"("\u0041\u00e9\u20AC")", "A\xC3\xA9\xE2\x82\xAC"},
             Case{R"("x\ud83d\ude00y")", "x\xF0\x9F\x98\x80y"},
             Case{R"("\u0000")", std::string(1, '\0')},
             Case{"\"\xC3\xA9\"", "\xC3\xA9"},
             Case{R"("ends in \\")", "ends in \\"},
         }) {
        EXPECT_EQ(view(text).string(), decoded) << text;
    }
    EXPECT_EQ(view("1").string(), std::nullopt);
}

TEST(JsonView, SlicesFieldsWithoutTheSpaceAroundThem) {
    const auto fields = view("{ \"a\" : 1e5 ,\n\"b\":[ {\"]\":\"}\"} ] , \"c\\\"\":\"\\\\\" }").fields();
    ASSERT_EQ(fields.size(), 3U);
    EXPECT_EQ(fields[0].key, "a");
    EXPECT_EQ(fields[0].value.text(), "1e5");
    EXPECT_EQ(fields[1].value.text(), "[ {\"]\":\"}\"} ]");
    EXPECT_EQ(fields[2].key, "c\"");
    EXPECT_EQ(fields[2].key_text, "\"c\\\"\"");
    EXPECT_EQ(fields[2].value.text(), "\"\\\\\"");
}

TEST(JsonView, KeepsTheLastOfDuplicateKeysAtTheFirstPlace) {
    const auto fields = view(R"({"a":1,"b":2,"\u0061":3,"b":4,"c":5})").fields();
    ASSERT_EQ(fields.size(), 3U);
    EXPECT_EQ(fields[0].key, "a");
    EXPECT_EQ(fields[0].value.text(), "3");
    EXPECT_EQ(fields[1].value.text(), "4");
    EXPECT_EQ(fields[2].key, "c");
}

TEST(JsonView, FindsAKeyAlsoWhenItIsEmptyEscapedOrGivenTwice) {
    EXPECT_EQ(view(R"({"":1})").get("")->text(), "1");
    EXPECT_EQ(view(R"({"\u0061":1})").get("a")->text(), "1");
    EXPECT_EQ(view(R"({"a":1,"a":2})").get("a")->text(), "2");
    EXPECT_EQ(view(R"({"b":{"a":1}})").get("a"), std::nullopt);
    EXPECT_EQ(view("[]").get("a"), std::nullopt);
}

TEST(JsonView, HasNoFieldsOrElementsOfOtherTypes) {
    EXPECT_TRUE(view("[1]").fields().empty());
    EXPECT_TRUE(view("{ }").fields().empty());
    EXPECT_TRUE(view("{\"a\":1}").elements().empty());
    EXPECT_TRUE(view("[ ]").elements().empty());
}

TEST(JsonView, SlicesElements) {
    const auto elements = view("[1, \"a,]\" ,[2,[3]],{} , null]").elements();
    ASSERT_EQ(elements.size(), 5U);
    EXPECT_EQ(elements[1].text(), "\"a,]\"");
    EXPECT_EQ(elements[2].text(), "[2,[3]]");
    EXPECT_TRUE(elements[4].isNull());
}

TEST(JsonView, SlicesALargeObjectWithManyFields) {
    std::string text = "{";
    for (int i = 0; i < 50'000; ++i)
        text += "\"key" + std::to_string(i % 25'000) + "\":" + std::to_string(i) + ",";
    text.back() = '}';
    const auto fields = view(text).fields();
    ASSERT_EQ(fields.size(), 25'000U);
    EXPECT_EQ(fields[1].value.text(), "25001");
}

TEST(MergeObjects, LetsTheSecondWinAndKeepsTheFirstOrder) {
    const auto merged =
        mergeObjects(view(R"({"a": 1e5, "b":{"x":1}})"), view(R"({"c":18446744073709551616,"b":null})"));
    EXPECT_EQ(merged.text(), R"({"a":1e5,"b":null,"c":18446744073709551616})");
}

TEST(MergeObjects, TakesOtherTypesForEmptyObjects) {
    EXPECT_EQ(mergeObjects(JsonView(), JsonView()).text(), "{}");
    EXPECT_EQ(mergeObjects(view("[1]"), view(R"({"a":1})")).text(), R"({"a":1})");
    EXPECT_EQ(mergeObjects(view(R"({"a":1})"), view("2")).text(), R"({"a":1})");
}

TEST(MergeObjects, KeepsEscapedKeysAsTheyWereWritten) {
    EXPECT_EQ(mergeObjects(view(R"({"\u00e9":1})"), view("{\"\xC3\xA9\":2}")).text(), R"({"\u00e9":2})");
}

TEST(JsonString, EscapesWhatMustBeEscaped) {
    EXPECT_EQ(jsonString("a\"b\\c/\b\f\n\r\t"), R"("a\"b\\c/\b\f\n\r\t")");
    EXPECT_EQ(jsonString(std::string_view("\0\x1f", 2)), R"("\u0000\u001f")");
    EXPECT_EQ(jsonString("\xC3\xA9\xF0\x9F\x98\x80"), "\"\xC3\xA9\xF0\x9F\x98\x80\"");
}

TEST(JsonString, ReplacesInvalidUtf8) {
    EXPECT_EQ(jsonString("a\xff"
                         "b"),
              "\"a\xEF\xBF\xBD"
              "b\"");
    EXPECT_EQ(jsonString("\xE2\x82"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\"");
    EXPECT_EQ(jsonString("\xED\xA0\x80"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"");
}

TEST(JsonString, IsReadBackByTheView) {
    std::string text;
    for (int c = 0; c < 128; ++c) text += static_cast<char>(c);
    const auto literal = jsonString(text);
    EXPECT_TRUE(RawJson::parse(literal));
    EXPECT_EQ(view(literal).string(), text);
}

TEST(JsonWriter, PutsCommasWhereTheyBelong) {
    JsonWriter out;
    out.beginObject().key("a").beginArray().integer(-1).string("x").beginObject().endObject().endArray();
    out.key("b").raw("1e5").key("c").boolean(true).key("d").null().key("").beginObject();
    out.key("e").beginArray().endArray().endObject().endObject();
    EXPECT_EQ(out.take(), R"({"a":[-1,"x",{}],"b":1e5,"c":true,"d":null,"":{"e":[]}})");
}

}  // namespace
}  // namespace heddle
