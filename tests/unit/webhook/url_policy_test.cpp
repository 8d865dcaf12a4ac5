// SPDX-License-Identifier: Apache-2.0
#include "webhook/url_policy.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

namespace heddle::webhook {
namespace {

// A server that others can reach: the strict rules.
WebhookSettings published() {
    WebhookSettings settings;
    settings.loopback_only = false;
    return settings;
}

WebhookSettings changed(WebhookSettings settings, const std::function<void(WebhookSettings&)>& change) {
    change(settings);
    return settings;
}

// The refusal, or "" when the URL is accepted.
std::string judge(const WebhookSettings& settings, std::string_view url) {
    const auto result = UrlPolicy(settings).checkText(url);
    if (result) return "";
    EXPECT_EQ(result.error().kind, ProblemKind::kInvalid);
    return result.error().detail;
}

std::string judgeAddress(const WebhookSettings& settings, const char* address) {
    const auto url = parseUrl("http://name.example/");
    const auto result = UrlPolicy(settings).checkAddress(*url, boost::asio::ip::make_address(address));
    return result ? "" : result.error().detail;
}

constexpr const char* kLoopbackRefused =
    "Webhook host blocked: loopback address (only webhooks.url.allowed_networks or --dev allows it)";
constexpr const char* kLoopbackDisabled =
    "Webhook host blocked: loopback address (webhooks.url.disable_loopback)";
constexpr const char* kPrivateRefused =
    "Webhook host blocked: private address (only webhooks.url.allowed_networks or --dev allows it)";

TEST(UrlPolicy, AcceptsPublicHostsByDefault) {
    for (const char* url :
         {"http://example.com/hook?token=x", "https://example.com:8443/", "http://8.8.8.8:1/",
          "http://[2001:4860:4860::8888]/", "/hook", "HTTP://EXAMPLE.COM/"}) {
        EXPECT_EQ(judge(published(), url), "") << url;
    }
}

TEST(UrlPolicy, PassesTheParsersRefusalsOn) {
    EXPECT_EQ(judge(published(), "ftp://h/"), "Webhook scheme 'ftp' not allowed, only http and https");
    EXPECT_EQ(judge(published(), ""), "Webhook URL is empty");
}

TEST(UrlPolicy, CountsCharactersNotBytes) {
    const auto settings = changed(published(), [](auto& s) { s.max_url_length = 20; });
    EXPECT_EQ(judge(settings, "http://h.example/123"), "");
    EXPECT_EQ(judge(settings, "http://h.example/1234"),
              "Webhook URL too long: more than 20 characters (webhooks.url.max_url_length)");
    EXPECT_EQ(judge(settings, "http://h.example/üüü"), "");
    EXPECT_NE(judge(settings, "http://h.example/üüüü"), "");
    EXPECT_NE(judge(settings, "/23456789012345678901"), "");
    EXPECT_NE(judge(settings, std::string(21, ' ')), "");
}

TEST(UrlPolicy, AcceptsTheLongestUrlByDefault) {
    const std::string head = "http://h.example/";
    EXPECT_EQ(judge(published(), head + std::string(65'536 - head.size(), 'x')), "");
    EXPECT_NE(judge(published(), head + std::string(65'537 - head.size(), 'x')), "");
}

TEST(UrlPolicy, RequiresHttps) {
    const auto settings = changed(published(), [](auto& s) { s.require_https = true; });
    EXPECT_EQ(judge(settings, "https://example.com/"), "");
    EXPECT_EQ(judge(settings, "HTTPS://example.com/"), "");
    EXPECT_EQ(judge(settings, "http://example.com/"), "Webhook must use https (webhooks.url.require_https)");
    EXPECT_EQ(judge(settings, "HTTP://example.com/"), "Webhook must use https (webhooks.url.require_https)");
    EXPECT_EQ(judge(settings, "/hook"), "");
}

TEST(UrlPolicy, AllowsListedPortsAndCountsTheSchemes) {
    const auto settings = changed(published(), [](auto& s) { s.allowed_ports = {443, 8080}; });
    EXPECT_EQ(judge(settings, "https://example.com/"), "");
    EXPECT_EQ(judge(settings, "https://example.com:443/"), "");
    EXPECT_EQ(judge(settings, "http://example.com:443/"), "");
    EXPECT_EQ(judge(settings, "http://example.com:8080/"), "");
    EXPECT_EQ(judge(settings, "http://example.com/"),
              "Webhook port 80 not allowed (webhooks.url.allowed_ports)");
    EXPECT_EQ(judge(settings, "http://example.com:80/"),
              "Webhook port 80 not allowed (webhooks.url.allowed_ports)");
    EXPECT_EQ(judge(settings, "https://example.com:8443/"),
              "Webhook port 8443 not allowed (webhooks.url.allowed_ports)");
    EXPECT_EQ(judge(settings, "/hook"), "");
}

TEST(UrlPolicy, AllowsListedDomains) {
    const auto settings = changed(published(), [](auto& s) {
        s.allowed_domains = {"*.mycompany.com", "API.trusted-service.com", "bücher.example",
                             "dotted.example.", "8.8.8.8"};
    });
    const std::string refusal = "Webhook domain not allowed (webhooks.url.allowed_domains)";
    for (const char* good :
         {"https://a.mycompany.com/", "https://a.b.mycompany.com/", "https://A.MYCOMPANY.COM/",
          "https://a.mycompany.com./", "https://api.trusted-service.com/", "https://xn--bcher-kva.example/",
          "https://BÜCHER.example/", "https://dotted.example/", "https://8.8.8.8/", "https://134744072/",
          "/hook"}) {
        EXPECT_EQ(judge(settings, good), "") << good;
    }
    for (const char* bad :
         {"https://mycompany.com/", "https://evilmycompany.com/", "https://mycompany.com.evil.com/",
          "https://a.mycompany.com.evil.com/", "https://a.mycompany.co/", "https://evil.com/a.mycompany.com",
          "https://evil.com?.mycompany.com", "https://evil.com#.mycompany.com",
          "https://b.api.trusted-service.com/", "https://trusted-service.com/", "https://8.8.4.4/",
          "https://amycompany.com/"}) {
        EXPECT_EQ(judge(settings, bad), refusal) << bad;
    }
    EXPECT_NE(judge(settings, "https://.mycompany.com/"), "");
    EXPECT_NE(judge(settings, "https://a.mycompany.com@evil.com/"), "");
    EXPECT_NE(judge(settings, "https://user@a.mycompany.com/"), "");
}

TEST(UrlPolicy, AcceptsLoopbackWhenOnlyLoopbackReachesTheServer) {
    const WebhookSettings local;  // loopback_only
    for (const char* url :
         {"http://localhost:8080/", "http://127.0.0.1:8080/", "http://127.1/", "http://2130706433/",
          "http://[::1]/", "http://a.localhost/", "http://127.255.255.255/", "http://LOCALHOST./",
          "http://localhost.localdomain/", "http://[::ffff:127.0.0.1]/"}) {
        EXPECT_EQ(judge(local, url), "") << url;
        EXPECT_EQ(judge(published(), url), kLoopbackRefused) << url;
        EXPECT_EQ(judge(changed(published(), [](auto& s) { s.dev = true; }), url), "") << url;
        EXPECT_EQ(judge(changed(local, [](auto& s) { s.disable_loopback = true; }), url), kLoopbackDisabled)
            << url;
    }
    EXPECT_EQ(judgeAddress(local, "127.0.0.1"), "");
    EXPECT_EQ(judgeAddress(published(), "127.0.0.1"), kLoopbackRefused);
}

TEST(UrlPolicy, AcceptsListedLoopback) {
    const auto settings = changed(published(), [](auto& s) { s.allowed_networks = {"127.0.0.1/32"}; });
    EXPECT_EQ(judge(settings, "http://127.0.0.1/"), "");
    EXPECT_EQ(judge(settings, "http://127.0.0.2/"), kLoopbackRefused);
    EXPECT_EQ(judge(settings, "http://[::1]/"), kLoopbackRefused);
    // A name says nothing yet: its addresses are judged when it is dialled.
    EXPECT_EQ(judge(settings, "http://localhost/"), "");
    EXPECT_EQ(judgeAddress(settings, "127.0.0.1"), "");
    EXPECT_EQ(judgeAddress(settings, "127.0.0.2"), kLoopbackRefused);
    EXPECT_EQ(judgeAddress(settings, "::1"), kLoopbackRefused);
}

TEST(UrlPolicy, DisableLoopbackBeatsEverythingElse) {
    const auto settings = changed(WebhookSettings{}, [](auto& s) {
        s.disable_loopback = true;
        s.dev = true;
        s.allowed_networks = {"127.0.0.0/8", "::1"};
    });
    EXPECT_EQ(judge(settings, "/hook"), "Webhook host blocked: relative URL (webhooks.url.disable_loopback)");
    EXPECT_EQ(judge(settings, "http://127.0.0.1/"), kLoopbackDisabled);
    EXPECT_EQ(judge(settings, "http://localhost/"), kLoopbackDisabled);
    EXPECT_EQ(judge(settings, "http://host.docker.internal/"), kLoopbackDisabled);
    EXPECT_EQ(judgeAddress(settings, "::1"), kLoopbackDisabled);
    EXPECT_EQ(judge(settings, "http://10.0.0.1/"), "");  // --dev still allows private ones
}

TEST(UrlPolicy, RefusesPrivateAddressesUnlessListed) {
    for (const char* host : {"10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1", "[fd00::1]", "0xa000001",
                             "[::ffff:10.0.0.1]"}) {
        const std::string url = std::string("http://") + host + "/";
        EXPECT_EQ(judge(published(), url), kPrivateRefused) << url;
        // Who reaches loopback does not reach the network behind the server yet.
        EXPECT_EQ(judge(WebhookSettings{}, url), kPrivateRefused) << url;
        EXPECT_EQ(judge(changed(published(), [](auto& s) { s.dev = true; }), url), "") << url;
    }
    const auto listed = changed(published(), [](auto& s) {
        s.allowed_networks = {"10.0.0.0/8", "fd00::/8"};
    });
    EXPECT_EQ(judge(listed, "http://10.200.0.1/"), "");
    EXPECT_EQ(judge(listed, "http://[fd12::1]/"), "");
    EXPECT_EQ(judge(listed, "http://192.168.0.1/"), kPrivateRefused);
    EXPECT_EQ(judge(published(), "http://host.docker.internal/"), "");  // judged when it is dialled
}

TEST(UrlPolicy, NeverAllowsMetadataAndItsLike) {
    const auto open = changed(WebhookSettings{}, [](auto& s) {
        s.dev = true;
        s.allowed_networks = {"0.0.0.0/0", "::/0"};
    });
    for (const char* url : {"http://169.254.169.254/latest/meta-data",
                            "http://0xa9fea9fe/",
                            "http://2852039166/",
                            "http://169.254.1.1/",
                            "http://[fe80::1]/",
                            "http://[fd00:ec2::254]/",
                            "http://100.100.100.200/",
                            "http://168.63.129.16/",
                            "http://0.0.0.0/",
                            "http://0/",
                            "http://[::]/",
                            "http://224.0.0.1/",
                            "http://255.255.255.255/",
                            "http://240.0.0.1/",
                            "http://192.0.2.1/",
                            "http://198.18.0.1/",
                            "http://[2001:db8::1]/",
                            "http://[2002:7f00:1::]/",
                            "http://[64:ff9b::7f00:1]/",
                            "http://[2001::1]/",
                            "http://[::127.0.0.1]/",
                            "http://[::ffff:169.254.169.254]/",
                            "http://[ff02::1]/",
                            "http://metadata.google.internal/",
                            "http://METADATA.google.internal./",
                            "http://metadata/",
                            "http://instance-data/"}) {
        const auto refusal = judge(open, url);
        EXPECT_TRUE(refusal.starts_with("Webhook host blocked: ")) << url << ": " << refusal;
    }
    EXPECT_EQ(judge(open, "http://169.254.169.254/"), "Webhook host blocked: cloud metadata address");
    EXPECT_EQ(judge(open, "http://metadata.google.internal/"),
              "Webhook host blocked: cloud metadata endpoint");
    EXPECT_EQ(judgeAddress(open, "169.254.169.254"), "Webhook host blocked: cloud metadata address");
}

TEST(UrlPolicy, RefusalsNeverHoldSecrets) {
    const auto strict = changed(published(), [](auto& s) {
        s.require_https = true;
        s.max_url_length = 60;
    });
    for (const char* url : {"http://u:s3cret@h.example/s3cret?t=s3cret", "https://127.0.0.1/s3cret?s3cret",
                            "https://10.0.0.1/s3cret?t=s3cret", "https://metadata/s3cret?t=s3cret",
                            "https://h.example/s3cret-s3cret-s3cret-s3cret-s3cret-s3cret-s3cret-s3cret"}) {
        const auto refusal = judge(strict, url);
        EXPECT_NE(refusal, "") << url;
        EXPECT_EQ(refusal.find("s3cret"), std::string::npos) << refusal;
    }
}

TEST(UrlPolicy, DemandsNetworks) {
    const auto broken = changed(published(), [](auto& s) { s.allowed_networks = {"10.0.0.0/99"}; });
    EXPECT_THROW(UrlPolicy{broken}, std::invalid_argument);
}

// ---- our own listener

constexpr const char* kSelf = "Webhook host blocked: this server's own address (use a relative URL)";

using Addresses = std::vector<boost::asio::ip::address>;

// The refusal of a server that listens at `listening`:2024.
std::string judgeAsListener(const WebhookSettings& settings, const std::vector<const char*>& listening,
                            std::string_view url) {
    UrlPolicy policy(settings);
    Addresses addresses;
    for (const char* each : listening) addresses.push_back(boost::asio::ip::make_address(each));
    policy.setSelf(addresses, 2024);
    const auto result = policy.checkText(url);
    return result ? "" : result.error().detail;
}

TEST(UrlPolicySelf, RefusesItsOwnAddressInEverySpelling) {
    for (const char* url : {"http://127.0.0.1:2024/", "http://127.1:2024/x?y", "http://2130706433:2024/",
                            "https://127.0.0.1:2024/", "http://[::ffff:127.0.0.1]:2024/",
                            "http://localhost:2024/", "http://LOCALHOST.:2024/", "http://a.localhost:2024/",
                            "http://localhost.localdomain:2024/", "http://①②⑦.0.0.1:2024/"}) {
        EXPECT_EQ(judgeAsListener({}, {"127.0.0.1"}, url), kSelf) << url;
    }
    EXPECT_EQ(judgeAsListener({}, {"127.0.0.1"}, "/runs"), "");
}

TEST(UrlPolicySelf, LeavesEverythingElseOnTheMachineAlone) {
    for (const char* url : {"http://127.0.0.1:2025/", "http://127.0.0.1/", "http://localhost:2025/",
                            "http://127.0.0.2:2024/", "http://[::1]:2024/", "http://name.example:2024/"}) {
        EXPECT_EQ(judgeAsListener({}, {"127.0.0.1"}, url), "") << url;
    }
    EXPECT_EQ(judgeAsListener({}, {"::1"}, "http://[::1]:2024/"), kSelf);
    EXPECT_EQ(judgeAsListener({}, {"::1"}, "http://localhost:2024/"), kSelf);
    EXPECT_EQ(judgeAsListener({}, {"::1"}, "http://127.0.0.1:2024/"), "");
    EXPECT_EQ(judgeAsListener({}, {"127.0.0.2"}, "http://localhost:2024/"), "");
}

TEST(UrlPolicySelf, AListenerOnEveryAddressIsAllOfLoopbackAndEveryInterface) {
    const auto settings = changed(published(), [](auto& s) {
        s.allowed_networks = {"127.0.0.0/8", "::1", "10.0.0.0/8"};
    });
    const std::vector<const char*> v4 = {"0.0.0.0", "127.0.0.1", "10.1.2.3", "8.8.8.8"};
    for (const char* url :
         {"http://127.0.0.1:2024/", "http://127.9.8.7:2024/", "http://10.1.2.3:2024/", "http://8.8.8.8:2024/",
          "http://[::ffff:10.1.2.3]:2024/", "http://localhost:2024/"}) {
        EXPECT_EQ(judgeAsListener(settings, v4, url), kSelf) << url;
    }
    for (const char* url : {"http://[::1]:2024/", "http://10.1.2.4:2024/", "http://8.8.8.8:80/"}) {
        EXPECT_EQ(judgeAsListener(settings, v4, url), "") << url;
    }
    const std::vector<const char*> v6 = {"::", "::1", "2001:4860::1", "10.1.2.3"};
    for (const char* url : {"http://[::1]:2024/", "http://127.9.8.7:2024/", "http://10.1.2.3:2024/",
                            "http://[2001:4860::1]:2024/"}) {
        EXPECT_EQ(judgeAsListener(settings, v6, url), kSelf) << url;
    }
}

TEST(UrlPolicySelf, JudgesWhatANameResolvedTo) {
    UrlPolicy policy{WebhookSettings{}};
    policy.setSelf({boost::asio::ip::make_address("127.0.0.1")}, 2024);
    const auto refusal = [&policy](const char* url, const char* address) {
        const auto result = policy.checkAddress(*parseUrl(url), boost::asio::ip::make_address(address));
        return result ? "" : result.error().detail;
    };
    EXPECT_EQ(refusal("http://name.example:2024/", "127.0.0.1"), kSelf);
    EXPECT_EQ(refusal("http://name.example:2024/", "::ffff:127.0.0.1"), kSelf);
    EXPECT_EQ(refusal("http://name.example/", "127.0.0.1"), "");
    EXPECT_EQ(refusal("http://name.example:2024/", "127.0.0.2"), "");
}

TEST(UrlPolicySelf, OtherRefusalsComeFirst) {
    // "Use a relative URL" would be no advice.
    const auto disabled = changed(WebhookSettings{}, [](auto& s) { s.disable_loopback = true; });
    EXPECT_EQ(judgeAsListener(disabled, {"127.0.0.1"}, "http://127.0.0.1:2024/"), kLoopbackDisabled);
    EXPECT_EQ(judgeAsListener(disabled, {"127.0.0.1"}, "http://localhost:2024/"), kLoopbackDisabled);
    EXPECT_EQ(judgeAsListener(published(), {"0.0.0.0", "10.1.2.3"}, "http://10.1.2.3:2024/"),
              kPrivateRefused);
    EXPECT_EQ(judgeAsListener(published(), {"0.0.0.0"}, "http://0.0.0.0:2024/"),
              "Webhook host blocked: reserved address");
}

}  // namespace
}  // namespace heddle::webhook
