// SPDX-License-Identifier: Apache-2.0
// The life of runs: created, started, watched, ended, recovered. One transaction a step; nothing polls. Loop
// thread only.
#pragma once

#include "base/random.hpp"
#include "base/time.hpp"
#include "graph/executor.hpp"
#include "run/cancel.hpp"
#include "run/create.hpp"
#include "run/event_log.hpp"
#include "run/finish.hpp"
#include "run/hub.hpp"
#include "run/request.hpp"
#include "run/scheduler.hpp"
#include "run/settle.hpp"
#include "run/state.hpp"
#include "run/state_update.hpp"
#include "sql/database.hpp"
#include "webhook/url_policy.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace heddle::run {

struct ServiceOptions {
    std::vector<std::string> graphs;         // configured graph ids
    std::vector<std::string> native_graphs;  // those that run inside the server
    bool deliver = true;                     // false: http.disable_webhooks
    bool stateless_values = false;
    WebhookFields webhook_fields;
    std::optional<ThreadTtl> thread_ttl;  // of threads that runs make
    std::int64_t failures_max = 3;        // attempts that may die with their worker before the run fails
    EventLog::Options events;
    std::optional<double> run_timeout_s;  // of each attempt; a run's own config.run_timeout may be shorter
};

// What happens to runs, for metrics. Called on the loop.
struct ServiceEvents {
    std::function<void(store::DueDelivery)> delivery_written = [](const auto&) {};
    std::function<void(const Run&)> created = [](const Run&) {};
    std::function<void(const Run&)> started = [](const Run&) {};
    std::function<void(RunStatus)> ended = [](RunStatus) {};
};

class Service final : public graph::RunObserver {
  public:
    Service(boost::asio::any_io_executor loop, sql::Database& db, const Clock& clock, Random& random,
            graph::Executor& executor, const webhook::UrlPolicy& urls, ServiceOptions options,
            ServiceEvents events);
    ~Service() override;
    Service(const Service&) = delete;
    Service& operator=(const Service&) = delete;

    // Settles what an earlier process left (running runs go back or fail) and queues what is pending. Before
    // serving.
    boost::asio::awaitable<void> recover();

    // The configured graphs are now these; those that run inside the server stay the same.
    void serve(std::vector<std::string> graphs) { options_.graphs = std::move(graphs); }

    struct Accepted {
        Run run;
        std::shared_ptr<LiveRun> live;
        // From the run's first event on.
        std::unique_ptr<Subscription> events;
        // The run was there before (idempotency key): `live` may be nothing and `events` is; join it.
        bool replayed = false;
    };
    // Returns when the run's row is durable. `subscribe`: also gives a reader that misses nothing.
    enum class Reader { kNone, kSubscribe };
    // `before`: in the same transaction, before anything of the run is written; its refusal is the answer.
    // Runs on a storage thread, perhaps more than once.
    using Before = std::function<Result<void>(sql::Connection&, const RunId&)>;
    boost::asio::awaitable<Result<Accepted>> create(RunRequest request, Reader reader, Before before = {});
    // All or none.
    boost::asio::awaitable<Result<std::vector<Run>>> createBatch(std::vector<RunRequest> requests);

    // Ends pending runs at once, and asks running ones to stop: that is durable when this returns, and they
    // end when their attempts have, or after limits::kCancelGrace. kNotFound when none of them is open.
    boost::asio::awaitable<Result<void>> cancel(CancelTarget target, Cancel cancel);
    // Removes a run or a thread; open runs end first, each with its webhook. A thread's state update that is
    // under way ends before the thread goes.
    boost::asio::awaitable<Result<void>> removeRun(ThreadId thread, RunId id);
    boost::asio::awaitable<Result<void>> removeThread(ThreadId thread);

    // Whether a run could have this webhook.
    [[nodiscard]] Result<void> checkWebhook(const std::optional<std::string>& url) const;

    [[nodiscard]] std::shared_ptr<LiveRun> live(const RunId& id) const { return hub_.find(id); }
    // How an ended run ended; kConflict while it is open. kNotFound when there is none (on `thread`, where
    // given).
    boost::asio::awaitable<Result<Outcome>> outcome(std::optional<ThreadId> thread, RunId id);

    // See state.hpp.
    boost::asio::awaitable<Result<RawJson>> state(StateRequest request);
    boost::asio::awaitable<Result<RawJson>> history(HistoryRequest request);
    // What a graph looks like; see graph::Executor::describe.
    boost::asio::awaitable<Result<RawJson>> describe(GraphQuestion question);
    // Vectors of an item's texts or of a search's query; see graph::Executor::embed.
    boost::asio::awaitable<Result<std::vector<Vector>>> embed(EmbeddingQuestion question);
    // Writes checkpoints of a thread on which no run is open (kConflict) and saves what the thread is then.
    // Runs that are created meanwhile wait. See state_update.hpp.
    boost::asio::awaitable<Result<graph::UpdatedState>> updateState(StateChange change);
    // Threads whose state is being changed. A write job that is queued in the same turn of the loop and
    // leaves them alone meets none of these changes: each begins with a write job of its own.
    [[nodiscard]] std::vector<ThreadId> held() const;

