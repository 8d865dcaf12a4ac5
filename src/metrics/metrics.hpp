// SPDX-License-Identifier: Apache-2.0
// What the server counts, for GET /metrics. One object, owned by app and passed by reference. Counting is
// cheap: an atomic addition, for a label a walk over a handful of known values. Everything is for the loop
// thread, except sqlCommitted(), which may be called from anywhere.
#pragma once

#include "base/time.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace heddle::metrics {

// The requests of one route. Lives as long as its Metrics; keep the reference.
class Route {
  public:
    virtual ~Route() = default;
    // A response was sent, or its stream has ended.
    virtual void finished(unsigned status, microseconds took) = 0;
};

enum class WorkerState { kDown, kUp };

class Metrics {
  public:
    // `clock.now()` is taken as the start of the process.
    Metrics(const Clock& clock, std::string_view version);
    ~Metrics();
    Metrics(const Metrics&) = delete;
    Metrics& operator=(const Metrics&) = delete;

    // The same object for the same pair. `pattern` is a route of the router ("/threads/{thread_id}"), never a
    // client's path: each one costs memory for good. Until a request has finished it costs next to none.
    Route& route(std::string_view method, std::string_view pattern);

    void runStarted();
    // `status`: final status, as the API spells it.
    void runEnded(std::string_view status);
    // From the time a run may start to its start.
    void runWaited(microseconds wait);
    void setRuns(std::size_t pending, std::size_t running);

    // A cron's run was created so long after its time; times of crons passed without a run; a run could not
    // be created.
    void cronFired(microseconds late);
    void cronMissed(std::int64_t times);
    void cronFailed();

    void streamOpened();
    void streamClosed();
    // A client read its stream too slowly and was cut off.
    void subscriberDropped();

    // Deliveries became pending: written, taken up at start, or sent again by hand. At every moment
    // created = outcomes + pending.
    void webhooksQueued(std::size_t count);
    // Deliveries are pending no more. `status`: as the API spells it ("succeeded", "exhausted", …).
    void webhooksEnded(std::string_view status, std::size_t count);
    // One attempt has ended. `outcome`: a word of AttemptOutcome.
    void webhookAttempted(std::string_view outcome);
    // From the end of the run to the start of the first attempt, and to the receiver's 2xx.
    void webhookFirstAttempt(microseconds since_run_end);
    void webhookDelivered(microseconds since_run_end);
    // Destinations with attempts under way or deliveries in memory, and those whose circuit is open.
    void setWebhookLanes(std::size_t live, std::size_t open_circuits);
    // Of the oldest pending delivery; 0 without one.
    void setOldestWebhook(microseconds age);

    // One commit of the writer with `jobs` jobs in it. Any thread.
    void sqlCommitted(std::size_t jobs, microseconds took);

    // `worker`: a name from a small fixed set ("python-0").
    void setWorker(std::string_view worker, WorkerState state);
    void workerRestarted(std::string_view worker);

    // The loop did not get round to its timer in time.
    void loopStalled();

    // Prometheus text format 0.0.4.
    [[nodiscard]] std::string exposeText();
    // The same facts as one JSON object; `queue` and `api` as in the reference server.
    [[nodiscard]] std::string exposeJson();

    static constexpr std::string_view kTextContentType = "text/plain; version=0.0.4; charset=utf-8";

  private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace heddle::metrics
