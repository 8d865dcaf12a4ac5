// SPDX-License-Identifier: Apache-2.0
// Executes runs in worker processes that all host the same graphs.
#pragma once

#include "base/random.hpp"
#include "base/time.hpp"
#include "graph/executor.hpp"
#include "graph/worker/answers.hpp"
#include "graph/worker/calls.hpp"
#include "graph/worker/listener.hpp"
#include "graph/worker/loading.hpp"
#include "graph/worker/options.hpp"
#include "graph/worker/placement.hpp"
#include "graph/worker/process.hpp"
#include "graph/worker/worker.hpp"
#include "metrics/metrics.hpp"
#include "sql/database.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace heddle::graph {

// observe() and open() come before the first start(). Lives as long as the loop runs, or until it has retired
// and none of its answers is awaited any more.
class WorkerExecutor final : public Executor, private Worker::Owner {
  public:
    // `launcher`: nothing: real processes. `metrics`: may be null.
    WorkerExecutor(boost::asio::any_io_executor loop, sql::Database& db, const Clock& clock, Random& random,
                   WorkerOptions options, std::unique_ptr<Launcher> launcher = nullptr,
                   metrics::Metrics* metrics = nullptr);
    ~WorkerExecutor() override;

    void observe(RunObserver& observer) { observer_ = &observer; }
    // Listens and starts the workers. Throws std::system_error when there can be no socket.
    void open();
    // Tells the workers to end, kills those that still live at the limit. Attempts that run then are kLost.
    boost::asio::awaitable<void> stop(std::chrono::milliseconds limit);
    // A run that has no place yet, as start() was given it.
    struct Unplaced {
        RunStart start;
        Company company;
    };
    // From now on nothing new is placed here. Each worker is told to end, and has `limit` for it, once no run
    // and no question is on it; `gone` is called from the loop when all have. Gives the runs that waited,
    // which are no longer ours.
    std::vector<Unplaced> retire(std::chrono::milliseconds limit, std::function<void()> gone);
    // Attempts that have not ended, with those that wait.
    [[nodiscard]] std::size_t running() const { return runs_.size(); }
    // A worker's connection, from the listener or a test.
    void admit(Channel::Socket socket) { doorway_.admit(std::move(socket)); }

    [[nodiscard]] bool hosts(std::string_view graph_id) const override;
    [[nodiscard]] bool ready(std::string_view graph_id, Company company) const override;
    [[nodiscard]] std::vector<GraphFault> faults() const override;
    // At the start until all workers have loaded their graphs (or failed once), later while none has.
    [[nodiscard]] std::optional<std::string> unready() const override;
    // A run for which there is no place (any more) waits for one.
    void start(RunStart start, Company company) override;
    void cancel(const RunId& run, std::int64_t attempt) override;
    boost::asio::awaitable<Result<RawJson>> state(StateQuery query) override;
    boost::asio::awaitable<Result<RawJson>> history(HistoryQuery query) override;
    boost::asio::awaitable<Result<UpdatedState>> update(StateUpdate update) override;
    boost::asio::awaitable<Result<RawJson>> describe(GraphQuestion question) override;
    // As a question would wait (the graph's name; empty: any). False: none may be asked, and none comes in
    // time or, once retired, at all.
    boost::asio::awaitable<bool> answers(std::string graph_id);
    // An answer of describe() that is known already, whether or not a worker is ready.
    [[nodiscard]] std::optional<RawJson> known(const GraphQuestion& question);
    [[nodiscard]] bool embeds() const override { return options_.store_index.has_value(); }
    boost::asio::awaitable<Result<std::vector<Vector>>> embed(EmbeddingQuestion question) override;

  private:
    struct Key {
        RunId run;
        std::int64_t attempt = 0;
        friend bool operator==(const Key&, const Key&) = default;
    };
    struct KeyHash {
        std::size_t operator()(const Key& key) const {
            return std::hash<RunId>{}(key.run) ^ static_cast<std::size_t>(key.attempt);
        }
    };

    // A run whose worker died.
    struct Suspect {
        RunStart start;
        std::size_t company = 1;
    };

    Result<std::unique_ptr<Process>> launch(Worker& worker, ProcessEnd on_end) override;
    [[nodiscard]] const std::string& project() const override { return project_; }
    [[nodiscard]] Told& told() override { return told_; }
    void onReady(Worker& worker) override;
    void onLost(Worker& worker) override;
    void onStopped(Worker& worker) override;
    void onAnswer(Worker& worker) override;
    void onWorkerFrame(Worker& worker, const FrameView& frame) override;
    void onHello(const std::shared_ptr<Channel>& channel, const FrameView& frame);
    void onRunEvent(Worker& worker, const FrameView& frame);
    void onRunEnd(Worker& worker, const FrameView& frame);
    static void onLog(const Worker& worker, const FrameView& frame);

    enum class Reserved { kSkip, kInclude };
    [[nodiscard]] Worker* choose(std::string_view graph_id, Reserved reserved, Silent silent) const;
    void assign(Worker& worker, RunStart start);
    // A worker is ready: are enough of them?
    void warmUp();
    // Runs may be placed from now on.
    void becomeWarm();
    // Places what waits and says that there is room.
    void offer();
    // Gives waiting runs to workers that have room.
    void pump();
    void pumpSuspects();
    // Chooses the worker for suspects, unless some are on one.
    void reserve();
    // A retired worker that has nothing to do ends, after the current call.
    void leaveLater(Worker& worker);
    // One that may be asked; while all are still starting, as soon as one is ready. Null when there is none
    // in time.
    boost::asio::awaitable<Worker*> firstReady(std::string graph_id);
    // Calls a worker that hosts the graph and gives its reply's body. `header`: begun, not ended.
    boost::asio::awaitable<Result<RawJson>> ask(std::string graph_id, JsonWriter header, std::string body);
    // The attempt is no longer ours. False when it was not.
    bool release(const Key& key);
    // Tells the observer, after the current call.
    void endLater(const Key& key, RunEnd end);

    boost::asio::any_io_executor loop_;
    const Clock& clock_;
    WorkerOptions options_;
    std::unique_ptr<Launcher> launcher_;
    metrics::Metrics* metrics_;
    RunObserver* observer_ = nullptr;
    std::string project_;
    Tokens tokens_;
    CallServer calls_;
    Answers answers_{limits::kGraphAnswers};
    Doorway doorway_;
    Told told_;
    Loading loading_;
    std::unique_ptr<Listener> listener_;
    std::vector<std::unique_ptr<Worker>> workers_;
    std::unordered_map<Key, Worker*, KeyHash> runs_;  // null: waits for a worker
    std::deque<RunStart> waiting_;
    std::deque<Suspect> suspects_;  // they wait for the reserved worker
    Worker* reserved_ = nullptr;    // takes suspects only
    // The least company of the suspects on the reserved worker; 0: it still has other runs.
    std::size_t reserved_company_ = 0;
    std::vector<bool> started_before_;  // by worker
    bool warm_ = false;                 // runs may be placed
    bool stopping_ = false;
    bool retired_ = false;
    std::chrono::milliseconds leave_{0};  // for a retired worker to end
    std::function<void()> gone_;
    bool wants_room_ = false;                       // credit is held back until the observer has room
    std::list<boost::asio::steady_timer*> askers_;  // they wait for a worker
    boost::asio::steady_timer warm_timer_;
    boost::asio::steady_timer stopped_;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace heddle::graph
