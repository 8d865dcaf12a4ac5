// SPDX-License-Identifier: Apache-2.0
#include "run/scheduler.hpp"

#include <algorithm>
#include <utility>

namespace heddle::run {

void Scheduler::add(Waiting run, std::optional<Timestamp> due) {
    places_[run.run] = Place{run.thread, due};
    if (due) {
        delayed_.emplace(*due, std::move(run));
        return;
    }
    const ThreadId thread = run.thread;
    ThreadQueue& queue = threads_[thread];
    queue.runs.push_back(std::move(run));
    list(thread, queue);
}

void Scheduler::occupy(const ThreadId& thread) {
    threads_[thread].taken = true;
}

bool Scheduler::taken(const ThreadId& thread) const {
    const auto found = threads_.find(thread);
    return found != threads_.end() && found->second.taken;
}

bool Scheduler::remove(const RunId& run) {
    const auto place = places_.find(run);
    if (place == places_.end()) return false;
    if (place->second.due) {
        const auto [first, last] = delayed_.equal_range(*place->second.due);
        const auto at = std::find_if(first, last, [&](const auto& entry) { return entry.second.run == run; });
        if (at != last) delayed_.erase(at);
    } else {
        ThreadQueue& queue = threads_[place->second.thread];
        std::erase_if(queue.runs, [&](const Waiting& waiting) { return waiting.run == run; });
        list(place->second.thread, queue);
    }
    const ThreadId thread = place->second.thread;
    places_.erase(place);
    forgetIfEmpty(thread);
    return true;
}

void Scheduler::release(const ThreadId& thread) {
    const auto found = threads_.find(thread);
    if (found == threads_.end()) return;
    found->second.taken = false;
    list(thread, found->second);
    forgetIfEmpty(thread);
}

void Scheduler::putBack(Waiting run) {
    const ThreadId thread = run.thread;
    places_[run.run] = Place{thread, std::nullopt};
    ThreadQueue& queue = threads_[thread];
    queue.runs.push_front(std::move(run));
    queue.taken = false;
    list(thread, queue);
}

void Scheduler::advance(Timestamp now) {
    while (!delayed_.empty() && delayed_.begin()->first <= now) {
        Waiting run = std::move(delayed_.begin()->second);
        delayed_.erase(delayed_.begin());
        add(std::move(run), std::nullopt);
    }
}

std::optional<Timestamp> Scheduler::nextDue() const {
    if (delayed_.empty()) return std::nullopt;
    return delayed_.begin()->first;
}

std::optional<Waiting> Scheduler::next(const std::function<bool(const Waiting&)>& ready) {
    for (auto& [lane, threads] : ready_) {
        while (!threads.empty()) {
            const auto found = threads_.find(threads.front());
            const bool listed = found != threads_.end() && found->second.listed == lane;
            const bool startable = listed && !found->second.taken && !found->second.runs.empty();
            if (startable && !ready(found->second.runs.front())) break;
            threads.pop_front();
            if (!listed) continue;  // left over
            ThreadQueue& queue = found->second;
            queue.listed.reset();
            if (!startable) continue;  // occupied since: release() lists it again
            Waiting run = std::move(queue.runs.front());
            queue.runs.pop_front();
            queue.taken = true;
            places_.erase(run.run);
            return run;
        }
    }
    return std::nullopt;
}

void Scheduler::list(const ThreadId& thread, ThreadQueue& queue) {
    if (queue.taken || queue.runs.empty()) return;
    const Waiting& head = queue.runs.front();
    Lane lane{!head.company, head.graph_id};
    if (queue.listed == lane) return;
    ready_[lane].push_back(thread);
    queue.listed = std::move(lane);
}

void Scheduler::forgetIfEmpty(const ThreadId& thread) {
    const auto found = threads_.find(thread);
    if (found == threads_.end()) return;
    const ThreadQueue& queue = found->second;
    if (!queue.taken && queue.runs.empty()) threads_.erase(found);
}

}  // namespace heddle::run
