// SPDX-License-Identifier: Apache-2.0
#include "app/webhook_report.hpp"

#include "app/listen.hpp"
#include "base/limits.hpp"
#include "webhook/signature.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace heddle::app {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr std::int64_t kNow_s = 1'795'450'820;
const Timestamp kNow = Timestamp::fromMicros(kNow_s * 1'000'000);

std::vector<Secret> keys() {
    return {Secret(std::string(24, 'k'))};
}

http::Request received(std::string body, std::int64_t signed_s = kNow_s,
                       const std::vector<Secret>& by = keys()) {
    http::Request request;
    request.method = http::Method::kPost;
    request.target = "/hook?token=hunter2";
    request.headers.set("webhook-id", "01a2");
    request.headers.set("webhook-timestamp", std::to_string(signed_s));
    if (!by.empty())
        request.headers.set("webhook-signature", webhook::signatureHeader(by, "01a2", signed_s, body));
    request.body = std::move(body);
    return request;
}

std::string report(const http::Request& request, std::size_t before = 0) {
    return reportWebhook(request, keys(), before, kNow);
}

TEST(WebhookReport, ShowsWhatMatters) {
    EXPECT_EQ(
        report(
            received(R"({"run_id":"r1","thread_id":"t1","status":"error","values":{"n":18446744073709551616,)"
                     R"("list":[1,{}],"empty":[]},"error":{"error":"ValueError","message":"no \"luck\""}})"),
            1),
        "\n2026-11-23T16:20:20.000000+00:00  POST /hook?…\n"
        "  webhook-id  01a2  (came 1 time before)\n"
        "  signature   ok\n"
        "  run_id      r1\n"
        "  thread_id   t1\n"
        "  status      error\n"
        "  error       ValueError: no \"luck\"\n"
        "  values      (51 bytes)\n"
        "    {\n"
        "      \"n\": 18446744073709551616,\n"
        "      \"list\": [\n"
        "        1,\n"
        "        {}\n"
        "      ],\n"
        "      \"empty\": []\n"
        "    }\n");
}

TEST(WebhookReport, SaysWhatTheSignatureIsWorth) {
    EXPECT_THAT(report(received("{}")), HasSubstr("signature   ok\n"));
    EXPECT_THAT(report(received("{}", kNow_s, {})), HasSubstr("signature   none\n"));
    EXPECT_THAT(report(received("{}", kNow_s, {Secret(std::string(24, 'x'))})),
                HasSubstr("signature   bad: made with"));
    EXPECT_THAT(report(received("{}", kNow_s - 300)), HasSubstr("signature   ok\n"));
    EXPECT_THAT(report(received("{}", kNow_s - 301)), HasSubstr("signature   bad: right, but 301 s old"));
    auto changed = received("{}");
    changed.body = "{ }";
    EXPECT_THAT(report(changed), HasSubstr("signature   bad: made with"));
    auto unstamped = received("{}");
    unstamped.headers.set("webhook-timestamp", "yesterday");
    EXPECT_THAT(report(unstamped), HasSubstr("signature   bad: webhook-timestamp is not a number"));
    EXPECT_THAT(reportWebhook(received("{}"), {}, 0, kNow),
                HasSubstr("signature   not checked: no --secret was given"));
}

TEST(WebhookReport, HidesTheQuery) {
    EXPECT_THAT(report(received("{}")), Not(HasSubstr("hunter2")));
}

TEST(WebhookReport, LetsNothingSteerTheTerminal) {
    auto request = received("{\"run_id\":\"\\u001b[2J\",\"values\":{\"a\x7F\":\"\xC2\x9B[2J\"}}");
    request.target = "/\x1B[2J\xFF";
    request.headers.set("webhook-id", "\x07");
    const auto text = report(request);
    for (const auto* bad : {"\x1B", "\x07", "\x7F", "\xC2\x9B", "\xFF"})
        EXPECT_THAT(text, Not(HasSubstr(bad)));
    EXPECT_THAT(text, HasSubstr("POST /\\x1b[2J\\xff\n"));
}

TEST(WebhookReport, CutsLongValues) {
    std::string list = "[";
    for (int i = 0; i < 10'000; ++i) list += std::to_string(i) + ",";
    const auto many = report(received("{\"values\":" + list + "0]}"));
    EXPECT_THAT(many, HasSubstr("\n    …\n"));
    EXPECT_LT(many.size(), 1'500U);
    const auto wide = report(received("{\"values\":{\"x\":\"" + std::string(100'000, 'y') + "\"}}"));
    EXPECT_THAT(wide, HasSubstr("y…"));
    EXPECT_LT(wide.size(), 1'000U);
    const auto deep = report(received("{\"values\":" + std::string(100, '[') + std::string(100, ']') + "}"));
    EXPECT_THAT(deep, HasSubstr("\n    …\n"));
}

TEST(WebhookReport, TakesAnyBody) {
    EXPECT_THAT(report(received("hello")), HasSubstr("body        5 bytes, not JSON\n"));
    EXPECT_THAT(report(received("[1]")), HasSubstr("body        3 bytes, not a JSON object\n"));
    http::Request bare;
    bare.target = "/";
    EXPECT_THAT(report(bare),
                HasSubstr("GET /\n  webhook-id  none\n  signature   none\n  body        0 bytes"));
    EXPECT_THAT(report(received(R"({"status":5,"error":"text","values":null})")),
                HasSubstr("error       \"text\"\n"));
}

TEST(SeenIds, CountsAndForgetsTheOldest) {
    SeenIds seen;
    EXPECT_EQ(seen.count("a"), 0U);
    EXPECT_EQ(seen.count("a"), 1U);
    EXPECT_EQ(seen.count("a"), 2U);
    for (std::size_t i = 0; i < limits::kListenIds; ++i) EXPECT_EQ(seen.count(std::to_string(i)), 0U);
    EXPECT_EQ(seen.count("a"), 0U);
    EXPECT_EQ(seen.count(std::to_string(limits::kListenIds - 1)), 1U);
}

TEST(Delay, IsANumberAndAUnit) {
    using std::chrono::milliseconds;
    EXPECT_EQ(parseDelay("2s"), milliseconds(2000));
    EXPECT_EQ(parseDelay("500ms"), milliseconds(500));
    EXPECT_EQ(parseDelay("1.5s"), milliseconds(1500));
    EXPECT_EQ(parseDelay("2m"), milliseconds(120'000));
    EXPECT_EQ(parseDelay("3"), milliseconds(3000));
    EXPECT_EQ(parseDelay("0s"), milliseconds(0));
    EXPECT_EQ(parseDelay("60m"), milliseconds(3'600'000));
    for (const auto* bad :
         {"", "s", "-1s", "2 s", "2h", "2sec", "nan", "inf", "61m", "1e9s", "0x2s", "+1s", " 1s"}) {
        EXPECT_EQ(parseDelay(bad), std::nullopt) << bad;
    }
}

}  // namespace
}  // namespace heddle::app
