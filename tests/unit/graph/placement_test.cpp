// SPDX-License-Identifier: Apache-2.0
#include "graph/worker/placement.hpp"

#include <gtest/gtest.h>

#include <array>
#include <optional>

namespace heddle::graph {
namespace {

using State = WorkerLoad::State;
using Graph = WorkerLoad::Graph;

constexpr std::size_t kMax = 10;

TEST(Placement, TakesTheLeastLoaded) {
    const std::array loads{WorkerLoad{State::kUp, Graph::kLoaded, 3},
                           WorkerLoad{State::kUp, Graph::kLoaded, 2}};
    EXPECT_EQ(chooseWorker(loads, kMax, Silent::kRefuse), 1U);
}

TEST(Placement, TakesNobodyWithoutRoom) {
    const std::array loads{WorkerLoad{State::kUp, Graph::kLoaded, kMax},
                           WorkerLoad{State::kDown, Graph::kLoaded, 0}};
    EXPECT_EQ(chooseWorker(loads, kMax, Silent::kAccept), std::nullopt);
}

TEST(Placement, PrefersOneThatAnswersToOneWithFewerRuns) {
    const std::array loads{WorkerLoad{State::kSilent, Graph::kLoaded, 1},
                           WorkerLoad{State::kUp, Graph::kLoaded, 9}};
    EXPECT_EQ(chooseWorker(loads, kMax, Silent::kAccept), 1U);
    EXPECT_EQ(chooseWorker(std::span(loads).first(1), kMax, Silent::kAccept), 0U);
    EXPECT_EQ(chooseWorker(std::span(loads).first(1), kMax, Silent::kRefuse), std::nullopt);
}

TEST(Placement, AvoidsWorkersWhereTheGraphFailedToLoad) {
    const std::array loads{WorkerLoad{State::kUp, Graph::kFailed, 0},
                           WorkerLoad{State::kUp, Graph::kLoaded, 9}};
    EXPECT_EQ(chooseWorker(loads, kMax, Silent::kRefuse), 1U);
    EXPECT_EQ(chooseWorker(std::span(loads).first(1), kMax, Silent::kRefuse), 0U);
}

}  // namespace
}  // namespace heddle::graph
