// SPDX-License-Identifier: Apache-2.0
#include "config/config.hpp"
#include "support.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace heddle::config {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using ChangedKeys = ConfigLoad;

TEST_F(ChangedKeys, NamesWhatDiffersByItsKey) {
    const auto before = loadWith(R"("http":{"disable_store":true},"webhooks":{"timeout_seconds":7})").config;
    EXPECT_THAT(changedKeys(before, before), IsEmpty());
    const auto after =
        loadWith(R"("http":{"cors":{"allow_origins":["*"]}},"webhooks":{"timeout_seconds":7})").config;
    EXPECT_THAT(changedKeys(before, after), ElementsAre("http.disable_store", "http.cors"));
}

TEST_F(ChangedKeys, WhatIsOnOneSideOnlyDiffersToo) {
    const auto before = loadText(R"({"graphs":{"a":"heddle:echo","b":"heddle:echo"}})").config;
    const auto after =
        loadText(R"({"graphs":{"a":"heddle:echo","c":"heddle:echo"},"dependencies":["."]})").config;
    EXPECT_THAT(changedKeys(before, after), ElementsAre("graphs.c", "graphs.b", "dependencies"));
}

}  // namespace
}  // namespace heddle::config
