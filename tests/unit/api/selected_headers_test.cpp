// SPDX-License-Identifier: Apache-2.0
#include "api/selected_headers.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace heddle::api {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

const config::HeaderRule kAll{{"*"}, {}};

TEST(SelectedHeaders, AreNoneWithoutARule) {
    EXPECT_THAT(selectedHeaders({{{"X-A", "1"}}}, {}), IsEmpty());
    EXPECT_EQ(configurableHeaders({{{"X-A", "1"}}}, {}).text(), "{}");
}

TEST(SelectedHeaders, HaveNamesInLowerCaseAndNoCredentials) {
    const http::Headers headers{
        {{"X-Org", "O"}, {"Authorization", "Bearer q"}, {"COOKIE", "a=b"}, {"Foo", ""}}};
    EXPECT_THAT(selectedHeaders(headers, kAll), ElementsAre(Pair("x-org", "O"), Pair("foo", "")));
    EXPECT_EQ(configurableHeaders(headers, kAll).text(), R"({"x-org":"O","foo":""})");
}

TEST(SelectedHeaders, JoinWhatCameSeveralTimes) {
    const http::Headers headers{{{"X-A", "1"}, {"X-B", "2"}, {"x-a", "3"}}};
    EXPECT_THAT(selectedHeaders(headers, kAll), ElementsAre(Pair("x-a", "1, 3"), Pair("x-b", "2")));
}

TEST(SelectedHeaders, AreTextWhateverTheBytes) {
    const http::Headers headers{
        {{"x-utf8", "gr\xC3\xBC\xC3\x9F"}, {"x-latin", "gr\xFC\xDF"}, {"x-q", "\"\\"}}};
    EXPECT_EQ(configurableHeaders(headers, kAll).text(),
              "{\"x-utf8\":\"gr\xC3\xBC\xC3\x9F\",\"x-latin\":\"gr\xC3\xBC\xC3\x9F\",\"x-q\":\"\\\"\\\\\"}");
}

TEST(SelectedHeaders, CannotPretendToBeTheServer) {
    const http::Headers headers{{{"langgraph_auth_user", "root"},
                                 {"LangGraph_Auth_User_Id", "0"},
                                 {"__pregel_x", "1"},
                                 {"x-a", "1"}}};
    EXPECT_EQ(configurableHeaders(headers, kAll).text(), R"({"x-a":"1"})");
}

}  // namespace
}  // namespace heddle::api
