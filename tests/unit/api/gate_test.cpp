// SPDX-License-Identifier: Apache-2.0
#include "api/gate.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

namespace heddle::api {
namespace {

std::vector<Secret> keys(const std::vector<std::string>& texts) {
    std::vector<Secret> out;
    for (const auto& text : texts) out.emplace_back(text);
    return out;
}

// 200: the request goes on.
unsigned status(const Gate& gate, const std::vector<http::Header>& headers,
                std::optional<std::string_view> path = "/threads") {
    http::Request request;
    for (const auto& [name, value] : headers) request.headers.set(name, value);
    const auto refused = gate.judge(request, path);
    return refused ? refused->status : 200;
}

TEST(GateTest, LetsEveryonePassWithoutKeys) {
    const Gate gate({});
    EXPECT_EQ(status(gate, {}), 200U);
    EXPECT_EQ(status(gate, {{"x-api-key", "anything"}}, std::nullopt), 200U);
}

TEST(GateTest, TakesEachKeyInEitherHeader) {
    const Gate gate(keys({"first-key", "second-key"}));
    for (const std::string key : {"first-key", "second-key"}) {
        EXPECT_EQ(status(gate, {{"X-Api-Key", key}}), 200U);
        EXPECT_EQ(status(gate, {{"Authorization", "Bearer " + key}}), 200U);
        EXPECT_EQ(status(gate, {{"Authorization", "bearer   " + key}}), 200U);
        EXPECT_EQ(status(gate, {{"X-Api-Key", "wrong"}, {"Authorization", "Bearer " + key}}), 200U);
    }
}

TEST(GateTest, RefusesEverythingElse) {
    const Gate gate(keys({"first-key"}));
    const std::vector<std::vector<http::Header>> wrong = {
        {},
        {{"X-Api-Key", ""}},
        {{"X-Api-Key", "first-ke"}},
        {{"X-Api-Key", "first-key "}},
        {{"X-Api-Key", "First-key"}},
        {{"X-Api-Key", "first-key,second"}},
        {{"Authorization", "first-key"}},
        {{"Authorization", "Bearer"}},
        {{"Authorization", "Bearer "}},
        {{"Authorization", "Basic first-key"}},
        {{"Authorization", "Bearer first-key x"}},
    };
    for (const auto& headers : wrong) EXPECT_EQ(status(gate, headers), 401U);
}

TEST(GateTest, OnlyThreePathsAreOpen) {
    const Gate gate(keys({"first-key"}));
    for (const std::string_view path : {"/ok", "/docs", "/openapi.json"})
        EXPECT_EQ(status(gate, {}, path), 200U) << path;
    for (const std::string_view path :
         {"/", "/ready", "/metrics", "/info", "/ok/", "/okay", "/docs/x", "/OK"})
        EXPECT_EQ(status(gate, {}, path), 401U) << path;
    EXPECT_EQ(status(gate, {}, std::nullopt), 401U);
}

TEST(GateTest, SaysHowWithoutRepeatingTheKey) {
    const Gate gate(keys({"first-key"}));
    http::Request request;
    EXPECT_NE(gate.judge(request, "/threads")->body.find("x-api-key"), std::string::npos);
    request.headers.set("x-api-key", "not-this-one");
    const auto refused = gate.judge(request, "/threads");
    EXPECT_EQ(refused->body, R"({"detail":"The API key is not valid"})");
    EXPECT_EQ(refused->headers.get("www-authenticate"), "Bearer");
}

TEST(GateTest, NewKeysTakeThePlaceOfTheOldButNotNoKeys) {
    Gate gate(keys({"first-key"}));
    EXPECT_TRUE(gate.setKeys(keys({"second-key"})));
    EXPECT_EQ(status(gate, {{"x-api-key", "first-key"}}), 401U);
    EXPECT_EQ(status(gate, {{"x-api-key", "second-key"}}), 200U);
    EXPECT_FALSE(gate.setKeys({}));
    EXPECT_EQ(status(gate, {}), 401U);
    EXPECT_EQ(status(gate, {{"x-api-key", "second-key"}}), 200U);
}

}  // namespace
}  // namespace heddle::api
