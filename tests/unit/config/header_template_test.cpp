// SPDX-License-Identifier: Apache-2.0
#include "config/header_template.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

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
        {"LG_WEBHOOK_NUL", std::string("a\0b", 3)},
        {"LG_WEBHOOK_ACCENT", "caf\xC3\xA9"},
        {"LG_WEBHOOK_LOOP", "${{ env.LG_WEBHOOK_ID }}"},
        {"HOME", "/x"}};
    const auto found = known.find(name);
    return found == known.end() ? std::nullopt : std::optional(found->second);
}

Resolved resolve(std::string_view text, std::string_view prefix = "LG_WEBHOOK_") {
    return resolveTemplates(text, prefix, variable);
}

TEST(HeaderTemplate, MixesLiteralsAndSeveralTemplates) {
    EXPECT_EQ(resolve("my-value").value, "my-value");
    EXPECT_EQ(resolve("Bearer ${{ env.LG_WEBHOOK_TOKEN }}").value, "Bearer sekret");
    EXPECT_EQ(resolve("a-${{env.LG_WEBHOOK_TOKEN}}-${{  env.LG_WEBHOOK_ID\t}}-b").value, "a-sekret-7-b");
    EXPECT_EQ(resolve("$${{env.LG_WEBHOOK_ID}}}}").value, "$7}}");
    EXPECT_EQ(resolve("$ {{ }} ${HOME} $").value, "$ {{ }} ${HOME} $");
    EXPECT_EQ(resolve("a\tb").value, "a\tb");
    EXPECT_EQ(resolve("").value, "");
    EXPECT_THAT(resolve("a\tb $ {{ }} ${{ env.LG_WEBHOOK_ID }}").problems, IsEmpty());
}

TEST(HeaderTemplate, DoesNotReplaceInsideValues) {
    EXPECT_EQ(resolve("${{ env.LG_WEBHOOK_LOOP }}").value, "${{ env.LG_WEBHOOK_ID }}");
}

TEST(HeaderTemplate, NamesTheVariableThatIsWrongAndNeverItsValue) {
    struct Case {
        std::string text;
        std::string problem;
    };
    const std::vector<Case> cases = {
        {"${{ env.HOME }}",
         "may only name variables that start with LG_WEBHOOK_ (webhooks.env_prefix), not HOME"},
        {"${{ env.lg_webhook_token }}",
         "may only name variables that start with LG_WEBHOOK_ (webhooks.env_prefix), not lg_webhook_token"},
        {"${{ env.LG_WEBHOOK_NOPE }}",
         "the environment variable LG_WEBHOOK_NOPE is not set; set it, or name it in env"},
        {"${{ env.LG_WEBHOOK_EMPTY }}",
         "the environment variable LG_WEBHOOK_EMPTY is empty; set it, or name it in env"},
        {"${{ env.LG_WEBHOOK_LINES }}",
         "the environment variable LG_WEBHOOK_LINES has a line break or another control character"},
        {"${{ env.LG_WEBHOOK_NUL }}",
         "the environment variable LG_WEBHOOK_NUL has a line break or another control character"},
        {"${{ env.LG_WEBHOOK_ACCENT }}",
         "the environment variable LG_WEBHOOK_ACCENT has a character that is not ASCII"},
    };
    for (const auto& [text, problem] : cases)
        EXPECT_THAT(resolve(text).problems, ElementsAre(problem)) << text;
    EXPECT_THAT(
        resolve("${{ env.LG_WEBHOOK_NOPE }} ${{ env.LG_WEBHOOK_ID }} ${{ env.LG_WEBHOOK_EMPTY }}").problems,
        ElementsAre("the environment variable LG_WEBHOOK_NOPE is not set; set it, or name it in env",
                    "the environment variable LG_WEBHOOK_EMPTY is empty; set it, or name it in env"));
}

