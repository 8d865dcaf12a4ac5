// SPDX-License-Identifier: Apache-2.0
#include "run/hub.hpp"

#include <algorithm>
#include <utility>

namespace heddle::run {

std::shared_ptr<LiveRun> Hub::open(const Run& run, const store::RunEventExtent& stored) {
    auto live = std::make_shared<LiveRun>(clock_, run, sink_, stored);
    runs_[run.id] = live;
    return live;
}

std::shared_ptr<LiveRun> Hub::find(const RunId& id) const {
    const auto found = runs_.find(id);
    return found == runs_.end() ? nullptr : found->second;
}

void Hub::begin(LiveRun& live, const Run& run) {
    live.attempt = run.attempt;
    if (run.started_at) live.started_at = *run.started_at;
    auto shared = live.shared_from_this();
    begun_[live.thread()] = shared;
    for (auto* feed : feedsOf(live.thread())) feed->begin(shared);
}

void Hub::close(const RunId& id) {
    const auto live = find(id);
    if (!live) return;
    const auto begun = begun_.find(live->thread());
    if (begun != begun_.end() && begun->second == live) begun_.erase(begun);
    runs_.erase(id);
}

std::unique_ptr<ThreadFeed> Hub::watch(const ThreadId& thread, FeedModes modes) {
    const auto begun = begun_.find(thread);
    return std::make_unique<ThreadFeed>(feeds_, thread, modes,
                                        begun == begun_.end() ? nullptr : begun->second);
}

void Hub::announceState(const ThreadId& thread, const RawJson& state) {
    JsonWriter data;
    data.beginObject().key("state").raw(state).endObject();
    const std::string text = oneLine(data.take());
    for (auto* feed : feedsOf(thread)) {
        if (feed->wantsStateUpdates()) feed->announce("state_update", text);
    }
}

void Hub::closeThread(const ThreadId& thread) {
    for (auto* feed : feedsOf(thread)) feed->close();
}

// A copy: a feed's wake may end it.
std::vector<ThreadFeed*> Hub::feedsOf(const ThreadId& thread) const {
    const auto found = feeds_->find(thread);
    if (found == feeds_->end()) return {};
    return {found->second.begin(), found->second.end()};
}

}  // namespace heddle::run
