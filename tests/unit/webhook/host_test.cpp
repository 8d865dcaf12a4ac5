// SPDX-License-Identifier: Apache-2.0
#include "webhook/host.hpp"

#include <gtest/gtest.h>

namespace heddle::webhook {
namespace {

TEST(WebhookHost, APatternFitsWhatIsBelowItsDomainAndNothingBeside) {
    EXPECT_TRUE(fitsHost("example.com", "example.com"));
    EXPECT_FALSE(fitsHost("example.com", "a.example.com"));
    EXPECT_TRUE(fitsHost("*.example.com", "a.example.com"));
    EXPECT_TRUE(fitsHost("*.example.com", "a.b.example.com"));
    EXPECT_FALSE(fitsHost("*.example.com", "example.com"));
    EXPECT_FALSE(fitsHost("*.example.com", ".example.com"));
    EXPECT_FALSE(fitsHost("*.example.com", "badexample.com"));
    EXPECT_FALSE(fitsHost("*.example.com", "example.com.evil"));
}

}  // namespace
}  // namespace heddle::webhook
