// SPDX-License-Identifier: Apache-2.0
#include "api/origins.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

namespace heddle::api {
namespace {

constexpr const char* kApp = "https://app.example";

struct Ask {
    http::Method method = http::Method::kPost;
    std::optional<std::string> origin;
    std::string host = "127.0.0.1:2024";
    std::vector<http::Header> more{};
};

http::Request requestOf(const Ask& ask) {
    http::Request request;
    request.method = ask.method;
    request.headers.set("Host", ask.host);
    if (ask.origin) request.headers.set("Origin", *ask.origin);
    for (const auto& [name, value] : ask.more) request.headers.set(name, value);
    return request;
}

class OriginsTest : public testing::Test {
  protected:
    // The answer's status and headers; 200 for a request that goes on.
    http::Response answer(const Ask& ask) const {
        const Origins origins(config_);
        const auto request = requestOf(ask);
        auto response = origins.judge(request).value_or(http::Response{});
        origins.decorate(request, response);
        return response;
    }
    unsigned status(const Ask& ask) const { return answer(ask).status; }
    http::Response preflight(const char* origin, const std::string& method,
                             const std::string& headers = "") const {
        Ask ask{http::Method::kOptions, origin};
        ask.more.emplace_back("Access-Control-Request-Method", method);
        if (!headers.empty()) ask.more.emplace_back("Access-Control-Request-Headers", headers);
        return answer(ask);
    }
    static std::string header(const http::Response& response, std::string_view name) {
        return std::string(response.headers.get(name).value_or("(none)"));
    }

    config::CorsSettings& cors() {
        return config_.http.cors ? *config_.http.cors : config_.http.cors.emplace();
    }