TEST(HeaderTemplate, SaysAtWhichCharacterAMalformedOneIsWrong) {
    const std::string shape = ": a template must be ${{ env.NAME }}";
    const std::string open = ": the template that begins here is never closed with }}";
    struct Case {
        std::string text;
        std::string problem;
    };
    const std::vector<Case> cases = {
        {"${{ secrets.X }}", "character 5" + shape},
        {"${{secrets.X}}", "character 4" + shape},
        {"${{ }}", "character 5" + shape},
        {"${{}}", "character 4" + shape},
        {"${{ env }}", "character 5" + shape},
        {"${{ ENV.LG_WEBHOOK_ID }}", "character 5" + shape},
        {"${{ env. }}", "character 9" + shape},
        {"${{ env.1A }}", "character 9" + shape},
        {"${{ env.A B }}", "character 11" + shape},
        {"${{ env.A-B }}", "character 10" + shape},
        {"${{ env.A }B }}", "character 11" + shape},
        {"Bearer ${{ env.LG_WEBHOOK_ID || 'x' }}", "character 30" + shape},
        {"a ${{ ${{ env.LG_WEBHOOK_ID }} b", "character 7" + shape},
        {"x ${{ env.LG_WEBHOOK_ID", "character 3" + open},
        {"x ${{ env.LG_WEBHOOK_ID }", "character 3" + open},
        {"${{", "character 1" + open},
        {"${{ env.LG_WEBHOOK_ID }} ${{ env.LG_WEBHOOK_ID", "character 26" + open},
        {"a\nb", "character 2: a line break or another control character"},
        {"ab\r\nX-Evil: 1", "character 3: a line break or another control character"},
        {std::string("\0", 1), "character 1: a line break or another control character"},
        {"abc\x7F", "character 4: a line break or another control character"},
        {"caf\xC3\xA9!", "character 4: a character that is not ASCII"},
        {"${{ env.LG_WEBHOOK_ID }}\xF0\x9F\x98\x80", "character 25: a character that is not ASCII"},
    };
    for (const auto& [text, problem] : cases)
        EXPECT_THAT(resolve(text).problems, ElementsAre(problem)) << text;
}

TEST(HeaderTemplate, CountsCharactersAndNotBytes) {
    EXPECT_THAT(resolve("\xC3\xA9\xF0\x9F\x98\x80 ${{ nope }}").problems,
                ElementsAre("character 1: a character that is not ASCII",
                            "character 8: a template must be ${{ env.NAME }}"));
}

TEST(HeaderTemplate, TakesAnotherPrefix) {
    EXPECT_EQ(resolve("${{ env.HOME }}", "HO").value, "/x");
    EXPECT_FALSE(resolve("${{ env.LG_WEBHOOK_ID }}", "MY_APP_").problems.empty());
}

TEST(HeaderName, IsATokenThatTheServerDoesNotSetItself) {
    for (const auto* name : {"X-Custom-Header", "Authorization", "User-Agent", "Accept", "x!#$%&'*+.^_`|~1",
                             "Proxy", "X-Proxy-Authorization", "Teapot"}) {
        EXPECT_FALSE(headerNameProblem(name)) << name;
    }
    for (const auto* name : {"", "a b", "a:", "a\n", "a\r\nb", "\xC3\xA9", "(x)", "\"x\"", "a\tb"}) {
        EXPECT_EQ(headerNameProblem(name), "not a header name") << name;
    }
    for (const auto* name :
         {"Host", "content-LENGTH", "Content-Type", "Transfer-Encoding", "connection", "TE", "Trailer",
          "Upgrade", "Expect", "Keep-Alive", "webhook-id", "Webhook-Timestamp", "WEBHOOK-SIGNATURE"}) {
        EXPECT_EQ(headerNameProblem(name), "this header is set by the server") << name;
    }
    for (const auto* name : {"Proxy-Authorization", "proxy-connection", "PROXY-Anything"}) {
        EXPECT_EQ(headerNameProblem(name), "headers for proxies cannot be configured; see webhooks.proxy")
            << name;
    }
}

}  // namespace
}  // namespace heddle::config
