// SPDX-License-Identifier: Apache-2.0
#include "graph/worker/generations.hpp"

#include "base/limits.hpp"
#include "base/log.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <utility>

namespace heddle::graph {
namespace asio = boost::asio;
namespace {

constexpr std::chrono::milliseconds kLeave{2'000};  // for idle workers to flush what they trace
constexpr std::chrono::milliseconds kGivenUp{500};  // for workers that were still loading

Problem notServed(const std::string& graph_id) {
    return Problem::conflict("The graph '" + graph_id + "' is not in this server's configuration");
}

}  // namespace

// One pool and its number; tells its own capacity from the others'.
class WorkerGenerations::Generation final : public RunObserver {
  public:
    Generation(WorkerGenerations& owner, std::int64_t number, WorkerOptions options)
        : owner_(owner),
          number_(number),
          pool_(owner.loop_, owner.db_, owner.clock_, owner.random_, std::move(options),
                owner.launchers_ ? owner.launchers_() : nullptr, owner.metrics_) {
        pool_.observe(*this);
    }

    [[nodiscard]] WorkerExecutor& pool() { return pool_; }
    [[nodiscard]] const WorkerExecutor& pool() const { return pool_; }
    [[nodiscard]] std::int64_t number() const { return number_; }

    void onEvent(const RunId& run, std::int64_t attempt, std::string_view event, std::string data) override {
        owner_.observer_->onEvent(run, attempt, event, std::move(data));
    }
    void onEnd(const RunId& run, std::int64_t attempt, RunEnd end) override {
        owner_.observer_->onEnd(run, attempt, std::move(end));
    }
    [[nodiscard]] bool hasRoom() const override { return owner_.observer_->hasRoom(); }
    void whenRoom(std::function<void()> callback) override {
        owner_.observer_->whenRoom(std::move(callback));
    }
    void onCapacity() override { owner_.onCapacity(*this); }