    config::Config config_;
};

TEST_F(OriginsTest, LetsWhoHasNoOriginPass) {
    EXPECT_EQ(status({http::Method::kPost, std::nullopt}), 200U);
    cors().allow_origins = {kApp};
    EXPECT_EQ(status({http::Method::kPost, std::nullopt}), 200U);
}

TEST_F(OriginsTest, RefusesChangesOfPagesThatAreNotAllowed) {
    using http::Method;
    for (const bool configured : {false, true}) {
        if (configured) cors().allow_origins = {kApp};
        for (const auto method :
             {Method::kPost, Method::kPut, Method::kPatch, Method::kDelete, Method::kOther}) {
            EXPECT_EQ(status({method, "https://evil.example"}), 403U) << http::toString(method);
            EXPECT_EQ(status({method, "null"}), 403U) << http::toString(method);
        }
        for (const auto method : {Method::kGet, Method::kHead, Method::kOptions}) {
            const auto read = answer({method, "https://evil.example"});
            EXPECT_EQ(read.status, 200U);
            EXPECT_EQ(header(read, "access-control-allow-origin"), "(none)");
            EXPECT_EQ(header(read, "vary"), "Origin");
        }
    }
    EXPECT_EQ(status({Method::kPost, "http://localhost:3000"}), 403U);  // the built-in rule is replaced
}

TEST_F(OriginsTest, KnowsItsOwnPagesByANameThatItAnswersTo) {
    cors().allow_origins = {kApp};
    EXPECT_EQ(status({http::Method::kPost, "http://localhost:2024", "localhost:2024"}), 200U);
    EXPECT_EQ(status({http::Method::kPost, "http://localhost:3000", "localhost:2024"}), 403U);
    EXPECT_EQ(status({http::Method::kPost, "http://evil.example:2024", "evil.example:2024"}), 421U);

    config_.webhooks.loopback_only = false;  // any Host is answered: a name says nothing
    EXPECT_EQ(status({http::Method::kPost, "http://evil.example:2024", "evil.example:2024"}), 403U);
    config_.allowed_hosts = {"*"};
    EXPECT_EQ(status({http::Method::kPost, "http://evil.example:2024", "evil.example:2024"}), 403U);
    config_.allowed_hosts = {"heddle.example"};
    EXPECT_EQ(status({http::Method::kPost, "https://heddle.example", "heddle.example"}), 200U);
    EXPECT_EQ(status({http::Method::kPost, "https://Heddle.Example", "heddle.example"}), 200U);
    EXPECT_EQ(status({http::Method::kPost, "https://heddle.example:8443", "heddle.example"}), 403U);
    EXPECT_EQ(status({http::Method::kPost, "https://evil.example", "heddle.example"}), 403U);
    EXPECT_EQ(status({http::Method::kPost, "https://evil.example", "evil.example"}), 421U);
}

TEST_F(OriginsTest, RefusesMethodsThatOtherOriginsMayNotUse) {
    cors().allow_origins = {kApp};
    cors().allow_methods = {"GET", "PUT"};
    EXPECT_EQ(status({http::Method::kPut, kApp}), 200U);
    EXPECT_EQ(status({http::Method::kPost, kApp}), 403U);
    EXPECT_EQ(status({http::Method::kPost, "http://127.0.0.1:2024"}), 200U);  // no other origin
}

TEST_F(OriginsTest, MatchesPatternsAgainstTheWholeOrigin) {
    cors().allow_origin_regex = "https://[a-z]+\\.app\\.example|http://other";
    struct Row {
        const char* origin;
        unsigned status;
    };
    for (const auto& [origin, expected] :
         {Row{"https://a.app.example", 200}, Row{"http://other", 200}, Row{"https://a.app.example.evil", 403},
          Row{"xhttps://a.app.example", 403}, Row{"https://a.appxexample", 403}, Row{"http://other:1", 403},
          Row{"https://a.b.app.example", 403}}) {
        EXPECT_EQ(status({http::Method::kPost, origin}), expected) << origin;
    }
}

TEST_F(OriginsTest, AnswersPreflights) {
    cors().allow_origins = {kApp};
    cors().allow_methods = {"GET", "POST"};
    cors().allow_headers = {"X-Mine"};
    cors().max_age_s = 30;
    const auto good = preflight(kApp, "POST", "content-type, x-mine,Accept");
    EXPECT_EQ(good.status, 200U);
    EXPECT_EQ(good.body, "OK");
    EXPECT_EQ(header(good, "access-control-allow-origin"), kApp);
    EXPECT_EQ(header(good, "access-control-allow-methods"), "GET, POST");
    EXPECT_EQ(header(good, "access-control-allow-headers"),
              "Accept, Accept-Language, Content-Language, Content-Type, X-Mine");
    EXPECT_EQ(header(good, "access-control-max-age"), "30");
    EXPECT_EQ(header(good, "access-control-allow-credentials"), "(none)");
    EXPECT_EQ(header(good, "access-control-expose-headers"), "(none)");
    struct Row {
        const char* origin;
        const char* method;
        const char* headers;
        const char* body;
    };
    for (const auto& [origin, method, headers, body] :
         {Row{"https://evil.example", "POST", "", "Disallowed CORS origin"},
          Row{kApp, "DELETE", "", "Disallowed CORS method"},
          Row{kApp, "post", "", "Disallowed CORS method"},  // methods have a case
          Row{kApp, "GET", "x-other", "Disallowed CORS headers"},
          Row{kApp, "GET", "x-mine, x-other", "Disallowed CORS headers"},
          Row{"https://evil.example", "PUT", "x-other", "Disallowed CORS origin, method, headers"}}) {
        const auto refused = preflight(origin, method, headers);
        EXPECT_EQ(refused.status, 400U) << body;
        EXPECT_EQ(refused.body, body);
    }
    EXPECT_EQ(header(preflight("https://evil.example", "POST"), "access-control-allow-origin"), "(none)");
}

TEST_F(OriginsTest, AllowsPrivateNetworksToAllowedOriginsOnly) {
    Ask ask{http::Method::kOptions, "http://localhost:3000"};
    ask.more = {{"Access-Control-Request-Method", "POST"},
                {"Access-Control-Request-Private-Network", "true"}};
    EXPECT_EQ(header(answer(ask), "access-control-allow-private-network"), "true");
    ask.origin = "https://evil.example";
    EXPECT_EQ(header(answer(ask), "access-control-allow-private-network"), "(none)");
}

// The Fetch standard: with credentials `*` is a name like any other, in every one of these headers.
TEST_F(OriginsTest, NamesThingsWhereAStarWouldNotDo) {
    cors().allow_origins = {"*"};
    cors().allow_credentials = true;
    cors().expose_headers = {"*"};
    const auto asked = preflight(kApp, "PATCH", "x-any");
    EXPECT_EQ(asked.status, 200U);
    EXPECT_EQ(header(asked, "access-control-allow-origin"), kApp);
    EXPECT_EQ(header(asked, "access-control-allow-credentials"), "true");
    EXPECT_EQ(header(asked, "access-control-allow-headers"), "x-any");
    EXPECT_NE(header(asked, "access-control-allow-methods").find("PATCH"), std::string::npos);
    const auto read = answer({http::Method::kGet, kApp});
    EXPECT_EQ(header(read, "access-control-allow-origin"), kApp);
    EXPECT_NE(header(read, "access-control-expose-headers").find("content-location"), std::string::npos);
    EXPECT_EQ(header(read, "access-control-expose-headers").find('*'), std::string::npos);

    cors().allow_credentials = false;
    EXPECT_EQ(header(answer({http::Method::kGet, kApp}), "access-control-expose-headers"), "*");
}

}  // namespace
}  // namespace heddle::api
