// SPDX-License-Identifier: Apache-2.0
#include "run/live_run.hpp"

#include "base/limits.hpp"

#include <algorithm>

namespace heddle::run {
namespace {

constexpr std::uint64_t kMarkEvery = 1024 * 1024;
constexpr std::uint64_t kCheckEvery = 256 * 1024;

}  // namespace

LiveRun::LiveRun(const Clock& clock, const Run& run, std::shared_ptr<EventSink> sink,
                 const store::RunEventExtent& stored)
    : started_at(run.started_at.value_or(Timestamp())),
      clock_(clock),
      sink_(std::move(sink)),
      id_(run.id),
      thread_(run.thread_id),
      resumable_(run.kwargs.resumable),
      created_ms_(run.created_at.micros() / 1000),
      first_(stored.next),
      visible_(stored.next),
      bytes_(static_cast<std::uint64_t>(stored.bytes)) {
    marks_.emplace_back(stored.first, 0);
}

void LiveRun::publish(std::string_view event, std::string_view data) {
    const std::int64_t seq = end();
    std::string frame;
    frame.reserve(event.size() + data.size() + 20);
    appendEvent(frame, event, data, {}, seq);
    const std::uint64_t size = frame.size();
    if (bytes_ - marks_.back().second >= kMarkEvery) marks_.emplace_back(seq, bytes_);
    events_.push_back(Event{std::string(event), std::move(frame), bytes_, active_});
    bytes_ += size;
    if (resumable_ && sink_) {
        sink_->add(shared_from_this(), {id_, seq, std::string(event), std::string(data)});
    } else {
        visible_ = end();
    }
    dropLaggards();
    trim();
    if (visible_ > seq) wakeIdle();
}

void LiveRun::stored(std::int64_t seq) {
    visible_ = std::max(visible_, std::min(seq, end()));
    trim();
    wakeIdle();
}

std::optional<std::int64_t> LiveRun::takeFloor() {
    bool more = false;
    while (marks_.size() > 1 && bytes_ - marks_[1].second > limits::kResumableStored) {
        marks_.pop_front();
        more = true;
    }
    return more ? std::optional(marks_.front().first) : std::nullopt;
}

void LiveRun::finish(Outcome outcome) {
    outcome_ = std::move(outcome);
    const auto waiters = std::exchange(waiters_, {});
    for (const auto& [number, callback] : waiters) callback(*outcome_);
    wakeIdle();
}

std::unique_ptr<Subscription> LiveRun::subscribe(From from, std::vector<std::string> modes) {
    return subscribeFrom(from == From::kStart ? 0 : end(), std::move(modes),
                         resumable_ ? EventIds::kRun : EventIds::kNone);
}

std::unique_ptr<Subscription> LiveRun::subscribeFrom(std::int64_t seq, std::vector<std::string> modes,
                                                     EventIds ids) {
    return std::make_unique<Subscription>(shared_from_this(), seq, std::move(modes), ids);
}

std::uint64_t LiveRun::onFinished(std::function<void(const Outcome&)> callback) {
    const std::uint64_t number = next_waiter_++;
    if (outcome_) {
        callback(*outcome_);
    } else {
        waiters_.emplace(number, std::move(callback));
    }
    return number;
}

std::uint64_t LiveRun::offsetOf(std::int64_t seq) const {
    if (seq >= end()) return bytes_;
    if (seq >= first_) return events_[static_cast<std::size_t>(seq - first_)].offset;
    const auto after = std::ranges::upper_bound(marks_, seq, {}, [](const auto& mark) { return mark.first; });
    return after == marks_.begin() ? marks_.front().second : std::prev(after)->second;
}

void LiveRun::claim(std::int64_t next) {
    ++active_;
    if (resumable_) return;
    for (std::int64_t seq = std::max(next, first_); seq < end(); ++seq) ++at(seq).readers;
}

void LiveRun::disclaim(std::int64_t next) {
    --active_;
    if (resumable_) return;
    for (std::int64_t seq = std::max(next, first_); seq < end(); ++seq) --at(seq).readers;
    trim();
}

// What a resumable run keeps in memory is for readers that are nearly up to date; the others read what is
// stored.
void LiveRun::trim() {
    const auto unneeded = [this] {
        if (!resumable_) return events_.front().readers == 0;
        return first_ < visible_ && bytes_ - events_.front().offset > limits::kResumableTail;
    };
    while (!events_.empty() && unneeded()) {
        events_.pop_front();
        ++first_;
    }
}

void LiveRun::dropLaggards() {
    if (bytes_ < next_check_) return;
    next_check_ = bytes_ + kCheckEvery;
    const auto now = clock_.steady();
    std::vector<Subscription*> dropped;
    for (auto* reader : subscribers_) {
        if (reader->dropped_ || reader->lag() <= limits::kSubscriberLag) continue;
        const bool stalled = now - reader->progress_ > limits::kSubscriberStall;
        // What a resumable run's reader has not taken is in the database.
        const bool heavy = !resumable_ && reader->lag() > limits::kSubscriberLagMost;
        if (stalled || heavy) dropped.push_back(reader);
    }
    for (auto* reader : dropped) reader->drop();
    wake(dropped);
}

// A wake may end any subscription.
void LiveRun::wake(const std::vector<Subscription*>& readers) {
    for (auto* reader : readers) {
        if (subscribers_.contains(reader) && reader->wake_) reader->wake_();
    }
}

void LiveRun::wakeIdle() {
    if (idle_.empty()) return;
    const auto readers = std::exchange(idle_, {});
    for (auto* reader : readers) reader->idle_ = false;
    wake(readers);
}

}  // namespace heddle::run
