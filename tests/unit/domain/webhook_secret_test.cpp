// SPDX-License-Identifier: Apache-2.0
#include "domain/webhook_secret.hpp"

#include "base/base64.hpp"

#include <gtest/gtest.h>

#include <string>

namespace heddle {
namespace {

std::string secretOf(std::size_t bytes) {
    return "whsec_" + base64Encode(std::string(bytes, '\x07'));
}

TEST(WebhookSecret, IsTheDecodedKey) {
    const auto key = parseWebhookSecret("whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX");
    ASSERT_TRUE(key);
    ASSERT_EQ(key->reveal().size(), 24U);
    for (std::size_t i = 0; i < 24; ++i) EXPECT_EQ(key->reveal()[i], static_cast<char>(i));
}

TEST(WebhookSecret, HasFrom24To64Bytes) {
    for (const std::size_t bytes : {24U, 25U, 32U, 63U, 64U}) {
        const auto key = parseWebhookSecret(secretOf(bytes));
        ASSERT_TRUE(key) << bytes;
        EXPECT_EQ(key->reveal().size(), bytes);
    }
    for (const std::size_t bytes : {0U, 1U, 23U, 65U, 1000U})
        EXPECT_FALSE(parseWebhookSecret(secretOf(bytes))) << bytes;
}

TEST(WebhookSecret, SaysWhatIsWrongAndNeverRepeatsIt) {
    struct Case {
        std::string text;
        std::string why;
    };
    const std::string prefix = "a secret must start with whsec_; `heddle secret` prints a new one";
    const std::string base64 = "what follows whsec_ must be base64, without white space";
    const std::vector<Case> cases = {
        {"", prefix},
        {"hunter2hunter2hunter2hunter2hunter2", prefix},
        {"WHSEC_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX", prefix},
        {" whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX", prefix},
        {"whsk_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX", prefix},
        {"whsec_hunter2!hunter2!hunter2!hunter2!", base64},
        {"whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX\n", base64},
        {"whsec_-_ECAwQFBgcICQoLDA0ODxAREhMUFRYX", base64},
        {"whsec_hunter2hunter2hunter2==", base64},
        {"whsec_hunt", "the base64 after whsec_ must stand for 24 to 64 bytes, not 3"},
        {"whsec_", "the base64 after whsec_ must stand for 24 to 64 bytes, not 0"},
    };
    for (const auto& [text, why] : cases) {
        const auto key = parseWebhookSecret(text);
        ASSERT_FALSE(key) << text;
        EXPECT_EQ(key.error().detail, why) << text;
        EXPECT_EQ(key.error().detail.find("hunt"), std::string::npos);
    }
}

TEST(WebhookSecret, NewOnesAreDifferentAndCanBeRead) {
    SystemRandom random;
    const auto first = newWebhookSecret(random), second = newWebhookSecret(random);
    EXPECT_NE(first, second);
    EXPECT_EQ(first.size(), 6U + 32U);
    const auto key = parseWebhookSecret(first);
    ASSERT_TRUE(key);
    EXPECT_EQ(key->reveal().size(), 24U);
}

}  // namespace
}  // namespace heddle
