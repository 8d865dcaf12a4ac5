// SPDX-License-Identifier: Apache-2.0
// The event hub: the runs that are live, and the streams of threads that are open. Loop thread only.
#pragma once

#include "base/ids.hpp"
#include "base/json.hpp"
#include "base/time.hpp"
#include "domain/run.hpp"
#include "run/live_run.hpp"
#include "run/thread_feed.hpp"

#include <cstddef>
#include <memory>
#include <unordered_map>

namespace heddle::run {

class Hub {
  public:
    // `sink`: stores the events of resumable runs.
    explicit Hub(const Clock& clock, std::shared_ptr<EventSink> sink = nullptr)
        : clock_(clock), sink_(std::move(sink)) {}

    // `stored`: what an earlier process stored of the run.
    std::shared_ptr<LiveRun> open(const Run& run, const store::RunEventExtent& stored = {});
    [[nodiscard]] std::shared_ptr<LiveRun> find(const RunId& id) const;
    // An attempt of the run begins; `run` is its row.
    void begin(LiveRun& live, const Run& run);
    void close(const RunId& id);
    [[nodiscard]] std::size_t size() const { return runs_.size(); }

    // A stream of all the thread's runs, from now on.
    std::unique_ptr<ThreadFeed> watch(const ThreadId& thread, FeedModes modes);
    // Tells a thread's streams of a state that a client wrote.
    void announceState(const ThreadId& thread, const RawJson& state);
    // The thread is gone: its streams end.
    void closeThread(const ThreadId& thread);

  private:
    [[nodiscard]] std::vector<ThreadFeed*> feedsOf(const ThreadId& thread) const;

    const Clock& clock_;
    std::shared_ptr<EventSink> sink_;
    std::unordered_map<RunId, std::shared_ptr<LiveRun>> runs_;
    std::unordered_map<ThreadId, std::shared_ptr<LiveRun>> begun_;  // the last one that began and is open
    std::shared_ptr<ThreadFeeds> feeds_ = std::make_shared<ThreadFeeds>();
};

}  // namespace heddle::run
