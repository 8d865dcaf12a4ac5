// SPDX-License-Identifier: Apache-2.0
#include "graph/worker/pool.hpp"

#include "base/log.hpp"
#include "graph/worker/project.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace heddle::graph {
namespace asio = boost::asio;
namespace {

RunEnd endWithout(RunEnd::Status status, std::optional<RunError> error) {
    RunEnd end;
    end.status = status;
    end.error = std::move(error);
    return end;
}

}  // namespace

WorkerExecutor::WorkerExecutor(asio::any_io_executor loop, sql::Database& db, const Clock& clock,
                               Random& random, WorkerOptions options, std::unique_ptr<Launcher> launcher,
                               metrics::Metrics* metrics)
    : loop_(loop),
      clock_(clock),
      options_(std::move(options)),
      launcher_(launcher ? std::move(launcher) : std::make_unique<SystemLauncher>(loop)),
      metrics_(metrics),
      project_(projectJson(options_)),
      tokens_(random),
      calls_(loop, db, clock,
             [this](const Attempt& attempt) {
                 // The worker ends a fenced attempt without a word.
                 const Key key{attempt.run, attempt.number};
                 if (release(key)) endLater(key, endWithout(RunEnd::Status::kInterrupted, {}));
             }),
      doorway_(loop, clock,
               [this](const std::shared_ptr<Channel>& channel, const FrameView& frame) {
                   onHello(channel, frame);
               }),
      loading_(loop, clock),
      started_before_(options_.workers, false),
      warm_timer_(loop),
      stopped_(loop) {
    Worker::Owner& owner = *this;
    for (std::size_t i = 0; i < options_.workers; ++i) {
        workers_.push_back(std::make_unique<Worker>(loop, clock_, options_, i, owner));
    }
}

WorkerExecutor::~WorkerExecutor() = default;

void WorkerExecutor::open() {
    if (observer_ == nullptr) throw std::logic_error("WorkerExecutor: open() before observe()");
    // To look whether somebody still listens in a folder would disturb our other workers.
    const auto leftovers =
        options_.first ? PrivateDirectory::Leftovers::kRemove : PrivateDirectory::Leftovers::kIgnore;
    listener_ = std::make_unique<Listener>(
        loop_, options_.socket_dir, [this](Channel::Socket socket) { admit(std::move(socket)); }, leftovers);
    loading_.begin(options_.graphs.size(), workers_.size());
    for (auto& worker : workers_) worker->start();
}

asio::awaitable<void> WorkerExecutor::stop(std::chrono::milliseconds limit) {
    stopping_ = true;
    loading_.giveUp();
    for (auto* asker : askers_) asker->cancel();
    for (auto& worker : workers_) worker->stop(limit);
    const auto running = [](const auto& worker) { return !worker->stopped(); };
    while (std::any_of(workers_.begin(), workers_.end(), running)) {
        stopped_.expires_at(asio::steady_timer::time_point::max());
        boost::system::error_code cancelled;
        co_await stopped_.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
    }
    const auto left = std::exchange(runs_, {});
    for (const auto& [key, worker] : left) endLater(key, endWithout(RunEnd::Status::kLost, {}));
    waiting_.clear();
    suspects_.clear();
    warm_timer_.cancel();
    listener_.reset();
}

bool WorkerExecutor::hosts(std::string_view graph_id) const {
    const auto same = [&](const GraphSource& graph) { return graph.graph_id == graph_id; };
    return std::any_of(options_.graphs.begin(), options_.graphs.end(), same);
}

// A graph that loads on one worker can run.
std::vector<GraphFault> WorkerExecutor::faults() const {
    std::vector<GraphFault> out;
    for (const auto& graph : options_.graphs) {
        const RunError* why = nullptr;
        bool runs = false;
        for (const auto& worker : workers_) {
            if (!worker->ready()) continue;
            const RunError* error = worker->loadError(graph.graph_id);
            runs |= error == nullptr;
            if (error != nullptr) why = error;
        }
        if (why != nullptr && !runs) out.push_back({graph.graph_id, *why});
    }
    return out;
}

std::optional<std::string> WorkerExecutor::unready() const {
    const auto loaded =
        std::count_if(workers_.begin(), workers_.end(), [](const auto& worker) { return worker->ready(); });
    if (warm_ && loaded > 0 && !stopping_) return std::nullopt;
    return std::to_string(loaded) + " of " + std::to_string(workers_.size()) +
           " workers have loaded their graphs";
}

bool WorkerExecutor::ready(std::string_view graph_id, Company company) const {
    if (!warm_ || stopping_) return false;
    // As many as may run may wait: so the worker is not given back between two of them.
    if (company) return hosts(graph_id) && suspects_.size() < *company;
    if (!waiting_.empty()) return false;
    return hosts(graph_id) && choose(graph_id, Reserved::kSkip, Silent::kAccept) != nullptr;
}

Worker* WorkerExecutor::choose(std::string_view graph_id, Reserved reserved, Silent silent) const {
    std::vector<WorkerLoad> loads;
    loads.reserve(workers_.size());
    for (const auto& worker : workers_) {
        WorkerLoad load;
        const bool usable = worker->ready() && (reserved == Reserved::kInclude || worker.get() != reserved_);
        if (usable) load.state = worker->silent() ? WorkerLoad::State::kSilent : WorkerLoad::State::kUp;
        if (worker->loadError(graph_id) != nullptr) load.graph = WorkerLoad::Graph::kFailed;
        load.active = worker->active;
        loads.push_back(load);
    }
    const auto best = chooseWorker(loads, options_.runs_max, silent);
    return best ? workers_[*best].get() : nullptr;
}

