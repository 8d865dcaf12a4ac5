// SPDX-License-Identifier: Apache-2.0
#include "webhook/request.hpp"

#include <gtest/gtest.h>

#include <string>

namespace heddle::webhook {
namespace {

Delivery delivery() {
    Delivery out;
    out.body = R"({"webhook_sent_at":"0000-00-00T00:00:00.000000+00:00"})";
    out.sent_at_offset = 20;
    out.first_sent_at = Timestamp::parse("2026-11-23T00:00:00Z");
    return out;
}

http::ClientRequest request(const char* url, const ConfiguredHeaders& configured = {}) {
    const Delivery sent = delivery();
    std::string body = sent.body;
    return buildRequest(*parseUrl(url), sent, std::move(body), configured, "heddle/0.1.0",
                        {1764028800, "v1,x"});
}

TEST(WebhookRequest, CarriesTheTokenUnchanged) {
    const auto out = request("https://h.example:8443/a/../b?token=S%2fcr%2Fet==&x=%zz#f");
    EXPECT_TRUE(out.tls);
    EXPECT_EQ(out.host, "h.example");
    EXPECT_EQ(out.port, 8443);
    EXPECT_EQ(out.target, "/a/../b?token=S%2fcr%2Fet==&x=%zz");
    EXPECT_EQ(out.body, delivery().body);
}

TEST(WebhookRequest, SaysWhatItIs) {
    const auto out = request("http://h.example/");
    EXPECT_EQ(out.headers.get("content-type"), "application/json");
    EXPECT_EQ(out.headers.get("user-agent"), "heddle/0.1.0");
    EXPECT_EQ(out.headers.get("authorization"), std::nullopt);
    EXPECT_EQ(out.headers.get("host"), std::nullopt);
    EXPECT_EQ(out.headers.get("webhook-id"), delivery().id.str());
    EXPECT_EQ(out.headers.get("webhook-timestamp"), "1764028800");
    EXPECT_EQ(out.headers.get("webhook-signature"), "v1,x");
    EXPECT_EQ(out.headers.get("traceparent"), std::nullopt);
}

TEST(WebhookRequest, LetsConfiguredHeadersReplaceOurs) {
    const auto out = request("http://h/", {{"AUTHORIZATION", Secret("Bearer x")},
                                           {"user-agent", Secret("mine")},
                                           {"Content-Type", Secret("application/cloudevents+json")},
                                           {"X-Custom", Secret("1")}});
    EXPECT_EQ(out.headers.get("authorization"), "Bearer x");
    EXPECT_EQ(out.headers.get("user-agent"), "mine");
    EXPECT_EQ(out.headers.get("content-type"), "application/json");  // not to be changed
    EXPECT_EQ(out.headers.get("x-custom"), "1");
    EXPECT_EQ(out.headers.fields.size(), 8U);
}

TEST(WebhookRequest, KeepsFramingAndHostToItself) {
    const auto out = request("http://h/", {{"Content-Length", Secret("0")},
                                           {"HOST", Secret("evil")},
                                           {"Transfer-Encoding", Secret("chunked")},
                                           {"Connection", Secret("close")}});
    EXPECT_EQ(out.headers.fields.size(), 6U);
}

}  // namespace
}  // namespace heddle::webhook
