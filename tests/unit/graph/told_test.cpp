// SPDX-License-Identifier: Apache-2.0
#include "graph/worker/told.hpp"

#include <gtest/gtest.h>

namespace heddle::graph {
namespace {

TEST(Told, TellsWhatTwoWorkersFindOnceAndAgainAfterARestart) {
    Told told;
    EXPECT_TRUE(told.first("agent: no key", 1));
    EXPECT_FALSE(told.first("agent: no key", 1));  // the other worker
    EXPECT_TRUE(told.first("agent: another fault", 1));
    EXPECT_TRUE(told.first("agent: no key", 2));  // a worker has loaded again
    EXPECT_FALSE(told.first("agent: no key", 2));
    EXPECT_FALSE(told.first("agent: no key", 1));  // one that is behind
}

}  // namespace
}  // namespace heddle::graph