void WorkerExecutor::start(RunStart start, Company company) {
    const Key key{start.run.id, start.run.attempt};
    runs_.emplace(key, nullptr);
    if (company) {
        suspects_.push_back({std::move(start), std::max<std::size_t>(*company, 1)});
        pumpSuspects();
        return;
    }
    waiting_.push_back(std::move(start));
    pump();
}

void WorkerExecutor::warmUp() {
    const auto settled = [](const auto& worker) { return worker->ready() || worker->failures() > 0; };
    warm_ = options_.warm_up.count() == 0 || std::all_of(workers_.begin(), workers_.end(), settled);
    if (warm_) return becomeWarm();
    if (warm_timer_.expiry() > asio::steady_timer::clock_type::now()) return;
    warm_timer_.expires_after(options_.warm_up);
    warm_timer_.async_wait([this, weak = std::weak_ptr(alive_)](boost::system::error_code cancelled) {
        if (cancelled || weak.expired() || warm_) return;
        becomeWarm();
    });
}

void WorkerExecutor::becomeWarm() {
    warm_ = true;
    loading_.end(faults().size());
    offer();
}

void WorkerExecutor::offer() {
    pumpSuspects();
    pump();
    observer_->onCapacity();
}

void WorkerExecutor::pump() {
    while (warm_ && !waiting_.empty()) {
        Worker* worker = choose(waiting_.front().run.graph_id, Reserved::kSkip, Silent::kRefuse);
        if (worker == nullptr) {
            // Whoever answers first gets the run; one that is blocked does not.
            for (auto& silent : workers_) {
                if (silent->ready() && silent->silent()) silent->probe();
            }
            return;
        }
        RunStart start = std::move(waiting_.front());
        waiting_.pop_front();
        assign(*worker, std::move(start));
    }
}

void WorkerExecutor::reserve() {
    if (reserved_ != nullptr && reserved_->ready() && (reserved_->active == 0 || reserved_company_ > 0))
        return;
    // The reserved worker empties; another one may be empty sooner.
    Worker* best = choose(suspects_.front().start.run.graph_id, Reserved::kInclude, Silent::kAccept);
    const bool better = best != nullptr && (reserved_ == nullptr || !reserved_->ready() || best->active == 0);
    if (!better) return;
    reserved_ = best;
    reserved_company_ = 0;
}

void WorkerExecutor::pumpSuspects() {
    while (warm_ && !suspects_.empty()) {
        reserve();
        if (reserved_ == nullptr || !reserved_->ready()) return;
        const std::size_t limit = reserved_->active == 0 ? options_.runs_max : reserved_company_;
        const std::size_t company = std::min(limit, suspects_.front().company);
        if (reserved_->active >= company) return;
        reserved_company_ = company;
        RunStart start = std::move(suspects_.front().start);
        suspects_.pop_front();
        assign(*reserved_, std::move(start));
    }
    if (reserved_ == nullptr || (reserved_->ready() && reserved_->active > 0)) return;
    reserved_ = nullptr;
    reserved_company_ = 0;
    pump();
    if (observer_ != nullptr && !stopping_) {
        asio::post(loop_, [this, weak = std::weak_ptr(alive_)] {
            if (!weak.expired()) observer_->onCapacity();
        });
    }
}

void WorkerExecutor::assign(Worker& worker, RunStart start) {
    const Key key{start.run.id, start.run.attempt};
    if (const auto* error = worker.loadError(start.run.graph_id)) {
        runs_.erase(key);
        endLater(key, endWithout(RunEnd::Status::kRefused, *error));
        return;
    }
    StartFrame frame = startFrame(std::move(start));
    if (!worker.channel().notify(std::move(frame.header), std::move(frame.parts))) {
        runs_.erase(key);
        const RunError error{"TooLarge", "The run's input and checkpoint do not fit a frame to a worker"};
        endLater(key, endWithout(RunEnd::Status::kError, error));
        return;
    }
    runs_[key] = &worker;
    ++worker.active;
}

void WorkerExecutor::cancel(const RunId& run, std::int64_t attempt) {
    const Key key{run, attempt};
    const auto found = runs_.find(key);
    if (found == runs_.end()) return;
    if (found->second == nullptr) {
        const auto same = [&](const RunStart& start) {
            return start.run.id == run && start.run.attempt == attempt;
        };
        std::erase_if(waiting_, same);
        std::erase_if(suspects_, [&](const Suspect& suspect) { return same(suspect.start); });
        runs_.erase(found);
        endLater(key, endWithout(RunEnd::Status::kInterrupted, {}));
        return;
    }
    JsonWriter header = frameHeader("run.cancel");
    header.key("run_id").string(run.str()).key("attempt").integer(attempt);
    if (found->second->ready()) found->second->channel().notify(std::move(header));
}

bool WorkerExecutor::release(const Key& key) {
    const auto found = runs_.find(key);
    if (found == runs_.end() || found->second == nullptr) return false;
    Worker& worker = *found->second;
    runs_.erase(found);
    --worker.active;
    if (!waiting_.empty() && &worker != reserved_) pump();
    if (!suspects_.empty() || &worker == reserved_) pumpSuspects();
    leaveLater(worker);
    return true;
}

void WorkerExecutor::endLater(const Key& key, RunEnd end) {
    asio::post(loop_, [this, weak = std::weak_ptr(alive_), key, end = std::move(end)]() mutable {
        if (!weak.expired()) observer_->onEnd(key.run, key.attempt, std::move(end));
    });
}

}  // namespace heddle::graph
