// SPDX-License-Identifier: Apache-2.0
#include "support.hpp"

#include <gmock/gmock.h>

namespace heddle::config {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class HttpBlock : public ConfigLoad {
  protected:
    Loaded loadHttp(const std::string& block) { return loadWith("\"http\":" + block); }
};

TEST_F(HttpBlock, TakesNothingAwayByDefault) {
    const auto http = loadWith(R"("env":{})").config.http;
    EXPECT_FALSE(http.disable_assistants || http.disable_threads || http.disable_runs || http.disable_store ||
                 http.disable_meta || http.disable_webhooks);
    EXPECT_EQ(http.mount_prefix, "");
    EXPECT_THAT(http.configurable_headers.includes, IsEmpty());
    EXPECT_THAT(http.logging_headers.includes, IsEmpty());
}

TEST_F(HttpBlock, ReadsEveryKey) {
    const auto loaded = loadHttp(R"({"disable_assistants":true,"disable_threads":true,"disable_runs":true,
        "disable_store":true,"disable_meta":true,"disable_webhooks":true,"mount_prefix":"/my/api-1.0",
        "configurable_headers":{"includes":["X-Org-*"],"excludes":["X-Org-Secret"]},
        "logging_headers":{"includes":["user-agent"],"excludes":null},"disable_mcp":true,"disable_ui":true})");
    EXPECT_THAT(loaded.findings, IsEmpty());
    const auto& http = loaded.config.http;
    EXPECT_TRUE(http.disable_assistants && http.disable_threads && http.disable_runs && http.disable_store &&
                http.disable_meta && http.disable_webhooks);
    EXPECT_EQ(http.mount_prefix, "/my/api-1.0");
    EXPECT_THAT(http.configurable_headers.includes, ElementsAre("x-org-*"));
    EXPECT_THAT(http.configurable_headers.excludes, ElementsAre("x-org-secret"));
    EXPECT_THAT(http.logging_headers.includes, ElementsAre("user-agent"));
    EXPECT_EQ(loaded.config.webhooks.mount_prefix, "/my/api-1.0");
    EXPECT_EQ(loaded.config.webhooks.fields.reference_prefix, "/my/api-1.0");
}

TEST_F(HttpBlock, CountsNullAsNotGiven) {
    EXPECT_THAT(
        loadHttp(R"({"mount_prefix":null,"configurable_headers":null,"logging_headers":null,"cors":null,
        "app":null,"disable_runs":null,"middleware_order":null,"enable_custom_route_auth":false})")
            .findings,
        IsEmpty());
}

TEST_F(HttpBlock, SaysWhatItDoesNotSupport) {
    const auto loaded = loadHttp(
        R"({"app":"./app.py:app","middleware_order":"auth_first","enable_custom_route_auth":true,"disable_run":true,
            "cors":{"max_agee":1},"logging_headers":{"include":["x"]}})");
    EXPECT_TRUE(loaded.usable());
    EXPECT_THAT(
        warnings(loaded),
        ElementsAre("http.app: not supported: Heddle serves no routes of your own",
                    "http.middleware_order: not supported: Heddle serves no routes of your own",
                    "http.enable_custom_route_auth: not supported: Heddle serves no routes of your own",
                    "http.disable_run: unknown key; did you mean \"disable_runs\"?",
                    "http.cors.max_agee: unknown key; did you mean \"max_age\"?",
                    "http.logging_headers.include: unknown key; did you mean \"includes\"?"));
}

TEST_F(HttpBlock, RefusesWhatIsNoMountPrefix) {
    struct Row {
        const char* prefix;
        const char* why;
    };
    constexpr auto kNoStart = "must start with \"/\", as in /api";
    constexpr auto kEnd = "must not end with \"/\"";
    constexpr auto kOdd = "must not have \".\", \"..\" or nothing between two \"/\"";
    constexpr auto kMarks = "must be a path of letters, digits and \"-._~\", without query";
    for (const auto& [prefix, why] :
         {Row{"api", kNoStart}, Row{"http://a.example/api", kNoStart}, Row{"/", kEnd}, Row{"/api/", kEnd},
          Row{"/a//b", kOdd}, Row{"/a/../b", kOdd}, Row{"/.", kOdd}, Row{"/api?x=1", kMarks},
          Row{"/api#x", kMarks}, Row{"/a%20b", kMarks}, Row{"/a b", kMarks}, Row{"/{x}", kMarks}}) {
        const auto loaded = loadHttp(std::string(R"({"mount_prefix":")") + prefix + "\"}");
        EXPECT_THAT(problems(loaded), ElementsAre(std::string("http.mount_prefix: ") + why)) << prefix;
    }
    EXPECT_THAT(problems(loadHttp(R"({"mount_prefix":5})")),
                ElementsAre("http.mount_prefix: expected a string, found a number"));
    EXPECT_THAT(problems(loadHttp(R"({"mount_prefix":""})")),
                ElementsAre("http.mount_prefix: must not be empty"));
}

