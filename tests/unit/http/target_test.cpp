// SPDX-License-Identifier: Apache-2.0
#include "http/target.hpp"

#include <gtest/gtest.h>

namespace heddle::http {
namespace {

// "path [key=value] …", or "bad".
std::string parsed(std::string target) {
    Request request;
    request.target = std::move(target);
    if (!parseTarget(request)) return "bad";
    std::string text = request.path;
    for (const auto& [key, value] : request.query) text += " [" + key + "=" + value + "]";
    return text;
}

TEST(Target, PathsAreDecodedOnceAndNeverNormalised) {
    EXPECT_EQ(parsed("/threads/a%20b"), "/threads/a b");
    EXPECT_EQ(parsed("/a+b"), "/a+b");
    EXPECT_EQ(parsed("/%2561"), "/%61");
    EXPECT_EQ(parsed("/a/../b//c/."), "/a/../b//c/.");
    EXPECT_EQ(parsed("/caf%C3%A9"), "/caf\xC3\xA9");
}

TEST(Target, QueriesKeepOrderAndRepetition) {
    EXPECT_EQ(parsed("/x?b=1&a=2&b=3"), "/x [b=1] [a=2] [b=3]");
    EXPECT_EQ(parsed("/x?a+b=c%2Bd+e"), "/x [a b=c+d e]");
    EXPECT_EQ(parsed("/x?flag&empty=&=v&&a=b=c"), "/x [flag=] [empty=] [=v] [a=b=c]");
    EXPECT_EQ(parsed("/x?"), "/x");
    EXPECT_EQ(parsed("/x?q=?"), "/x [q=?]");
}

TEST(Target, AbsoluteFormLosesItsAuthority) {
    EXPECT_EQ(parsed("http://example.com/a?b=c"), "/a [b=c]");
    EXPECT_EQ(parsed("HTTPS://example.com:8080"), "/");
    EXPECT_EQ(parsed("http://example.com?x=y"), "/ [x=y]");
}

TEST(Target, MalformedOnesAreRefused) {
    for (const auto* bad : {"/%", "/%4", "/%zz", "/%00", "/x?a=%00", "/x?%f=1", "x", "", "?a=b",
                            "example.com:443", "/a#b", "ftp://x/y"}) {
        EXPECT_EQ(parsed(bad), "bad") << bad;
    }
    EXPECT_EQ(parsed(std::string("/a\0b", 4)), "bad");
    EXPECT_EQ(parsed("*"), "*");
}

TEST(Request, QueryValuesAndParams) {
    Request request;
    request.target = "/x?b=1&a=2&b=3";
    ASSERT_TRUE(parseTarget(request));
    EXPECT_EQ(request.queryValue("b"), "1");
    EXPECT_EQ(request.queryValue("c"), std::nullopt);
    EXPECT_EQ(request.queryValues("b"), (std::vector<std::string_view>{"1", "3"}));
    request.params.emplace_back("thread_id", "7");
    EXPECT_EQ(request.param("thread_id"), "7");
    EXPECT_EQ(request.param("run_id"), "");
}

TEST(Headers, NamesCompareWithoutCase) {
    Headers headers;
    headers.fields = {{"X-A", "1"}, {"x-b", "2"}, {"x-a", "3"}};
    EXPECT_EQ(headers.get("x-A"), "1");
    headers.set("X-a", "4");
    EXPECT_EQ(headers.fields, (std::vector<Header>{{"X-A", "4"}, {"x-b", "2"}}));
    headers.set("x-c", "5");
    EXPECT_EQ(headers.get("X-C"), "5");
    EXPECT_EQ(headers.get("none"), std::nullopt);
}

}  // namespace
}  // namespace heddle::http
