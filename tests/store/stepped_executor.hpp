// SPDX-License-Identifier: Apache-2.0
// An executor whose attempts move when the test says so, and that watches how it is used.
#pragma once

#include "base/time.hpp"
#include "unasked_executor.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <set>
#include <utility>
#include <vector>

namespace heddle::test {

// An attempt that was started and is not over, or (`late`) one that the service has taken for ended.
struct SteppedAttempt {
    RunId run;
    ThreadId thread;
    std::int64_t number = 0;
    bool asked_to_stop = false;
    bool late = false;
    int checkpoints = 0;
};

class SteppedExecutor final : public test::UnaskedExecutor {
  public:
    SteppedExecutor(boost::asio::any_io_executor loop, const Clock& clock)
        : loop_(std::move(loop)), clock_(clock) {}

    [[nodiscard]] bool hosts(std::string_view) const override { return true; }
    [[nodiscard]] bool ready(std::string_view, graph::Company) const override { return has_room; }
    void start(graph::RunStart start, graph::Company) override {
        const Run& run = start.run;
        for (const auto& other : attempts) {
            EXPECT_TRUE(other.late || other.thread != run.thread_id) << "two runs of a thread at once";
            EXPECT_FALSE(other.run == run.id && other.number >= run.attempt) << "an attempt twice";
        }
        if (run.not_before) EXPECT_LE(*run.not_before, clock_.now()) << "started before its time";
        EXPECT_FALSE(updating.contains(run.thread_id)) << "started while the thread's state was written";
        attempts.push_back({run.id, run.thread_id, run.attempt});
        on_start(run);
    }
    void cancel(const RunId& run, std::int64_t attempt) override {
        for (auto& one : attempts) {
            if (one.run == run && one.number == attempt) one.asked_to_stop = true;
        }
    }
    boost::asio::awaitable<Result<graph::UpdatedState>> update(graph::StateUpdate update) override {
        const auto thread = *ThreadId::parse(update.key.thread_id);
        EXPECT_TRUE(updating.insert(thread).second) << "two updates of a thread at once";
        for (int turn = 0; turn < 3; ++turn) {
            for (const auto& one : attempts) EXPECT_TRUE(one.late || one.thread != thread) << "under way";
            co_await boost::asio::post(loop_, boost::asio::use_awaitable);
        }
        updating.erase(thread);
        co_return Problem::unavailable("no worker");
    }

    bool has_room = true;
    std::function<void(const Run&)> on_start = [](const Run&) {};
    std::vector<SteppedAttempt> attempts;
    std::set<ThreadId> updating;  // threads whose state is being written

  private:
    boost::asio::any_io_executor loop_;
    const Clock& clock_;
};

}  // namespace heddle::test
