// SPDX-License-Identifier: Apache-2.0
#include "run/event_backlog.hpp"

#include <unordered_map>

namespace heddle::run {
namespace {

std::size_t sizeOf(const store::RunEvent& event) {
    return sizeof(event) + event.event.size() + event.data.size();
}

}  // namespace

void EventBacklog::add(std::shared_ptr<LiveRun> run, store::RunEvent event) {
    bytes_ += sizeOf(event);
    waiting_.push_back({std::move(run), std::move(event)});
}

EventBacklog::Batch EventBacklog::take() {
    Batch batch;
    std::unordered_map<const LiveRun*, std::size_t> places;  // in batch.runs
    while (!waiting_.empty() && batch.bytes < bounds_.batch) {
        Waiting one = std::move(waiting_.front());
        waiting_.pop_front();
        batch.bytes += sizeOf(one.event);
        const std::int64_t next = one.event.seq + 1;
        const auto [place, fresh] = places.try_emplace(one.run.get(), batch.runs.size());
        if (fresh) batch.runs.emplace_back(std::move(one.run), next);
        batch.runs[place->second].second = next;
        batch.events.push_back(std::move(one.event));
    }
    for (const auto& [run, next] : batch.runs) {
        if (const auto floor = run->takeFloor()) batch.floors.emplace_back(run->id(), *floor);
    }
    return batch;
}

void EventBacklog::written(const Batch& batch) {
    bytes_ -= batch.bytes;
    for (const auto& [run, next] : batch.runs) run->stored(next);
}

}  // namespace heddle::run