    // A page of stored events that a reader wants.
    boost::asio::awaitable<Result<EventPage>> eventPage(PageWanted wanted);
    // All runs of a thread as one stream: from now on, or first what is stored after an event id (`after`).
    // kNotFound when there is no such thread.
    boost::asio::awaitable<Result<std::unique_ptr<ThreadFeed>>> watchThread(
        ThreadId thread, FeedModes modes, std::optional<EventPosition> after);
    // After the commit of a state that a client wrote (ThreadState JSON): tells the thread's streams.
    void announceState(const ThreadId& thread, const RawJson& state) { hub_.announceState(thread, state); }
    // After the commit that removed a thread: its streams end. removeThread() does it itself.
    void closeThread(const ThreadId& thread) { hub_.closeThread(thread); }

    // Refuses new runs, starts no more, lets running ones end until `limit`, then puts the rest back.
    boost::asio::awaitable<void> drain(std::chrono::milliseconds limit);

    [[nodiscard]] std::vector<graph::GraphFault> graphFaults() const { return executor_.faults(); }
    // See graph::Executor::unready().
    [[nodiscard]] std::optional<std::string> unready() const { return executor_.unready(); }
    [[nodiscard]] std::size_t waiting() const { return scheduler_.waiting(); }
    [[nodiscard]] std::size_t running() const { return running_.size(); }

    void onEvent(const RunId& run, std::int64_t attempt, std::string_view event, std::string data) override;
    void onEnd(const RunId& run, std::int64_t attempt, graph::RunEnd end) override;
    [[nodiscard]] bool hasRoom() const override { return log_->hasRoom(); }
    void whenRoom(std::function<void()> callback) override { log_->whenRoom(std::move(callback)); }
    void onCapacity() override;

  private:
    struct Attempt {
        std::int64_t number = 0;
        Waiting place;
        bool stopping = false;  // it was asked to
        bool settling = false;  // its end is being written
        std::optional<RunError> timed_out;
        std::unique_ptr<boost::asio::steady_timer> timer;  // its time limit, then the patience with it
    };

    FinishRules rules();
    CreateRules createRules();
    Result<void> checkRequest(const RunRequest& request) const;
    Accepted admit(Created created, Reader reader);
    void enqueue(const Run& run);
    void reopen(const Run& run, store::RunEventExtent events);
    static void publishStart(LiveRun& live, std::int64_t attempt);
    // Starts what may start and arms the timer for what is delayed; tells a drain when nothing is under way.
    void pump();
    // No attempt is under way, none is being claimed.
    [[nodiscard]] bool quiet() const { return running_.empty() && claims_ == 0; }
    void armTimer();
    boost::asio::awaitable<void> startNext(Waiting waiting);
    boost::asio::awaitable<void> settle(RunId id, std::int64_t attempt, graph::RunEnd end);
    boost::asio::awaitable<Settled> writeSettlement(AttemptEnd attempt);
    // After the commit: tells readers and waiters, the webhook dispatcher and metrics.
    void announceEnd(const RunId& id, const Finished& finished);
    // After the commit of a cancel: what ended is announced, attempts are asked to stop.
    void carryOut(const Stopped& stopped);
    void stopAttempt(const RunId& id);
    void abandon(const RunId& id, std::int64_t number);
    void limitTime(const Run& run, Attempt& attempt);
    boost::asio::awaitable<void> pauseAfterFailure();
    // Runs `work` while nobody else holds the thread; waits for who does.
    template <class T>
    boost::asio::awaitable<T> holding(ThreadId thread, boost::asio::awaitable<T> work);
    boost::asio::awaitable<void> hold(ThreadId thread);
    // Keeps the runs of a thread that is held from starting until letGo(); false while one is under way.
    bool occupy(const ThreadId& thread);
    void letGo(const ThreadId& thread);
    boost::asio::awaitable<Result<Stopped>> removeHeld(ThreadId thread);
    boost::asio::awaitable<Result<graph::UpdatedState>> updateHeld(StateChange change);

    struct Held {
        std::shared_ptr<boost::asio::steady_timer> let_go;  // ends then
        bool occupied = false;
    };

    boost::asio::any_io_executor loop_;
    sql::Database& db_;
    const Clock& clock_;
    Random& random_;
    graph::Executor& executor_;
    const webhook::UrlPolicy& urls_;
    ServiceOptions options_;
    ServiceEvents events_;

    std::shared_ptr<EventLog> log_;
    Hub hub_;
    Scheduler scheduler_;
    std::unordered_map<RunId, Attempt> running_;  // handed to the executor
    std::unordered_map<ThreadId, Held> held_;
    std::size_t claims_ = 0;  // being claimed
    bool draining_ = false;
    boost::asio::steady_timer due_timer_;
    boost::asio::steady_timer drained_;
};

template <class T>
boost::asio::awaitable<T> Service::holding(ThreadId thread, boost::asio::awaitable<T> work) {
    co_await hold(thread);
    std::optional<T> result;
    std::exception_ptr failure;
    try {
        T done = co_await std::move(work);
        result.emplace(std::move(done));
    } catch (...) {
        failure = std::current_exception();
    }
    letGo(thread);
    if (failure) std::rethrow_exception(failure);
    co_return std::move(*result);
}

}  // namespace heddle::run
