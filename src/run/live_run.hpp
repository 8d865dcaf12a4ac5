// SPDX-License-Identifier: Apache-2.0
// A run that has not ended (or whose last readers are still reading) and the shared log of its events,
// rendered once. A slow reader is dropped only when it is far behind and makes no progress; it slows nobody.
// Events of a resumable run become visible when they are stored; only the newest are kept in memory. Loop
// thread only.
#pragma once

#include "base/ids.hpp"
#include "base/json.hpp"
#include "base/time.hpp"
#include "domain/run.hpp"
#include "run/event_reader.hpp"

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

namespace heddle::run {

// How a run ended, for those who wait for it.
struct Outcome {
    RunStatus status = RunStatus::kSuccess;
    std::optional<RunError> error;
    RawJson output;  // values, with `__interrupt__` where input is awaited
};

class LiveRun;
class Subscription;

// Stores the events of resumable runs; calls LiveRun::stored() when they are durable.
class EventSink {
  public:
    virtual ~EventSink() = default;
    virtual void add(std::shared_ptr<LiveRun> run, store::RunEvent event) = 0;
};

class LiveRun : public std::enable_shared_from_this<LiveRun> {
  public:
    // `stored`: what an earlier process stored of it. Without a sink nothing is stored or held back.
    LiveRun(const Clock& clock, const Run& run, std::shared_ptr<EventSink> sink,
            const store::RunEventExtent& stored);

    // Renders once for all readers. Events nobody can need any more are let go.
    void publish(std::string_view event, std::string_view data);
    // The end: `error` events were published before. Readers finish, waiters are called.
    void finish(Outcome outcome);
    // The events before `seq` are durable.
    void stored(std::int64_t seq);

    // Reads from the next event on, or from the oldest one kept. `modes` filters (empty: everything).
    enum class From { kNow, kStart };
    std::unique_ptr<Subscription> subscribe(From from, std::vector<std::string> modes);
    // From a seq on. Of a resumable run, what is not in memory is read from the database.
    std::unique_ptr<Subscription> subscribeFrom(std::int64_t seq, std::vector<std::string> modes,
                                                EventIds ids);

    // Called once when the run ends; at once if it has. Returns a number for forget().
    std::uint64_t onFinished(std::function<void(const Outcome&)> callback);
    void forget(std::uint64_t waiter) { waiters_.erase(waiter); }

    [[nodiscard]] const std::optional<Outcome>& outcome() const { return outcome_; }
    [[nodiscard]] const RunId& id() const { return id_; }
    [[nodiscard]] const ThreadId& thread() const { return thread_; }
    [[nodiscard]] bool resumable() const { return resumable_; }
    [[nodiscard]] std::size_t subscribers() const { return subscribers_.size(); }
    // The seq of the next event.
    [[nodiscard]] std::int64_t end() const { return first_ + static_cast<std::int64_t>(events_.size()); }
    // Events published that are not durable yet.
    [[nodiscard]] std::int64_t unstored() const { return end() - visible_; }
    // Events before this seq are more than is kept of one run: to be removed. Told once.
    std::optional<std::int64_t> takeFloor();
    [[nodiscard]] std::int64_t createdMs() const { return created_ms_; }

    // Set by the hub and the service while an attempt runs.
    std::int64_t attempt = 0;
    Timestamp started_at;         // of its first attempt
    std::int64_t overflowed = 0;  // the attempt that was stopped since its events could not be stored
    // It is to stop, but is only being claimed.
    bool stop_asked = false;

  private:
    friend class Subscription;
    struct Event {
        std::string name;
        std::string frame;     // without id
        std::uint64_t offset;  // bytes published before it
        std::size_t readers;   // subscribers that have not taken it; not counted of resumable runs
    };
    [[nodiscard]] Event& at(std::int64_t seq) { return events_[static_cast<std::size_t>(seq - first_)]; }
    // Bytes published before the event `seq`, rounded down for those that are not in memory.
    [[nodiscard]] std::uint64_t offsetOf(std::int64_t seq) const;
    // Adds or removes one reader of the events from `next` on.
    void claim(std::int64_t next);
    void disclaim(std::int64_t next);
    void trim();
    void dropLaggards();
    void wake(const std::vector<Subscription*>& readers);
    void wakeIdle();

    const Clock& clock_;
    std::shared_ptr<EventSink> sink_;
    RunId id_;
    ThreadId thread_;
    bool resumable_;
    std::int64_t created_ms_;
    std::deque<Event> events_;
    std::int64_t first_ = 0;                                    // seq of events_.front()
    std::int64_t visible_ = 0;                                  // readers see the events before this seq
    std::uint64_t bytes_ = 0;                                   // published in all
    std::uint64_t next_check_ = 0;                              // of bytes_, for laggards
    std::deque<std::pair<std::int64_t, std::uint64_t>> marks_;  // seq and offset, about one each MiB
    std::size_t active_ = 0;                                    // subscribers that were not dropped
    std::optional<Outcome> outcome_;
    std::unordered_set<Subscription*> subscribers_;
    std::vector<Subscription*> idle_;  // have taken everything and wait to be woken
    std::unordered_map<std::uint64_t, std::function<void(const Outcome&)>> waiters_;
    std::uint64_t next_waiter_ = 0;
};

// One reader of a live run's events. Ends itself when it goes.
class Subscription final : public EventReader {
  public:
    using From = LiveRun::From;

    Subscription(std::shared_ptr<LiveRun> run, std::int64_t next, std::vector<std::string> modes,
                 EventIds ids);
    ~Subscription() override;
    Subscription(const Subscription&) = delete;
    Subscription& operator=(const Subscription&) = delete;

    std::string take(std::size_t max_bytes) override;
    [[nodiscard]] std::optional<PageWanted> wanted() const override;
    void accept(EventPage page) override;
    [[nodiscard]] bool finished() const override;
    [[nodiscard]] bool dropped() const override { return dropped_; }
    [[nodiscard]] std::uint64_t lag() const override;
    [[nodiscard]] std::int64_t end() const override { return run_->end(); }
    void touch() override { progress_ = run_->clock_.steady(); }
    void drop() override;
    void onWake(std::function<void()> wake) override { wake_ = std::move(wake); }

    [[nodiscard]] bool resumable() const { return run_->resumable(); }
    // Goes back (or on) to another seq, before anything was taken. For resumable runs.
    void moveTo(std::int64_t seq) { next_ = seq; }

  private:
    friend class LiveRun;
    [[nodiscard]] bool behind() const { return run_->resumable_ && next_ < run_->first_; }

    std::shared_ptr<LiveRun> run_;
    std::int64_t next_;
    std::vector<std::string> modes_;  // empty: everything
    std::string id_prefix_;           // empty: no ids
    std::string page_;                // rendered from the database
    microseconds progress_;           // steady time of the last take()
    bool dropped_ = false;
    bool idle_ = false;
    std::function<void()> wake_;
};

}  // namespace heddle::run
