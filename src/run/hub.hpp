// SPDX-License-Identifier: Apache-2.0
// The event hub: for each live run one shared log of rendered events; a subscriber is a cursor into it. A
// slow subscriber is dropped only when it is far behind and makes no progress; it slows nobody. Loop thread
// only.
#pragma once

#include "base/ids.hpp"
#include "base/json.hpp"
#include "base/time.hpp"
#include "domain/run.hpp"

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace heddle::run {

// How a run ended, for those who wait for it.
struct Outcome {
    RunStatus status = RunStatus::kSuccess;
    std::optional<RunError> error;
    RawJson output;  // values, with `__interrupt__` where input is awaited
};

class LiveRun;

// One reader of a live run's events. Ends itself when it goes.
class Subscription {
  public:
    enum class From { kNow, kStart };

    Subscription(std::shared_ptr<LiveRun> run, std::uint64_t next_id, std::vector<std::string> modes);
    ~Subscription();
    Subscription(const Subscription&) = delete;
    Subscription& operator=(const Subscription&) = delete;

    // SSE bytes not yet taken, whole events, about `max_bytes` at most; empty when there is none now.
    std::string take(std::size_t max_bytes);
    // The run's stream is complete and everything was taken.
    [[nodiscard]] bool finished() const;
    // It was too slow: its connection is to be closed.
    [[nodiscard]] bool dropped() const { return dropped_; }
    // Called when there is something to take, when the stream ended, or when it was dropped. One callback.
    void onWake(std::function<void()> wake) { wake_ = std::move(wake); }

  private:
    friend class LiveRun;
    [[nodiscard]] bool wants(std::string_view event) const;
    void drop();

    std::shared_ptr<LiveRun> run_;
    std::uint64_t next_;
    std::vector<std::string> modes_;  // empty: everything
    microseconds progress_;           // steady time of the last take()
    bool dropped_ = false;
    std::function<void()> wake_;
};

// A run that has not ended (or whose last readers are still reading).
class LiveRun : public std::enable_shared_from_this<LiveRun> {
  public:
    LiveRun(const Clock& clock, const Run& run);

    // Renders once for all readers. Events nobody can need any more are let go.
    void publish(std::string_view event, std::string_view data);
    // The end: `error` events were published before. Readers finish, waiters are called.
    void finish(Outcome outcome);

    // Reads from the next event on, or from the oldest one kept. `modes` filters (empty: everything).
    std::unique_ptr<Subscription> subscribe(Subscription::From from, std::vector<std::string> modes);
    // After an event id of this run ("-1" or "0": all that is kept); nothing when the text is no such id.
    std::unique_ptr<Subscription> subscribeAfter(std::string_view last_event_id,
                                                 std::vector<std::string> modes);

    // Called once when the run ends; at once if it has. Returns a number for forget().
    std::uint64_t onFinished(std::function<void(const Outcome&)> callback);
    void forget(std::uint64_t waiter) { waiters_.erase(waiter); }

    [[nodiscard]] const std::optional<Outcome>& outcome() const { return outcome_; }
    [[nodiscard]] const RunId& id() const { return id_; }
    [[nodiscard]] const ThreadId& thread() const { return thread_; }
    [[nodiscard]] bool resumable() const { return resumable_; }
    [[nodiscard]] std::size_t subscribers() const { return subscribers_.size(); }

    // Set by the service while an attempt runs.
    std::int64_t attempt = 0;
    // It is to stop, but is only being claimed.
    bool stop_asked = false;

  private:
    friend class Subscription;
    struct Event {
        std::string name;
        std::string frame;
        std::uint64_t offset;  // bytes published before it
        std::size_t readers;   // subscribers that have not taken it
    };
    // Adds or removes one reader of the events from `next` on.
    void claim(std::uint64_t next);
    void disclaim(std::uint64_t next);
    void trim();
    void dropLaggards();
    [[nodiscard]] std::string eventId(std::uint64_t id) const;

    const Clock& clock_;
    RunId id_;
    ThreadId thread_;
    bool resumable_;
    std::int64_t started_ms_;
    std::deque<Event> events_;
    std::uint64_t first_ = 0;  // id of events_.front()
    std::uint64_t bytes_ = 0;  // published in all
    std::size_t active_ = 0;   // subscribers that were not dropped
    std::optional<Outcome> outcome_;
    std::unordered_set<Subscription*> subscribers_;
    std::unordered_map<std::uint64_t, std::function<void(const Outcome&)>> waiters_;
    std::uint64_t next_waiter_ = 0;
};

class Hub {
  public:
    explicit Hub(const Clock& clock) : clock_(clock) {}

    std::shared_ptr<LiveRun> open(const Run& run);
    [[nodiscard]] std::shared_ptr<LiveRun> find(const RunId& id) const;
    void close(const RunId& id) { runs_.erase(id); }
    [[nodiscard]] std::size_t size() const { return runs_.size(); }

  private:
    const Clock& clock_;
    std::unordered_map<RunId, std::shared_ptr<LiveRun>> runs_;
};

}  // namespace heddle::run
