// SPDX-License-Identifier: Apache-2.0
// How the pool ends without haste, when newer workers have taken its place.
#include "graph/worker/pool.hpp"

#include <boost/asio/post.hpp>

#include <utility>

namespace heddle::graph {
namespace asio = boost::asio;

std::vector<WorkerExecutor::Unplaced> WorkerExecutor::retire(std::chrono::milliseconds limit,
                                                             std::function<void()> gone) {
    std::vector<Unplaced> left;
    for (auto& suspect : suspects_) left.push_back({std::move(suspect.start), suspect.company});
    for (auto& start : waiting_) left.push_back({std::move(start), std::nullopt});
    for (const auto& each : left) runs_.erase(Key{each.start.run.id, each.start.run.attempt});
    suspects_.clear();
    waiting_.clear();
    reserved_ = nullptr;
    retired_ = true;
    loading_.giveUp();
    leave_ = limit;
    gone_ = std::move(gone);
    metrics_ = nullptr;  // the gauges are of the workers that came after
    warm_timer_.cancel();
    for (auto* asker : askers_) asker->cancel();
    for (const auto& worker : workers_) leaveLater(*worker);
    return left;
}

void WorkerExecutor::leaveLater(Worker& worker) {
    if (!retired_) return;
    asio::post(loop_, [this, weak = std::weak_ptr(alive_), &worker] {
        if (!weak.expired() && worker.active == 0 && worker.asked == 0) worker.stop(leave_);
    });
}

}  // namespace heddle::graph
