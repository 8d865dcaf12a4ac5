// SPDX-License-Identifier: Apache-2.0
#include "store/json_match.hpp"

#include "store/item_filter.hpp"
#include "store/namespaces.hpp"

#include <gtest/gtest.h>

namespace heddle::store {
namespace {

JsonView view(std::string_view text) {
    return JsonView::trusted(text);
}

TEST(CanonicalScalar, IsOneTextForOneNumber) {
    for (const char* text : {"100000", "1e5", "1E+5", "100000.0", "1.0e5", "0.1e6", "100000.000", "10e4"}) {
        EXPECT_EQ(canonicalScalar(view(text)), "1e5") << text;
    }
    EXPECT_EQ(canonicalScalar(view("-0.0")), "0");
    EXPECT_EQ(canonicalScalar(view("0e99")), "0");
    EXPECT_EQ(canonicalScalar(view("-1.50")), "-15e-1");
    EXPECT_EQ(canonicalScalar(view("7")), "7");
    // Exact beyond 2^53 and 2^64.
    EXPECT_NE(canonicalScalar(view("18446744073709551616")), canonicalScalar(view("18446744073709551617")));
    EXPECT_EQ(canonicalScalar(view("18446744073709551616")), canonicalScalar(view("18446744073709551616.0")));
    EXPECT_NE(canonicalScalar(view("1e-99999999999999999999")), canonicalScalar(view("1")));
}

TEST(CanonicalScalar, IsOneTextForOneString) {
    EXPECT_EQ(canonicalScalar(view(R"("\u0061\/\n")")), canonicalScalar(view(R"("a/\u000a")")));
    EXPECT_NE(canonicalScalar(view(R"("1")")), canonicalScalar(view("1")));
    EXPECT_EQ(canonicalScalar(view("true")), "true");
    EXPECT_EQ(canonicalScalar(view("null")), "null");
    EXPECT_EQ(canonicalScalar(view("[1]")), std::nullopt);
    EXPECT_EQ(canonicalScalar(view("{}")), std::nullopt);
}

struct Case {
    const char* whole;
    const char* part;
    bool contains;
    bool equal;
};

TEST(JsonMatch, ComparesByMeaning) {
    const Case cases[] = {
        {R"({"a":1,"b":2})", R"({"a":1.0})", true, false},
        {R"({"a":1,"b":2})", R"({ "b": 2, "a": 1e0 })", true, true},
        {R"({"a":{"b":{"c":1,"d":2}}})", R"({"a":{"b":{"d":2}}})", true, false},
        {R"({"a":[1,2,3]})", R"({"a":[3,1]})", true, false},
        {R"({"a":[1,2,3]})", R"({"a":[4]})", false, false},
        {R"({"a":[{"b":1,"c":2}]})", R"({"a":[{"c":2}]})", true, false},
        {R"({"a":null})", R"({"a":null})", true, true},
        {R"({})", R"({"a":null})", false, false},
        {R"({"a":"1"})", R"({"a":1})", false, false},
        {R"({"a":true})", R"({"a":1})", false, false},
        {R"({"a":1})", R"({})", true, false},
        {R"([])", R"({})", false, false},
        {R"([1,2])", R"([2,1])", true, false},
        {R"([1,2])", R"([1,2.0])", true, true},
    };
    for (const auto& [whole, part, contains, equal] : cases) {
        EXPECT_EQ(containsJson(view(whole), view(part)), contains) << whole << " @> " << part;
        EXPECT_EQ(equalJson(view(whole), view(part)), equal) << whole << " = " << part;
    }
}

TEST(JsonMatch, OrdersNumbersAndStrings) {
    EXPECT_LT(*compareJson(view("2"), view("10")), 0);
    EXPECT_EQ(*compareJson(view("10"), view("1e1")), 0);
    EXPECT_LT(*compareJson(view("9007199254740992"), view("9007199254740993")), 0);
    EXPECT_LT(*compareJson(view(R"("a")"), view(R"("b")")), 0);
    EXPECT_FALSE(compareJson(view(R"("1")"), view("1")));
    EXPECT_FALSE(compareJson(view("null"), view("null")));
    EXPECT_FALSE(compareJson(view("[1]"), view("[2]")));
}

bool filterMatches(const char* filter, const char* value) {
    const auto parsed = ItemFilter::parse(RawJson::trusted(filter));
    EXPECT_TRUE(parsed.has_value()) << filter;
    return parsed && parsed->matches(view(value));
}

TEST(ItemFilter, KnowsTheOperators) {
    EXPECT_TRUE(filterMatches(R"({"n":{"$gt":1,"$lte":3}})", R"({"n":3})"));
    EXPECT_FALSE(filterMatches(R"({"n":{"$gt":1,"$lt":3}})", R"({"n":3})"));
    EXPECT_TRUE(filterMatches(R"({"n":{"$gte":3}})", R"({"n":3.0})"));
    EXPECT_TRUE(filterMatches(R"({"n":{"$eq":{"a":1}}})", R"({"n":{"a":1.0}})"));
    EXPECT_TRUE(filterMatches(R"({"n":{"$ne":1}})", R"({})"));
    EXPECT_FALSE(filterMatches(R"({"n":{"$ne":1}})", R"({"n":1e0})"));
    EXPECT_TRUE(filterMatches(R"({"d":{"$lt":"2025-01-01"}})", R"({"d":"2024-12-31"})"));
    // Nothing is greater or less than what is of another type or not there.
    EXPECT_FALSE(filterMatches(R"({"n":{"$gt":1}})", R"({"n":"2"})"));
    EXPECT_FALSE(filterMatches(R"({"n":{"$lt":1}})", R"({})"));
}

TEST(ItemFilter, ComparesPlainValues) {
    EXPECT_TRUE(filterMatches(R"({})", R"({"a":1})"));
    EXPECT_TRUE(filterMatches(R"({"a":null})", R"({})"));
    EXPECT_TRUE(filterMatches(R"({"a":{"b":{"$gt":1}}})", R"({"a":{"b":2,"c":3}})"));
    EXPECT_FALSE(filterMatches(R"({"a":{"b":1}})", R"({"a":1})"));
    EXPECT_TRUE(filterMatches(R"({"a":[1,{"$gt":1}]})", R"({"a":[1,2]})"));
    EXPECT_FALSE(filterMatches(R"({"a":[1]})", R"({"a":[1,2]})"));
    EXPECT_TRUE(filterMatches(R"({"a":1,"b":"x"})", R"({"b":"x","a":1})"));
}

TEST(ItemFilter, RefusesUnknownOperators) {
    for (const char* filter :
         {R"({"a":{"$regex":"x"}})", R"({"a":{"$gt":1,"b":2}})", R"({"a":[{"b":{"$in":[1]}}]})"}) {
        EXPECT_FALSE(ItemFilter::parse(RawJson::trusted(filter)).has_value()) << filter;
    }
    // Behind an operator there is data, not a filter.
    EXPECT_TRUE(ItemFilter::parse(RawJson::trusted(R"({"a":{"$eq":{"$odd":1}}})")).has_value());
}

TEST(NamespaceCoding, GoesBothWays) {
    const std::string odd("\x1e\x1f\0x", 4);
    for (const Namespace& ns : {Namespace{}, Namespace{"a"}, Namespace{"a", "b"}, Namespace{odd, "", odd}}) {
        EXPECT_EQ(decodeNamespace(encodeNamespace(ns)), ns);
    }
}

TEST(NamespaceCoding, KeepsPrefixesTogether) {
    const Namespace prefix = {"user", "a"};
    const auto inside = [&prefix](const Namespace& ns) {
        const auto text = encodeNamespace(ns);
        return text >= encodeNamespace(prefix) && text < afterNamespace(prefix);
    };
    EXPECT_TRUE(inside({"user", "a"}));
    EXPECT_TRUE(inside({"user", "a", "deep", "er"}));
    EXPECT_TRUE(inside({"user", "a", std::string("\xff\xff")}));
    EXPECT_FALSE(inside({"user", "ab"}));
    EXPECT_FALSE(inside({"user", "a\x1f"}));
    EXPECT_FALSE(inside({"user"}));
    EXPECT_FALSE(inside({"user", std::string("a\0b", 3)}));
}

}  // namespace
}  // namespace heddle::store