TEST_F(HttpBlock, TakesTheMountPrefixOfTheEnvironmentFirst) {
    sources_.environment = {{"MOUNT_PREFIX", "/env"}};
    const auto loaded = loadHttp(R"({"mount_prefix":"/file"})");
    EXPECT_THAT(loaded.findings, IsEmpty());
    EXPECT_EQ(loaded.config.http.mount_prefix, "/env");
    EXPECT_EQ(loaded.config.webhooks.mount_prefix, "/env");
    sources_.environment = {{"MOUNT_PREFIX", "env/"}};
    EXPECT_THAT(problems(loadHttp("{}")), ElementsAre("MOUNT_PREFIX: must start with \"/\", as in /api"));
}

TEST_F(HttpBlock, RefusesWhatAreNoHeaderNames) {
    EXPECT_THAT(
        problems(loadHttp(R"({"configurable_headers":{"includes":["x y","",5]},"logging_headers":[]})")),
        ElementsAre("http.configurable_headers.includes[0]: must be a name without spaces and commas",
                    "http.configurable_headers.includes[1]: must not be empty",
                    "http.configurable_headers.includes[2]: expected a string, found a number",
                    "http.logging_headers: expected an object, found a list"));
}

TEST_F(HttpBlock, WarnsAboutHeadersThatWillNotPass) {
    const auto loaded = loadHttp(
        R"({"configurable_headers":{"includes":["Authorization","x-a"]},"logging_headers":{"excludes":["x-*"]}})");
    EXPECT_THAT(
        warnings(loaded),
        ElementsAre("http.configurable_headers.includes: \"authorization\" is a credential and never passes",
                    "http.logging_headers: excludes without includes: nothing passes"));
}

TEST(HeaderRule, PassesWhatIsIncludedAndNotExcludedAndNoCredential) {
    struct Row {
        std::vector<std::string> includes;
        std::vector<std::string> excludes;
        const char* name;
        bool passes;
    };
    const std::vector<Row> rows = {
        {{}, {}, "x-a", false},
        {{}, {"x-b"}, "x-a", false},
        {{"x-a"}, {}, "x-a", true},
        {{"x-a"}, {}, "x-ab", false},
        {{"x-a"}, {}, "ax-a", false},
        {{"x-*"}, {}, "x-", true},
        {{"x-*"}, {}, "x-anything", true},
        {{"x-*"}, {}, "y-x-a", false},
        {{"*-id"}, {}, "x-user-id", true},
        {{"*-id"}, {}, "x-id-id", true},
        {{"*-id"}, {}, "x-id-no", false},
        {{"x-*-id"}, {}, "x-user-id", true},
        {{"x-*-id"}, {}, "x-id", false},
        {{"*a*b*"}, {}, "xxaxxbxx", true},
        {{"*a*b*"}, {}, "xxbxxaxx", false},
        {{"**"}, {}, "anything", true},
        {{"x-*"}, {"x-secret*"}, "x-secret-key", false},
        {{"x-*"}, {"x-secret*"}, "x-open", true},
        {{"x-a"}, {"*"}, "x-a", false},
        {{"*"}, {}, "authorization", false},
        {{"*"}, {}, "x-api-key", false},
        {{"*"}, {}, "x-service-key", false},
        {{"*"}, {}, "x-tenant-id", false},
        {{"*"}, {}, "cookie", false},
        {{"*"}, {}, "set-cookie", false},
        {{"*"}, {}, "proxy-authorization", false},
        {{"cookie"}, {}, "cookie", false},
        {{"*"}, {}, "user-agent", true},
    };
    for (const auto& row : rows) {
        EXPECT_EQ((HeaderRule{row.includes, row.excludes}.passes(row.name)), row.passes)
            << row.name << " by " << (row.includes.empty() ? "" : row.includes.front());
    }
}

