// SPDX-License-Identifier: Apache-2.0
#include "run/service.hpp"

#include "base/limits.hpp"
#include "base/log.hpp"
#include "run/state.hpp"
#include "store/runs.hpp"
#include "store/threads.hpp"

#include <utility>

namespace heddle::run {
namespace asio = boost::asio;

namespace {

constexpr const char* kNoRunToCancel =
    "No matching runs to cancel. Please verify the thread ID and run IDs are correct, and the runs haven't "
    "been "
    "deleted or completed.";

Problem noThread(const ThreadId& id) {
    return Problem::notFound("Thread with ID " + id.str() + " not found");
}

// An open run that ended together with what held it.
struct EndedWith {
    Run run;
    Finished finished;
};

// Ends the open runs among `runs`, each with its webhook, before they (or their thread) are removed.
std::vector<EndedWith> endOpenRuns(sql::Connection& db, const std::vector<Run>& runs, const RunError& why,
                                   const FinishRules& rules) {
    std::vector<EndedWith> ended;
    for (const Run& run : runs) {
        Ending ending{run.id, std::nullopt, RunStatus::kInterrupted, why, RawJson(), std::nullopt};
        auto finished = finishRun(db, ending, rules);
        if (finished) ended.push_back({run, std::move(*finished)});
    }
    return ended;
}

}  // namespace

Service::Service(asio::any_io_executor loop, sql::Database& db, const Clock& clock, Random& random,
                 graph::Executor& executor, const webhook::UrlPolicy& urls, ServiceOptions options,
                 ServiceEvents events)
    : loop_(std::move(loop)),
      db_(db),
      clock_(clock),
      random_(random),
      executor_(executor),
      urls_(urls),
      options_(std::move(options)),
      events_(std::move(events)),
      log_(std::make_shared<EventLog>(loop_, db_)),
      hub_(clock, log_),
      due_timer_(loop_),
      drained_(loop_) {}

Service::~Service() = default;

FinishRules Service::rules() {
    return FinishRules{clock_.now(), options_.deliver, options_.stateless_values, options_.webhook_fields};
}

Result<void> Service::checkRequest(const RunRequest& request) const {
    if (draining_) return Problem::unavailable("The server is shutting down");
    if (scheduler_.waiting() >= limits::kPendingRuns) {
        return Problem::unavailable("Too many runs are waiting; try again later");
    }
    if (request.multitask_strategy == MultitaskStrategy::kRollback) {
        return Problem::invalid("multitask_strategy: \"rollback\" is not supported yet");
    }
    if (request.webhook) {
        if (const auto url = urls_.checkText(*request.webhook); !url) return url.error();
    }
    return {};
}

asio::awaitable<Result<Service::Accepted>> Service::create(RunRequest request, Reader reader) {
    if (const auto checked = checkRequest(request); !checked) co_return checked.error();
    const CreateIds ids{RunId::v7(clock_, random_), ThreadId::v7(clock_, random_), clock_.now()};
    auto shared = std::make_shared<const RunRequest>(std::move(request));
    auto job = [shared, ids, graphs = options_.graphs](sql::Connection& db) {
        return createRun(db, *shared, ids, graphs);
    };
    auto created = co_await db_.write(std::move(job));
    if (!created) co_return created.error();

    const std::vector<Run> superseded = std::move(created->superseded);
    Accepted accepted = admit(std::move(*created), reader);
    for (const Run& old : superseded) {
        RunError reason{"UserInterrupt",
                        "superseded by run " + accepted.run.id.str() + " (multitask_strategy=interrupt)"};
        // Not open any more: it was faster.
        (void)co_await cancel(std::nullopt, old.id, std::move(reason));
    }
    co_return accepted;
}

asio::awaitable<Result<std::vector<Run>>> Service::createBatch(std::vector<RunRequest> requests) {
    std::vector<CreateIds> ids;
    for (const auto& request : requests) {
        if (const auto checked = checkRequest(request); !checked) co_return checked.error();
        ids.push_back({RunId::v7(clock_, random_), ThreadId::v7(clock_, random_), clock_.now()});
    }
    auto shared = std::make_shared<const std::vector<RunRequest>>(std::move(requests));
    auto job = [shared, ids, graphs = options_.graphs](sql::Connection& db) -> Result<std::vector<Created>> {
        std::vector<Created> all;
        for (std::size_t i = 0; i < shared->size(); ++i) {
            auto created = createRun(db, (*shared)[i], ids[i], graphs);
            if (!created) return created.error();
            all.push_back(std::move(*created));
        }
        return all;
    };
    auto created = co_await db_.write(std::move(job));
    if (!created) co_return created.error();
    std::vector<Run> runs;
    for (auto& one : *created) runs.push_back(admit(std::move(one), Reader::kNone).run);
    co_return runs;
}

Service::Accepted Service::admit(Created created, Reader reader) {
    Accepted accepted;
    accepted.run = std::move(created.run);
    accepted.live = hub_.open(accepted.run);
    if (reader == Reader::kSubscribe)
        accepted.events = accepted.live->subscribe(Subscription::From::kNow, {});
    publishStart(*accepted.live, 1);
    events_.created(accepted.run);
    enqueue(accepted.run, Placement::kAny);
    pump();
    return accepted;
}

void Service::publishStart(LiveRun& live, std::int64_t attempt) {
    live.publish("metadata",
                 R"({"run_id":")" + live.id().str() + R"(","attempt":)" + std::to_string(attempt) + "}");
}

void Service::enqueue(const Run& run, Placement placement) {
    scheduler_.add(Waiting{run.id, run.thread_id, run.graph_id, placement}, run.not_before);
}

asio::awaitable<Result<void>> Service::cancel(std::optional<ThreadId> thread, RunId id, RunError reason) {
    const auto live = hub_.find(id);
    if (!live || live->outcome() || (thread && live->thread() != *thread))
        co_return Problem::notFound(kNoRunToCancel);
    if (scheduler_.remove(id)) {
        Ending ending{id, std::nullopt, RunStatus::kInterrupted, reason, RawJson(), std::nullopt};
        auto finished = co_await writeEnding(std::move(ending));
        if (!finished) co_return Problem::notFound(kNoRunToCancel);
        announceEnd(id, *finished, false);
        co_return Result<void>();
    }
    if (!live->cancelled) live->cancelled = std::move(reason);
    // While the claim is under way there is no attempt yet: startNext() looks at `cancelled`.
    const auto attempt = running_.find(id);
    if (attempt != running_.end()) executor_.cancel(id, attempt->second.number);
    co_return Result<void>();
}

void Service::stopOrForget(const Run& run, const Finished& finished) {
    scheduler_.remove(run.id);
    const auto attempt = running_.find(run.id);
    if (attempt != running_.end()) executor_.cancel(run.id, attempt->second.number);
    announceEnd(run.id, finished, false);
}

asio::awaitable<Result<void>> Service::removeRun(ThreadId thread, RunId id) {
    auto job = [thread, id, finish_rules = rules()](sql::Connection& db) -> Result<std::vector<EndedWith>> {
        auto run = store::findRun(db, thread, id);
        if (!run) return Problem::notFound("Run not found");
        const RunError why{"RunDeleted", "the run was deleted before it ended"};
        std::vector<EndedWith> ended;
        if (!isTerminal(run->status)) ended = endOpenRuns(db, {*run}, why, finish_rules);
        store::removeRun(db, id);
        return ended;
    };
    auto ended = co_await db_.write(std::move(job));
    if (!ended) co_return ended.error();
    for (const auto& one : *ended) stopOrForget(one.run, one.finished);
    co_return Result<void>();
}

asio::awaitable<Result<void>> Service::removeThread(ThreadId thread) {
    auto job = [thread, finish_rules = rules()](sql::Connection& db) -> Result<std::vector<EndedWith>> {
        if (!store::findThreadHead(db, thread)) return noThread(thread);
        const RunError why{"ThreadDeleted", "the thread was deleted before the run ended"};
        auto ended = endOpenRuns(db, store::openRuns(db, thread), why, finish_rules);
        store::removeThread(db, thread);
        return ended;
    };
    auto ended = co_await db_.write(std::move(job));
    if (!ended) co_return ended.error();
    for (const auto& one : *ended) stopOrForget(one.run, one.finished);
    hub_.closeThread(thread);
    co_return Result<void>();
}

asio::awaitable<Result<Outcome>> Service::outcome(std::optional<ThreadId> thread, RunId id) {
    auto job = [thread, id](sql::Connection& db) -> Result<Outcome> {
        const auto run = thread ? store::findRun(db, *thread, id) : store::findRun(db, id);
        if (!run) return Problem::notFound("Run not found");
        if (!isTerminal(run->status)) return Problem::conflict("The run has not ended");
        return storedOutcome(db, *run);
    };
    co_return co_await db_.read(std::move(job));
}

asio::awaitable<Result<RawJson>> Service::latestState(ThreadId thread) {
    co_return co_await run::latestState(db_, executor_, thread);
}

void Service::announceEnd(const RunId& id, const Finished& finished, bool show_error) {
    if (const auto live = hub_.find(id)) {
        const auto& error = finished.outcome.error;
        if (show_error && error) live->publish("error", error->json().text());
        live->finish(finished.outcome);
        hub_.close(id);
    }
    if (finished.delivery) events_.delivery_written(*finished.delivery);
    events_.ended(finished.outcome.status);
}

}  // namespace heddle::run
