// SPDX-License-Identifier: Apache-2.0
// All runs of a thread, one after the other, as one endless stream: what GET /threads/{thread_id}/stream
// reads. Ids are "<µs of the run's start>-<seq>", so they grow over the thread's runs. Loop thread only.
#pragma once

#include "base/ids.hpp"
#include "base/time.hpp"
#include "run/live_run.hpp"

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace heddle::run {

class ThreadFeed;

// The feeds that are open, by thread. Shared by the hub and the feeds, which may outlive it.
using ThreadFeeds = std::unordered_map<ThreadId, std::unordered_set<ThreadFeed*>>;

// What a thread's stream shows.
struct FeedModes {
    bool run_modes = false;     // every event of its runs, and their ends
    bool lifecycle = false;     // starts and ends of its runs
    bool state_update = false;  // states that clients wrote
};

class ThreadFeed final : public EventReader {
  public:
    // `current`: the run that is under way, followed from now on.
    ThreadFeed(std::shared_ptr<ThreadFeeds> feeds, const ThreadId& thread, FeedModes modes,
               std::shared_ptr<LiveRun> current);
    ~ThreadFeed() override;
    ThreadFeed(const ThreadFeed&) = delete;
    ThreadFeed& operator=(const ThreadFeed&) = delete;

    // Before the first take(): shows what is stored of these runs (in the order of their start) after the
    // position first. The number of `after` is a start, in µs.
    void replay(const std::vector<store::StartedRun>& runs, EventPosition after);

    // A run's attempt begins. A run that it shows already stays where it is.
    void begin(const std::shared_ptr<LiveRun>& run);
    void announce(std::string_view event, std::string_view data);
    // The thread is gone: the stream ends after what it holds.
    void close();

    std::string take(std::size_t max_bytes) override;
    [[nodiscard]] std::optional<PageWanted> wanted() const override;
    void accept(EventPage page) override;
    [[nodiscard]] bool finished() const override { return closed_ && segments_.empty(); }
    [[nodiscard]] bool dropped() const override;
    [[nodiscard]] std::uint64_t lag() const override;
    [[nodiscard]] std::int64_t end() const override { return 0; }
    void drop() override { dropped_ = true; }
    void onWake(std::function<void()> wake) override { wake_ = std::move(wake); }
    [[nodiscard]] bool wantsStateUpdates() const { return modes_.state_update; }

  private:
    // A run, or a text between runs.
    struct Segment {
        std::string text;  // comes first
        std::unique_ptr<EventReader> events;
        Subscription* live = nullptr;  // `events`, when it is that
        RunId run;
        std::int64_t start = 0;  // µs
        std::int64_t from = 0;   // the seq it begins at
        bool joined = false;     // it was under way when the feed was opened
    };
    [[nodiscard]] bool wantsRuns() const { return modes_.run_modes || modes_.lifecycle; }
    [[nodiscard]] std::vector<std::string> runModes() const;
    Segment follow(const std::shared_ptr<LiveRun>& run, std::int64_t from);
    void push(Segment segment);
    // Bytes in memory that it has not taken, or that are kept for it.
    [[nodiscard]] std::uint64_t held() const;
    void wake() const {
        if (wake_) wake_();
    }

    std::shared_ptr<ThreadFeeds> feeds_;
    ThreadId thread_;
    FeedModes modes_;
    std::deque<Segment> segments_;
    bool closed_ = false;
    bool dropped_ = false;
    std::function<void()> wake_;
};

}  // namespace heddle::run