TEST(HeaderRule, IsQuickWithPatternsMadeToBeSlow) {
    const std::string stars = "*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b";
    EXPECT_FALSE((HeaderRule{{stars}, {}}.passes(std::string(20'000, 'a'))));
}

class CorsBlock : public HttpBlock {
  protected:
    Loaded loadCors(const std::string& block) { return loadHttp(R"({"cors":)" + block + "}"); }
};

TEST_F(CorsBlock, SpellsOriginsAndMethodsAsBrowsersDo) {
    const auto loaded = loadCors(
        R"({"allow_origins":["HTTPS://App.Example","http://localhost:3000","null","https://[::1]:8443",
            "chrome-extension://abcdef"],"allow_methods":["get","Post"]})");
    EXPECT_THAT(loaded.findings, IsEmpty());
    EXPECT_THAT(loaded.config.http.cors.value().allow_origins,
                ElementsAre("https://app.example", "http://localhost:3000", "null", "https://[::1]:8443",
                            "chrome-extension://abcdef"));
    EXPECT_THAT(loaded.config.http.cors.value().allow_methods, ElementsAre("GET", "POST"));
}

TEST_F(CorsBlock, RefusesOriginsThatNoBrowserSends) {
    constexpr auto kNone = "expected an origin, as in https://app.example.com, or \"*\"";
    constexpr auto kPath = "expected scheme, host and perhaps a port: no path, no \"/\" at the end";
    constexpr auto kStar = "\"*\" stands for any origin only alone; for a pattern use allow_origin_regex";
    constexpr auto kPort = "browsers leave this port out: write the origin without it";
    const std::vector<std::pair<std::string, const char*>> rows = {{"app.example", kNone},
                                                                   {"://a", kNone},
                                                                   {"https://", kPath},
                                                                   {"https://app.example/", kPath},
                                                                   {"https://app.example/x", kPath},
                                                                   {"https://a@b", kPath},
                                                                   {"https://*.example", kStar},
                                                                   {"https://app.example:443", kPort},
                                                                   {"http://app.example:80", kPort}};
    for (const auto& [origin, why] : rows) {
        EXPECT_THAT(problems(loadCors(R"({"allow_origins":[")" + origin + "\"]}")),
                    ElementsAre(std::string("http.cors.allow_origins[0]: ") + why))
            << origin;
    }
}

TEST_F(CorsBlock, RefusesExpressionsThatWouldMeanSomethingElse) {
    constexpr auto kBrackets = "in brackets a backslash is a character of its own: write [[:alnum:]_.-]";
    constexpr auto kLazy = "lazy and possessive quantifiers (\"*?\", \"++\") are not known";
    constexpr auto kPosix = "not a POSIX extended regular expression";
    const std::vector<std::pair<std::string, std::string>> rows = {
        {R"(https://\\d+\\.example)", "\"\\d\" is not known; for digits write [0-9]"},
        {R"(https://[\\w-]+\\.example)", kBrackets},
        {R"(https://.+?\\.example)", kLazy},
        {R"(https://.*+)", kLazy},
        {R"(https://(?:a|b))", kPosix},
        {R"(https://[a-z)", kPosix},
        {R"(https://[[:alpha)", kPosix},
        {R"(()", kPosix}};
    for (const auto& [text, why] : rows) {
        EXPECT_THAT(problems(loadCors(R"({"allow_origin_regex":")" + text + "\"}")),
                    ElementsAre("http.cors.allow_origin_regex: " + why))
            << text;
    }
}

TEST_F(CorsBlock, TakesExpressionsOfBothWorlds) {
    for (const std::string text : {R"(https://[a-z0-9-]+\\.app\\.example)", R"(https?://localhost(:[0-9]+)?)",
                                   R"(https://\\w+\\.example)", R"(https://[^]/]+)",
                                   R"(https://[[:alnum:]-]+)", R"(^https://a{2,3}$)", R"(a|b)"}) {
        const auto loaded = loadCors(R"({"allow_origin_regex":")" + text + "\"}");
        EXPECT_THAT(loaded.findings, IsEmpty()) << text;
        EXPECT_NE(loaded.config.http.cors.value().allow_origin_regex, "") << text;
    }
}

TEST_F(CorsBlock, WarnsAboutEveryWebsiteWithCookies) {
    EXPECT_THAT(
        warnings(loadCors(R"({"allow_origins":["*"],"allow_credentials":true})")),
        ElementsAre("http.cors: allow_credentials with the origin \"*\" lets every website act with the "
                    "user's cookies"));
}

}  // namespace
}  // namespace heddle::config
