// SPDX-License-Identifier: Apache-2.0
#include "run/hub.hpp"

#include "base/limits.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace heddle::run {
namespace {

std::string render(std::string_view event, std::string_view data, std::string_view id) {
    std::string frame;
    frame.reserve(event.size() + data.size() + id.size() + 28);
    frame.append("event: ").append(event).append("\r\ndata: ").append(data).append("\r\n");
    if (!id.empty()) frame.append("id: ").append(id).append("\r\n");
    frame.append("\r\n");
    return frame;
}

}  // namespace

Subscription::Subscription(std::shared_ptr<LiveRun> run, std::uint64_t next_id,
                           std::vector<std::string> modes)
    : run_(std::move(run)), next_(next_id), modes_(std::move(modes)), progress_(run_->clock_.steady()) {
    run_->subscribers_.insert(this);
    run_->claim(next_);
}

Subscription::~Subscription() {
    run_->subscribers_.erase(this);
    drop();
}

void Subscription::drop() {
    if (!dropped_) run_->disclaim(next_);
    dropped_ = true;
}

// `messages/partial` and `messages|ns` belong to mode messages, `messages` itself to messages-tuple.
bool Subscription::wants(std::string_view event) const {
    if (modes_.empty()) return true;
    const auto end = event.find_first_of("/|");
    const std::string_view base = event.substr(0, end);
    const bool tuple = base == "messages" && (end == std::string_view::npos || event[end] == '|');
    const std::string_view mode = tuple ? std::string_view("messages-tuple") : base;
    return std::ranges::any_of(modes_,
                               [&](const std::string& wanted) { return wanted == mode || wanted == base; });
}

std::string Subscription::take(std::size_t max_bytes) {
    std::string out;
    if (dropped_) return out;
    LiveRun& run = *run_;
    next_ = std::max(next_, run.first_);
    while (next_ < run.first_ + run.events_.size() && out.size() < max_bytes) {
        auto& event = run.events_[next_ - run.first_];
        if (wants(event.name)) out += event.frame;
        --event.readers;
        ++next_;
    }
    progress_ = run.clock_.steady();
    run.trim();
    return out;
}

bool Subscription::finished() const {
    return run_->outcome_.has_value() && next_ >= run_->first_ + run_->events_.size();
}

LiveRun::LiveRun(const Clock& clock, const Run& run)
    : clock_(clock),
      id_(run.id),
      thread_(run.thread_id),
      resumable_(run.kwargs.resumable),
      started_ms_(run.created_at.micros() / 1000) {}

std::string LiveRun::eventId(std::uint64_t id) const {
    return std::to_string(started_ms_) + "-" + std::to_string(id);
}

void LiveRun::publish(std::string_view event, std::string_view data) {
    const std::uint64_t id = first_ + events_.size();
    std::string frame = render(event, data, resumable_ ? eventId(id) : std::string());
    const std::uint64_t size = frame.size();
    events_.push_back(Event{std::string(event), std::move(frame), bytes_, active_});
    bytes_ += size;
    dropLaggards();
    trim();
    // A wake may end its subscription, so the set is copied.
    const std::vector<Subscription*> readers(subscribers_.begin(), subscribers_.end());
    for (auto* reader : readers) {
        if (subscribers_.contains(reader) && reader->wake_) reader->wake_();
    }
}

void LiveRun::finish(Outcome outcome) {
    outcome_ = std::move(outcome);
    const auto waiters = std::exchange(waiters_, {});
    for (const auto& [number, callback] : waiters) callback(*outcome_);
    const std::vector<Subscription*> readers(subscribers_.begin(), subscribers_.end());
    for (auto* reader : readers) {
        if (subscribers_.contains(reader) && reader->wake_) reader->wake_();
    }
}

std::unique_ptr<Subscription> LiveRun::subscribe(Subscription::From from, std::vector<std::string> modes) {
    const std::uint64_t next = from == Subscription::From::kStart ? first_ : first_ + events_.size();
    return std::make_unique<Subscription>(shared_from_this(), next, std::move(modes));
}

std::unique_ptr<Subscription> LiveRun::subscribeAfter(std::string_view last_event_id,
                                                      std::vector<std::string> modes) {
    if (last_event_id == "-1" || last_event_id == "0")
        return subscribe(Subscription::From::kStart, std::move(modes));
    const std::string prefix = std::to_string(started_ms_) + "-";
    if (!last_event_id.starts_with(prefix)) return nullptr;
    const std::string_view digits = last_event_id.substr(prefix.size());
    std::uint64_t id = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), id);
    if (error != std::errc() || end != digits.data() + digits.size()) return nullptr;
    return std::make_unique<Subscription>(shared_from_this(), id + 1, std::move(modes));
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

void LiveRun::claim(std::uint64_t next) {
    ++active_;
    for (std::uint64_t id = std::max(next, first_); id < first_ + events_.size(); ++id)
        ++events_[id - first_].readers;
}

void LiveRun::disclaim(std::uint64_t next) {
    --active_;
    for (std::uint64_t id = std::max(next, first_); id < first_ + events_.size(); ++id)
        --events_[id - first_].readers;
    trim();
}

void LiveRun::trim() {
    const auto unneeded = [this] {
        if (resumable_) return bytes_ - events_.front().offset > limits::kResumableLog;
        return events_.front().readers == 0;
    };
    while (!events_.empty() && unneeded()) {
        events_.pop_front();
        ++first_;
    }
}

void LiveRun::dropLaggards() {
    if (events_.empty() || bytes_ - events_.front().offset <= limits::kSubscriberLag) return;
    const auto now = clock_.steady();
    for (auto* reader : subscribers_) {
        const std::uint64_t next = std::max(reader->next_, first_);
        if (reader->dropped_ || next >= first_ + events_.size()) continue;
        const bool behind = bytes_ - events_[next - first_].offset > limits::kSubscriberLag;
        if (behind && now - reader->progress_ > limits::kSubscriberStall) reader->drop();
        // drop() trims, so the front may have moved: next is looked up again for each reader.
        if (events_.empty()) return;
    }
}

std::shared_ptr<LiveRun> Hub::open(const Run& run) {
    auto live = std::make_shared<LiveRun>(clock_, run);
    runs_[run.id] = live;
    return live;
}

std::shared_ptr<LiveRun> Hub::find(const RunId& id) const {
    const auto found = runs_.find(id);
    return found == runs_.end() ? nullptr : found->second;
}

}  // namespace heddle::run
