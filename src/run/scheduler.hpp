// SPDX-License-Identifier: Apache-2.0
// Which pending run starts next. Sans-io: told what happened, asked what to do; nothing here waits or polls.
#pragma once

#include "base/ids.hpp"
#include "base/time.hpp"

#include <compare>
#include <cstddef>
#include <deque>
#include <functional>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>

namespace heddle::run {

// A pending run, as the scheduler knows it.
struct Waiting {
    RunId run;
    ThreadId thread;
    std::string graph_id;
    std::optional<std::size_t> company;  // graph::Company: bounded once its worker has died
};

// Rules: one run at a time per thread, in the order in which they were added (delayed ones when they become
// due); between threads first come, first served within a graph, and before all of them those whose worker
// died.
class Scheduler {
  public:
    // A run became pending. `due`: not before this wall time (after_seconds).
    void add(Waiting run, std::optional<Timestamp> due);
    // Takes a thread, so that none of its runs starts until release().
    void occupy(const ThreadId& thread);
    // A run is under way on it, or it is occupied.
    [[nodiscard]] bool taken(const ThreadId& thread) const;
    // A pending run was cancelled or deleted. False if it is not waiting (it was handed out, or is unknown).
    bool remove(const RunId& run);
    // The run that next() handed out for this thread has ended (or went back), or what occupied it: the
    // thread is free.
    void release(const ThreadId& thread);
    // Puts a run that next() handed out back in front of its thread's queue, and frees the thread.
    void putBack(Waiting run);

    // Moves delayed runs that are due into their queues.
    void advance(Timestamp now);
    // When advance() has something to do next.
    [[nodiscard]] std::optional<Timestamp> nextDue() const;
    // Hands out a run that may start now and for which `ready` says yes; its thread is taken until release().
    std::optional<Waiting> next(const std::function<bool(const Waiting&)>& ready);

    // Runs waiting, delayed ones included.
    [[nodiscard]] std::size_t waiting() const { return places_.size(); }

  private:
    // What is ready or not together, in the order in which it is handed out.
    struct Lane {
        bool first_time = true;  // no worker died under it
        std::string graph_id;
        friend auto operator<=>(const Lane&, const Lane&) = default;
    };
    struct ThreadQueue {
        std::list<Waiting> runs;  // an empty deque costs half a kilobyte
        bool taken = false;
        // Where it stands in ready_; other entries there are left over and mean nothing.
        std::optional<Lane> listed;
    };
    using Delayed = std::multimap<Timestamp, Waiting>;
    // Where a waiting run is: with its thread's queue, or delayed.
    struct Place {
        ThreadId thread;
        std::optional<Timestamp> due;
    };

    void list(const ThreadId& thread, ThreadQueue& queue);
    void forgetIfEmpty(const ThreadId& thread);

    std::unordered_map<ThreadId, ThreadQueue> threads_;
    std::map<Lane, std::deque<ThreadId>> ready_;  // by the queue's head
    Delayed delayed_;
    std::unordered_map<RunId, Place> places_;
};

}  // namespace heddle::run
