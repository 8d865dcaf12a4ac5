// SPDX-License-Identifier: Apache-2.0
#include "run/thread_feed.hpp"

#include "base/limits.hpp"
#include "run/replay.hpp"

#include <algorithm>
#include <utility>

namespace heddle::run {
namespace {

// What a run that waits its turn costs apart from its bytes.
constexpr std::uint64_t kSegmentCost = 1024;

std::string metadataEvent(const LiveRun& run) {
    std::string out;
    appendEvent(out, "metadata", R"({"run_id":")" + run.id().str() + R"(","attempt":1})",
                idPrefix(run.started_at.micros()), 0);
    return out;
}

std::string runDone(const RunId& run, std::int64_t start, std::int64_t seq) {
    std::string out;
    appendEvent(out, "metadata", R"({"status":"run_done","run_id":")" + run.str() + R"("})", idPrefix(start),
                seq);
    return out;
}

}  // namespace

ThreadFeed::ThreadFeed(std::shared_ptr<ThreadFeeds> feeds, const ThreadId& thread, FeedModes modes,
                       std::shared_ptr<LiveRun> current)
    : feeds_(std::move(feeds)), thread_(thread), modes_(modes) {
    (*feeds_)[thread_].insert(this);
    if (!current || !wantsRuns()) return;
    push(follow(current, current->end()));
    segments_.back().joined = true;
}

ThreadFeed::~ThreadFeed() {
    const auto found = feeds_->find(thread_);
    if (found == feeds_->end()) return;
    found->second.erase(this);
    if (found->second.empty()) feeds_->erase(found);
}

std::vector<std::string> ThreadFeed::runModes() const {
    return modes_.run_modes ? std::vector<std::string>{} : std::vector<std::string>{"metadata"};
}

ThreadFeed::Segment ThreadFeed::follow(const std::shared_ptr<LiveRun>& run, std::int64_t from) {
    auto events = run->subscribeFrom(from, runModes(), EventIds::kThread);
    events->onWake([this] { wake(); });
    Segment segment;
    segment.live = events.get();
    segment.events = std::move(events);
    segment.run = run->id();
    segment.start = run->started_at.micros();
    segment.from = from;
    return segment;
}

void ThreadFeed::push(Segment segment) {
    segments_.push_back(std::move(segment));
    // Of one run the run itself sees to it.
    if (held() > limits::kSubscriberLagMost) dropped_ = true;
    wake();
}

std::uint64_t ThreadFeed::held() const {
    std::uint64_t bytes = 0;
    for (const auto& segment : segments_) {
        bytes += kSegmentCost + segment.text.size();
        if (segment.live && !segment.live->resumable()) bytes += segment.live->lag();
    }
    return bytes;
}

void ThreadFeed::replay(const std::vector<store::StartedRun>& runs, EventPosition after) {
    if (!wantsRuns()) return;
    const auto fromOf = [&](std::int64_t start) {
        return !after.fromStart() && start == after.number ? after.seq + 1 : 0;
    };
    for (auto& segment : segments_) {
        if (!segment.joined || !segment.live->resumable() || segment.start < after.number) continue;
        segment.from = fromOf(segment.start);
        segment.live->moveTo(segment.from);
    }
    std::deque<Segment> stored;
    for (const auto& run : runs) {
        const auto same = [&](const Segment& segment) { return segment.run == run.id; };
        if (std::ranges::any_of(segments_, same)) continue;
        Segment segment;
        segment.run = run.id;
        segment.start = run.started_at.micros();
        segment.from = fromOf(segment.start);
        segment.events = std::make_unique<Replay>(run.id, idPrefix(segment.start), segment.from, runModes());
        stored.push_back(std::move(segment));
    }
    segments_.insert(segments_.begin(), std::make_move_iterator(stored.begin()),
                     std::make_move_iterator(stored.end()));
}

void ThreadFeed::begin(const std::shared_ptr<LiveRun>& run) {
    if (!wantsRuns()) return;
    const auto same = [&](const Segment& segment) { return segment.run == run->id(); };
    if (std::ranges::any_of(segments_, same)) return;
    // Its `metadata` event was published when it was created; here it is shown when the run starts.
    const bool first = run->attempt == 1;
    Segment segment = follow(run, first ? 1 : run->end());
    if (first) {
        segment.text = metadataEvent(*run);
        segment.from = 0;
    }
    push(std::move(segment));
}

void ThreadFeed::announce(std::string_view event, std::string_view data) {
    Segment segment;
    appendEvent(segment.text, event, data, {}, 0);
    push(std::move(segment));
}

void ThreadFeed::close() {
    closed_ = true;
    wake();
}

std::string ThreadFeed::take(std::size_t max_bytes) {
    std::string out;
    while (!dropped() && !segments_.empty() && out.size() < max_bytes) {
        Segment& segment = segments_.front();
        out += std::exchange(segment.text, {});
        if (segment.events) {
            out += segment.events->take(max_bytes);
            if (!segment.events->finished()) break;
            const std::int64_t end = segment.events->end();
            if (segment.from <= end) out += runDone(segment.run, segment.start, end);
        }
        segments_.pop_front();
    }
    for (auto& segment : segments_) {
        if (segment.events) segment.events->touch();
    }
    return out;
}

std::optional<PageWanted> ThreadFeed::wanted() const {
    if (segments_.empty() || !segments_.front().events) return std::nullopt;
    return segments_.front().events->wanted();
}

void ThreadFeed::accept(EventPage page) {
    if (!segments_.empty() && segments_.front().events) segments_.front().events->accept(std::move(page));
}

bool ThreadFeed::dropped() const {
    return dropped_ || std::ranges::any_of(segments_, [](const Segment& segment) {
               return segment.events && segment.events->dropped();
           });
}

std::uint64_t ThreadFeed::lag() const {
    std::uint64_t bytes = 0;
    for (const auto& segment : segments_) {
        bytes += kSegmentCost + segment.text.size() + (segment.events ? segment.events->lag() : 0);
    }
    return bytes;
}

}  // namespace heddle::run
