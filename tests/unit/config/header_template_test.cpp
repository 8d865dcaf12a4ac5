// SPDX-License-Identifier: Apache-2.0
#include "config/header_template.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace heddle::config {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::optional<std::string> variable(std::string_view name) {
    static const std::map<std::string, std::string, std::less<>> known = {
        {"LG_WEBHOOK_TOKEN", "sekret"},
        {"LG_WEBHOOK_ID", "7"},
        {"LG_WEBHOOK_EMPTY", ""},
        {"LG_WEBHOOK_LINES", "a\r\nX-Evil: 1"},
        {"LG_WEBHOOK_LOOP", "${{ env.LG_WEBHOOK_ID }}"},
        {"HOME", "/x"}};
    const auto found = known.find(name);
    return found == known.end() ? std::nullopt : std::optional(found->second);
}

HeaderValue resolve(std::string_view text, std::string_view prefix = "LG_WEBHOOK_") {
    return resolveHeader(text, prefix, variable);
}

TEST(HeaderTemplate, MixesLiteralsAndSeveralTemplates) {
    EXPECT_EQ(resolve("my-value").value, "my-value");
    EXPECT_EQ(resolve("Bearer ${{ env.LG_WEBHOOK_TOKEN }}").value, "Bearer sekret");
    EXPECT_EQ(resolve("a-${{env.LG_WEBHOOK_TOKEN}}-${{  env.LG_WEBHOOK_ID\t}}-b").value, "a-sekret-7-b");
    EXPECT_EQ(resolve("$ {{ }} ${HOME} $").value, "$ {{ }} ${HOME} $");
    EXPECT_EQ(resolve("").value, "");
}

TEST(HeaderTemplate, DoesNotReplaceInsideValues) {
    EXPECT_EQ(resolve("${{ env.LG_WEBHOOK_LOOP }}").value, "${{ env.LG_WEBHOOK_ID }}");
}

TEST(HeaderTemplate, ReportsEveryProblemAndNeverAValue) {
    EXPECT_THAT(
        resolve("${{ env.HOME }} ${{ env.LG_WEBHOOK_NOPE }}").problems,
        ElementsAre("may only name variables that start with LG_WEBHOOK_ (webhooks.env_prefix), not HOME",
                    "the environment variable LG_WEBHOOK_NOPE is not set"));
    EXPECT_THAT(resolve("${{ env.LG_WEBHOOK_EMPTY }}").problems,
                ElementsAre("the environment variable LG_WEBHOOK_EMPTY is empty"));
    EXPECT_THAT(resolve("${{ env.LG_WEBHOOK_LINES }}").problems,
                ElementsAre("the value has a line break or another control character"));
    EXPECT_THAT(resolve("a\nb").problems,
                ElementsAre("the value has a line break or another control character"));
    EXPECT_THAT(resolve("x ${{ env.LG_WEBHOOK_ID").problems,
                ElementsAre("a template is never closed with }}"));
    for (const auto* text :
         {"${{ secrets.X }}", "${{ }}", "${{ env. }}", "${{ env.A B }}", "${{ ENV.LG_WEBHOOK_ID }}"}) {
        EXPECT_THAT(resolve(text).problems, ElementsAre("a template must be ${{ env.NAME }}")) << text;
    }
}

TEST(HeaderTemplate, TakesAnotherPrefix) {
    EXPECT_EQ(resolve("${{ env.HOME }}", "HO").value, "/x");
    EXPECT_FALSE(resolve("${{ env.LG_WEBHOOK_ID }}", "MY_APP_").problems.empty());
}

TEST(HeaderName, IsATokenThatTheServerDoesNotSetItself) {
    for (const auto* name :
         {"X-Custom-Header", "Authorization", "content-type", "User-Agent", "x!#$%&'*+.^_`|~1"}) {
        EXPECT_FALSE(headerNameProblem(name)) << name;
    }
    for (const auto* name : {"", "a b", "a:", "a\n", "\xC3\xA9", "(x)"}) {
        EXPECT_EQ(headerNameProblem(name), "not a header name") << name;
    }
    for (const auto* name : {"Host", "content-LENGTH", "Transfer-Encoding", "connection", "webhook-id",
                             "Webhook-Timestamp", "WEBHOOK-SIGNATURE"}) {
        EXPECT_EQ(headerNameProblem(name), "this header is set by the server") << name;
    }
}

}  // namespace
}  // namespace heddle::config
