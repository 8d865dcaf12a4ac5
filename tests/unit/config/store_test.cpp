// SPDX-License-Identifier: Apache-2.0
#include "support.hpp"

namespace heddle::config {
namespace {

using Texts = std::vector<std::string>;

TEST_F(ConfigLoad, ItemsStayByDefaultAndReadingProlongsTheLifeOfOthers) {
    const auto loaded = loadWith(R"("store":{"ttl":null})");
    EXPECT_TRUE(loaded.usable());
    EXPECT_FALSE(loaded.config.store_ttl.forNewItems());
    EXPECT_TRUE(loaded.config.store_ttl.refresh_on_read);
}

TEST_F(ConfigLoad, ATtlOfNewItems) {
    const auto loaded = loadWith(R"("store":{"ttl":{"default_ttl":0.5,"refresh_on_read":false}})");
    EXPECT_EQ(problems(loaded), Texts{});
    EXPECT_EQ(loaded.config.store_ttl.forNewItems(), std::chrono::seconds(30));
    EXPECT_FALSE(loaded.config.store_ttl.refresh_on_read);
    EXPECT_NE(describe(loaded.config).find(R"("refresh_on_read": false)"), std::string::npos);
}

TEST_F(ConfigLoad, EveryWrongStoreTtlIsNamed) {
    const auto loaded =
        loadWith(R"("store":{"ttl":{"default_ttl":-1,"refresh_on_read":1,"sweep_interval_minutes":5}})");
    EXPECT_EQ(problems(loaded), (Texts{"store.ttl.default_ttl: must be a number above 0, at most 52560000",
                                       "store.ttl.refresh_on_read: expected true or false, found a number"}));
    EXPECT_EQ(notices(loaded),
              Texts{"store.ttl.sweep_interval_minutes: expired items are removed every 10 minutes"});
}

}  // namespace
}  // namespace heddle::config
