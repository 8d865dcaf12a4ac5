// SPDX-License-Identifier: Apache-2.0
#include "graph/worker/loading.hpp"

#include "base/log.hpp"

#include <chrono>

namespace heddle::graph {
namespace {

constexpr std::chrono::seconds kRepeat{10};

}  // namespace

void Loading::begin(std::size_t graphs, std::size_t workers) {
    begun_ = clock_.steady();
    graphs_ = graphs;
    open_ = true;
    log::info("graphs.loading", {{"graphs", graphs}, {"workers", workers}});
    repeat();
}

void Loading::end(std::size_t failed) {
    if (!open_) return;
    open_ = false;
    timer_.cancel();
    log::info("graphs.loaded", {{"graphs", graphs_ - failed}, {"failed", failed}, {"ms", milliseconds()}});
}

// The timer goes with this object, which cancels it.
void Loading::repeat() {
    timer_.expires_after(kRepeat);
    timer_.async_wait([this](boost::system::error_code cancelled) {
        if (cancelled) return;
        log::info("graphs.still_loading", {{"ms", milliseconds()}});
        repeat();
    });
}

std::int64_t Loading::milliseconds() const {
    return std::chrono::duration_cast<std::chrono::milliseconds>(clock_.steady() - begun_).count();
}

}  // namespace heddle::graph
