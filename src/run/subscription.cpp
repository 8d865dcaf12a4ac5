// SPDX-License-Identifier: Apache-2.0
#include "run/live_run.hpp"

#include <algorithm>

namespace heddle::run {

Subscription::Subscription(std::shared_ptr<LiveRun> run, std::int64_t next, std::vector<std::string> modes,
                           EventIds ids)
    : run_(std::move(run)), next_(next), modes_(std::move(modes)), progress_(run_->clock_.steady()) {
    if (ids == EventIds::kRun) id_prefix_ = idPrefix(run_->created_ms_);
    if (ids == EventIds::kThread) id_prefix_ = idPrefix(run_->started_at.micros());
    if (!run_->resumable_) next_ = std::max(next_, run_->first_);
    run_->subscribers_.insert(this);
    run_->claim(next_);
    run_->idle_.push_back(this);
    idle_ = true;
}

Subscription::~Subscription() {
    run_->subscribers_.erase(this);
    if (idle_) std::erase(run_->idle_, this);
    drop();
}

void Subscription::drop() {
    if (!dropped_) run_->disclaim(next_);
    dropped_ = true;
}

std::string Subscription::take(std::size_t max_bytes) {
    if (dropped_) return {};
    LiveRun& run = *run_;
    std::string out = std::exchange(page_, {});
    while (!behind() && next_ < run.visible_ && out.size() < max_bytes) {
        auto& event = run.at(next_);
        if (wantsEvent(modes_, event.name)) {
            out += event.frame;
            if (!id_prefix_.empty()) {
                out.resize(out.size() - 2);  // before the empty line
                out.append("id: ").append(id_prefix_).append(std::to_string(next_)).append("\r\n\r\n");
            }
        }
        if (!run.resumable_) --event.readers;
        ++next_;
    }
    touch();
    run.trim();
    if (out.empty() && !idle_) {
        idle_ = true;
        run.idle_.push_back(this);
    }
    return out;
}

std::optional<PageWanted> Subscription::wanted() const {
    if (dropped_ || !behind() || !page_.empty()) return std::nullopt;
    return PageWanted{run_->id_, next_};
}

void Subscription::accept(EventPage page) {
    for (const auto& event : page.events) {
        if (event.seq < next_) continue;
        next_ = event.seq + 1;
        if (wantsEvent(modes_, event.event))
            appendEvent(page_, event.event, event.data, id_prefix_, event.seq);
    }
    // What is not stored any more (the run was deleted) cannot be had.
    if (page.events.empty()) next_ = std::max(next_, run_->first_);
}

bool Subscription::finished() const {
    return run_->outcome_.has_value() && page_.empty() && next_ >= run_->end() && run_->unstored() == 0;
}

std::uint64_t Subscription::lag() const {
    return run_->bytes_ - run_->offsetOf(next_);
}

}  // namespace heddle::run