  private:
    WorkerGenerations& owner_;
    std::int64_t number_;
    WorkerExecutor pool_;
};

WorkerGenerations::WorkerGenerations(asio::any_io_executor loop, sql::Database& db, const Clock& clock,
                                     Random& random, std::optional<WorkerOptions> options,
                                     Launchers launchers, metrics::Metrics* metrics)
    : loop_(std::move(loop)),
      db_(db),
      clock_(clock),
      random_(random),
      launchers_(std::move(launchers)),
      metrics_(metrics) {
    if (options) current_ = make(*std::move(options));
}

WorkerGenerations::~WorkerGenerations() = default;

WorkerGenerations::Shared WorkerGenerations::make(WorkerOptions options) {
    for (const auto& graph : options.graphs) known_.insert(graph.graph_id);
    return std::make_shared<Generation>(*this, ++last_number_, std::move(options));
}

void WorkerGenerations::open() {
    if (current_) current_->pool().open();
}

std::size_t WorkerGenerations::alive() const {
    return older_.size() + (current_ ? 1 : 0) + (next_ ? 1 : 0);
}

void WorkerGenerations::renew(std::optional<WorkerOptions> options) {
    if (stopping_) return;
    if (next_) retire(std::exchange(next_, nullptr), kGivenUp);
    if (!options) return promote(nullptr);
    // Workers that serve already may take the first runs; the others join them.
    options->warm_up = std::chrono::milliseconds(0);
    options->first = false;
    const auto made = make(*std::move(options));
    made->pool().open();
    next_ = made;
}

void WorkerGenerations::onCapacity(const Generation& generation) {
    if (&generation == current_.get()) return observer_->onCapacity();
    if (&generation != next_.get()) return;
    asio::post(loop_, [this, weak = std::weak_ptr(alive_), comes = next_] {
        if (!weak.expired() && comes == next_ && !comes->pool().unready()) promote(comes);
    });
}

void WorkerGenerations::promote(const Shared& generation) {
    const Shared old = std::exchange(current_, generation);
    next_ = nullptr;
    if (old) retire(old, kLeave);
    if (generation) {
        log::info("workers.renewed",
                  {{"generation", generation->number()}, {"runs_on_older", old ? old->pool().running() : 0}});
    }
    bound();
    observer_->onCapacity();
}

void WorkerGenerations::retire(const Shared& generation, std::chrono::milliseconds limit) {
    older_.push_back(generation);
    auto gone = [this, weak = std::weak_ptr(alive_), number = generation->number()] {
        if (weak.expired()) return;
        std::erase_if(older_, [number](const Shared& each) { return each->number() == number; });
    };
    for (auto& left : generation->pool().retire(limit, std::move(gone))) {
        start(std::move(left.start), left.company);
    }
}

void WorkerGenerations::bound() {
    const auto busy = [](const Shared& generation) { return generation->pool().running() > 0; };
    if (static_cast<std::size_t>(std::ranges::count_if(older_, busy)) <= limits::kOlderWorkers) return;
    const Shared oldest = *std::ranges::find_if(older_, busy);
    log::warning("workers.given_up",
                 {{"generation", oldest->number()},
                  {"runs", oldest->pool().running()},
                  {"why", "newer workers have runs too; these runs start again on the newest"}});
    asio::co_spawn(loop_, end(oldest, kLeave), asio::detached);
}

asio::awaitable<void> WorkerGenerations::end(Shared generation, std::chrono::milliseconds limit) {
    co_await generation->pool().stop(limit);
}

asio::awaitable<void> WorkerGenerations::stop(std::chrono::milliseconds limit) {
    stopping_ = true;
    std::vector<Shared> all(older_.begin(), older_.end());
    if (next_) all.push_back(std::exchange(next_, nullptr));
    if (current_) all.push_back(current_);
    std::size_t left = all.size();
    asio::steady_timer last(loop_, asio::steady_timer::time_point::max());
    for (const auto& each : all) {
        asio::co_spawn(loop_, end(each, limit), [&left, &last](const std::exception_ptr&) {
            if (--left == 0) last.cancel();
        });
    }
    boost::system::error_code cancelled;
    if (left > 0) co_await last.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
}

bool WorkerGenerations::ready(std::string_view graph_id, Company company) const {
    if (current_ && current_->pool().hosts(graph_id)) return current_->pool().ready(graph_id, company);
    // Graphs that have gone are ready to be refused; otherwise their runs would stay pending for ever.
    return known_.contains(graph_id) && !(next_ && next_->pool().hosts(graph_id));
}

std::vector<GraphFault> WorkerGenerations::faults() const {
    return current_ ? current_->pool().faults() : std::vector<GraphFault>();
}

std::optional<std::string> WorkerGenerations::unready() const {
    return current_ ? current_->pool().unready() : std::nullopt;
}

void WorkerGenerations::start(RunStart start, Company company) {
    if (current_ && current_->pool().hosts(start.run.graph_id)) {
        return current_->pool().start(std::move(start), company);
    }
    RunEnd end;
    end.status = RunEnd::Status::kRefused;
    end.error = RunError{"GraphLoadError", notServed(start.run.graph_id).detail};
    asio::post(loop_, [this, weak = std::weak_ptr(alive_), run = start.run.id, attempt = start.run.attempt,
                       end = std::move(end)]() mutable {
        if (!weak.expired()) observer_->onEnd(run, attempt, std::move(end));
    });
}

void WorkerGenerations::cancel(const RunId& run, std::int64_t attempt) {
    // A cancel may end a run, and so a generation.
    const std::vector<Shared> older(older_.begin(), older_.end());
    for (const auto& each : older) each->pool().cancel(run, attempt);
    if (current_) current_->pool().cancel(run, attempt);
}

WorkerGenerations::Shared WorkerGenerations::whoKnows(std::string_view graph_id) const {
    const bool now = current_ && current_->pool().hosts(graph_id);
    const bool soon = next_ && next_->pool().hosts(graph_id);
    return now ? current_ : soon ? next_ : nullptr;
}

// Those who were asked may be retired while all of them still start: then the next ones are asked.
asio::awaitable<Result<WorkerGenerations::Shared>> WorkerGenerations::whoAnswers(std::string graph_id) {
    for (Shared asked = whoKnows(graph_id); asked;) {
        const bool answers = co_await asked->pool().answers(graph_id);
        if (answers) co_return asked;
        const Shared now = whoKnows(graph_id);
        if (now == asked) co_return Problem::unavailable("No worker is ready");
        asked = now;
    }
    co_return notServed(graph_id);
}

asio::awaitable<Result<RawJson>> WorkerGenerations::state(StateQuery query) {
    const auto generation = co_await whoAnswers(query.graph_id);
    if (!generation) co_return generation.error();
    co_return co_await (*generation)->pool().state(std::move(query));
}

asio::awaitable<Result<RawJson>> WorkerGenerations::history(HistoryQuery query) {
    const auto generation = co_await whoAnswers(query.graph_id);
    if (!generation) co_return generation.error();
    co_return co_await (*generation)->pool().history(std::move(query));
}

asio::awaitable<Result<UpdatedState>> WorkerGenerations::update(StateUpdate update) {
    const auto generation = co_await whoAnswers(update.graph_id);
    if (!generation) co_return generation.error();
    co_return co_await (*generation)->pool().update(std::move(update));
}

asio::awaitable<Result<RawJson>> WorkerGenerations::describe(GraphQuestion question) {
    if (const Shared first = whoKnows(question.graph_id)) {
        if (auto known = first->pool().known(question)) co_return std::move(*known);
    }
    const auto generation = co_await whoAnswers(question.graph_id);
    if (!generation) co_return generation.error();
    co_return co_await (*generation)->pool().describe(std::move(question));
}

bool WorkerGenerations::embeds() const {
    return current_ && current_->pool().embeds();
}

asio::awaitable<Result<std::vector<Vector>>> WorkerGenerations::embed(EmbeddingQuestion question) {
    Shared generation = current_;
    std::string any_graph;
    while (generation) {
        const bool answers = co_await generation->pool().answers(any_graph);
        if (answers) break;
        if (generation == current_) co_return Problem::unavailable("No worker is ready");
        generation = current_;
    }
    if (!generation) co_return Problem::unavailable("store.index: no worker makes vectors");
    co_return co_await generation->pool().embed(std::move(question));
}

}  // namespace heddle::graph
