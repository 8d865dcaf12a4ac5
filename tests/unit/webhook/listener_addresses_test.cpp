// SPDX-License-Identifier: Apache-2.0
#include "webhook/listener_addresses.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace heddle::webhook {
namespace {

using boost::asio::ip::make_address;

bool holds(const std::vector<boost::asio::ip::address>& list, const char* address) {
    return std::find(list.begin(), list.end(), make_address(address)) != list.end();
}

TEST(ListenerAddresses, OneAddressIsReachedUnderItself) {
    for (const char* each : {"127.0.0.1", "::1", "10.1.2.3"}) {
        const auto found = listenerAddresses(make_address(each));
        ASSERT_EQ(found.size(), 1U);
        EXPECT_EQ(found.front(), make_address(each));
    }
}

TEST(ListenerAddresses, EveryAddressMeansEveryInterface) {
    const auto v4 = listenerAddresses(make_address("0.0.0.0"));
    EXPECT_TRUE(holds(v4, "0.0.0.0"));
    EXPECT_TRUE(holds(v4, "127.0.0.1"));
    EXPECT_TRUE(std::all_of(v4.begin(), v4.end(), [](const auto& each) { return each.is_v4(); }));
    const auto both = listenerAddresses(make_address("::"));
    EXPECT_TRUE(holds(both, "::"));
    EXPECT_TRUE(holds(both, "127.0.0.1"));
    EXPECT_TRUE(std::all_of(both.begin(), both.end(),
                            [](const auto& each) { return each.is_v4() || each.to_v6().scope_id() == 0; }));
}

}  // namespace
}  // namespace heddle::webhook
