// SPDX-License-Identifier: Apache-2.0
#include "webhook/signature.hpp"

#include "domain/webhook_secret.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace heddle::webhook {
namespace {

Secret key(std::string_view text) {
    return parseWebhookSecret(text).value();
}

// 24, 40 and 64 bytes.
constexpr std::string_view kKeys[] = {
    "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX",
    "whsec_aGVkZGxlIHdlYmhvb2sgdGVzdCBrZXkgb2YgNDAgYnl0ZXMgbG9uZw==",
    "whsec_//79/Pv6+fj39vX08/Lx8O/u7ezr6uno5+bl5OPi4eDf3t3c29rZ2NfW1dTT0tHQz87NzMvKycjHxsXEw8LBwA=="};

struct Vector {
    std::string id;
    std::int64_t timestamp_s;
    std::string body;
    std::string signatures[3];  // of kKeys
};

// Made with the Python package standardwebhooks 1.1.0.
std::vector<Vector> vectors() {
    return {{"msg_1",
             1795450820,
             "{\"run_id\":\"x\",\"text\":\"h\xC3\xA9llo \xF0\x9F\x98\x80\"}",
             {"v1,3bO96rHRjfcC+fhCHz2L/GzdoTNEzezgG44tNk+Qh50=",
              "v1,Psxq935eRlMASAdFZLpCrbc3DO46SlWZzVLQDebJRu8=",
              "v1,SD1iuq3dNFrdIH+aHRkir71jy9oWKzwLMGPjoLA+pR0="}},
            {"01a20a3a-012a-7a56-84b1-48128d858ccb",
             0,
             "",
             {"v1,jtG7sooryds0aiWKyc/J7yjDeBsxwKZ+kq8s9QOAvIQ=",
              "v1,+rimgnHkbpiGnVmeXykJmO9jksXoTouaKg7VkmLHUFU=",
              "v1,LZ1Bg5J+ab/pq3xvA4PotUJhzBKnWmVMd6gkd48Qkuo="}},
            {"a",
             1795450821,
             std::string(100'000, 'x'),
             {"v1,hMCFVb9/6y5G39NdiSgF/PGtmwUcIuzq0WjkQUNeiAw=",
              "v1,MeWwJZaPGhZeg25m7ucqZvZmrF2N7rU0VPdVk9KBrY8=",
              "v1,mCRLUsM41nL1fkIAqb3yZz1p0XuqaeQHDKNH1fpaboA="}}};
}

TEST(Signature, IsThatOfStandardWebhooks) {
    for (const auto& [id, timestamp, body, signatures] : vectors()) {
        for (std::size_t i = 0; i < 3; ++i) {
            EXPECT_EQ(signatureHeader({key(kKeys[i])}, id, timestamp, body), signatures[i]) << id;
        }
    }
}

TEST(Signature, IsMadeWithEveryKeyInTheirOrder) {
    const auto vector = vectors()[0];
    const auto header =
        signatureHeader({key(kKeys[2]), key(kKeys[0])}, vector.id, vector.timestamp_s, vector.body);
    EXPECT_EQ(header, vector.signatures[2] + " " + vector.signatures[0]);
    EXPECT_EQ(signatureHeader({}, "id", 1, "body"), "");
}

TEST(Signature, IsAcceptedFromAnyKeyAndAnyPlace) {
    const auto [id, timestamp, body, signatures] = vectors()[0];
    EXPECT_TRUE(verifySignature({key(kKeys[0])}, id, timestamp, body, signatures[0]));
    EXPECT_TRUE(verifySignature({key(kKeys[1]), key(kKeys[0])}, id, timestamp, body, signatures[0]));
    EXPECT_TRUE(verifySignature({key(kKeys[0])}, id, timestamp, body,
                                "v1a,AAAA v2,x  " + signatures[1] + " v1,not-base64! " + signatures[0]));
}

TEST(Signature, IsRefusedForAnythingThatWasNotSigned) {
    const auto [id, timestamp, body, signatures] = vectors()[0];
    const std::vector<Secret> keys = {key(kKeys[0])};
    EXPECT_FALSE(verifySignature(keys, "msg_2", timestamp, body, signatures[0]));
    EXPECT_FALSE(verifySignature(keys, id, timestamp + 1, body, signatures[0]));
    EXPECT_FALSE(verifySignature(keys, id, timestamp, body + " ", signatures[0]));
    EXPECT_FALSE(verifySignature({key(kKeys[1])}, id, timestamp, body, signatures[0]));
    EXPECT_FALSE(verifySignature({}, id, timestamp, body, signatures[0]));
    for (const std::string& header :
         {std::string(), std::string("v1,"), std::string("v1"), "v2," + signatures[0].substr(3),
          signatures[0].substr(3), signatures[0].substr(0, 30), "v1,AAAA" + signatures[0].substr(3)}) {
        EXPECT_FALSE(verifySignature(keys, id, timestamp, body, header)) << header;
    }
}

}  // namespace
}  // namespace heddle::webhook
