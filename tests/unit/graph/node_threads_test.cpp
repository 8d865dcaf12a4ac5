// SPDX-License-Identifier: Apache-2.0
#include "graph/native/node_threads.hpp"

#include "base/log.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <functional>
#include <future>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace heddle::graph {
namespace {

// Has threads for the first `most` who ask.
class Scarce : public ::testing::Test {
  protected:
    Scarce() { log::configure(log::Format::kText, log::Level::kError); }
    ~Scarce() override {
        for (auto& thread : started) thread.join();
    }

    void start(std::function<void()> run) {
        if (started.size() >= most) {
            throw std::system_error(std::make_error_code(std::errc::resource_unavailable_try_again));
        }
        started.emplace_back(std::move(run));
    }

    std::size_t most = 0;
    std::vector<std::thread> started;
};

TEST_F(Scarce, AJobThatCannotHaveAThreadIsDropped) {
    NodeThreads threads(8, [this](std::function<void()> run) { start(std::move(run)); });
    bool dropped_ran = false;
    EXPECT_THROW(threads.post([&] { dropped_ran = true; }), std::system_error);
    most = 1;
    std::promise<void> ran;
    threads.post([&] { ran.set_value(); });
    ran.get_future().get();
    EXPECT_FALSE(dropped_ran);
}

TEST_F(Scarce, AJobWaitsForTheThreadThereIs) {
    most = 1;
    NodeThreads threads(8, [this](std::function<void()> run) { start(std::move(run)); });
    std::promise<void> go;
    std::promise<void> ran;
    int order = 0;
    threads.post([&] {
        go.get_future().get();
        order = 1;
    });
    threads.post([&] {
        order = order * 10 + 2;
        ran.set_value();
    });
    go.set_value();
    ran.get_future().get();
    EXPECT_EQ(order, 12);
}

}  // namespace
}  // namespace heddle::graph
