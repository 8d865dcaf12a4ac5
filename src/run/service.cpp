// SPDX-License-Identifier: Apache-2.0
#include "run/service.hpp"

#include "base/limits.hpp"
#include "base/log.hpp"
#include "run/start_check.hpp"
#include "store/runs.hpp"
#include "store/threads.hpp"

#include <utility>

namespace heddle::run {
namespace asio = boost::asio;

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
      log_(std::make_shared<EventLog>(loop_, db_, options_.events)),
      hub_(clock, log_),
      due_timer_(loop_),
      drained_(loop_) {}

Service::~Service() {
    log_->drop();
}

FinishRules Service::rules() {
    return FinishRules{clock_.now(), options_.deliver, options_.stateless_values, options_.webhook_fields};
}

CreateRules Service::createRules() {
    return CreateRules{options_.graphs, options_.native_graphs, rules()};
}

Result<void> Service::checkRequest(const RunRequest& request) const {
    if (draining_) return Problem::unavailable("The server is shutting down");
    if (scheduler_.waiting() >= limits::kPendingRuns) {
        return Problem::unavailable("Too many runs are waiting; try again later");
    }
    return checkWebhook(request.webhook);
}

Result<void> Service::checkWebhook(const std::optional<std::string>& url) const {
    if (!url) return {};
    const auto checked = urls_.checkText(*url);
    return checked ? Result<void>() : Result<void>(checked.error());
}

asio::awaitable<Result<Service::Accepted>> Service::create(RunRequest request, Reader reader, Before before) {
    if (const auto checked = checkRequest(request); !checked) co_return checked.error();
    const CreateIds ids{RunId::v7(clock_, random_), ThreadId::v7(clock_, random_), clock_.now(),
                        options_.thread_ttl};
    auto shared = std::make_shared<const RunRequest>(std::move(request));
    auto job = [shared, ids, create_rules = createRules(),
                before = std::move(before)](sql::Connection& db) -> Result<Created> {
        if (before) {
            if (const auto may = before(db, ids.run); !may) return may.error();
        }
        return createRun(db, *shared, ids, create_rules);
    };
    auto created = co_await db_.write(std::move(job));
    if (!created) co_return created.error();
    if (created->replayed) {
        const auto live = hub_.find(created->run.id);
        co_return Accepted{std::move(created->run), live, nullptr, true};
    }
    co_return admit(std::move(*created), reader);
}

asio::awaitable<Result<std::vector<Run>>> Service::createBatch(std::vector<RunRequest> requests) {
    std::vector<CreateIds> ids;
    for (const auto& request : requests) {
        if (const auto checked = checkRequest(request); !checked) co_return checked.error();
        ids.push_back(
            {RunId::v7(clock_, random_), ThreadId::v7(clock_, random_), clock_.now(), options_.thread_ttl});
    }
    auto shared = std::make_shared<const std::vector<RunRequest>>(std::move(requests));
    auto job = [shared, ids,
                create_rules = createRules()](sql::Connection& db) -> Result<std::vector<Created>> {
        std::vector<Created> all;
        for (std::size_t i = 0; i < shared->size(); ++i) {
            auto created = createRun(db, (*shared)[i], ids[i], create_rules);
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
    carryOut(created.superseded);
    Accepted accepted;
    accepted.run = std::move(created.run);
    accepted.live = hub_.open(accepted.run);
    if (reader == Reader::kSubscribe)
        accepted.events = accepted.live->subscribe(Subscription::From::kNow, {});
    publishStart(*accepted.live, 1);
    events_.created(accepted.run);
    enqueue(accepted.run);
    pump();
    return accepted;
}

void Service::publishStart(LiveRun& live, std::int64_t attempt) {
    live.publish("metadata",
                 R"({"run_id":")" + live.id().str() + R"(","attempt":)" + std::to_string(attempt) + "}");
}

void Service::enqueue(const Run& run) {
    scheduler_.add(Waiting{run.id, run.thread_id, run.graph_id, std::nullopt}, run.not_before);
}

asio::awaitable<Result<Outcome>> Service::outcome(std::optional<ThreadId> thread, RunId id) {
    auto job = [thread, id](sql::Connection& db) -> Result<Outcome> {
        const auto run = store::findRun(db, thread, id);
        if (!run) return Problem::notFound("Run not found");
        if (!isTerminal(run->status)) return Problem::conflict("The run has not ended");
        return storedOutcome(db, *run);
    };
    co_return co_await db_.read(std::move(job));
}

asio::awaitable<Result<RawJson>> Service::state(StateRequest request) {
    co_return co_await threadState(db_, executor_, std::move(request));
}

asio::awaitable<Result<RawJson>> Service::history(HistoryRequest request) {
    co_return co_await threadHistory(db_, executor_, std::move(request));
}

asio::awaitable<Result<RawJson>> Service::describe(GraphQuestion question) {
    co_return co_await executor_.describe(std::move(question));
}

asio::awaitable<Result<std::vector<Vector>>> Service::embed(EmbeddingQuestion question) {
    co_return co_await executor_.embed(std::move(question));
}

void Service::announceEnd(const RunId& id, const Finished& finished) {
    if (const auto live = hub_.find(id)) {
        const Outcome& outcome = finished.outcome;
        if (hasFailed(outcome.status) && outcome.error) live->publish("error", outcome.error->json().text());
        live->finish(outcome);
        hub_.close(id);
    }
    if (finished.delivery) events_.delivery_written(*finished.delivery);
    events_.ended(finished.outcome.status);
}

}  // namespace heddle::run
