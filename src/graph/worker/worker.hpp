// SPDX-License-Identifier: Apache-2.0
// One worker of the pool: drives its supervisor with a real process, connection and timer. On the loop only.
#pragma once

#include "base/log.hpp"
#include "base/time.hpp"
#include "domain/run.hpp"
#include "graph/worker/channel.hpp"
#include "graph/worker/options.hpp"
#include "graph/worker/process.hpp"
#include "graph/worker/supervisor.hpp"
#include "graph/worker/told.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace heddle::graph {

class Worker final : public Channel::Handler {
  public:
    // Implemented by the pool.
    class Owner {
      public:
        virtual ~Owner() = default;
        virtual Result<std::unique_ptr<Process>> launch(Worker& worker, ProcessEnd on_end) = 0;
        // The body of `load`.
        [[nodiscard]] virtual const std::string& project() const = 0;
        // What is logged of loads and starts, once for all workers.
        [[nodiscard]] virtual Told& told() = 0;
        virtual void onReady(Worker& worker) = 0;
        // Its runs are gone.
        virtual void onLost(Worker& worker) = 0;
        virtual void onStopped(Worker& worker) = 0;
        // Its event loop has answered a probe.
        virtual void onAnswer(Worker& worker) = 0;
        // What is not between the server and the worker itself.
        virtual void onWorkerFrame(Worker& worker, const FrameView& frame) = 0;
    };

    Worker(boost::asio::any_io_executor loop, const Clock& clock, const WorkerOptions& options,
           std::size_t index, Owner& owner);
    ~Worker() override;

    void start() { step(Supervisor::Start{}); }
    void stop(microseconds limit) { step(Supervisor::Stop{clock_.steady() + limit}); }
    // A connection showed this worker's token and was answered.
    void connected(std::shared_ptr<Channel> channel);

    [[nodiscard]] std::size_t index() const { return index_; }
    [[nodiscard]] const std::string& name() const { return name_; }
    [[nodiscard]] bool ready() const { return supervisor_.state() == Supervisor::State::kReady; }
    [[nodiscard]] bool stopped() const { return supervisor_.state() == Supervisor::State::kStopped; }
    [[nodiscard]] int failures() const { return supervisor_.failures(); }
    // Whether its event loop has shown no sign of life in the last moments, while runs are on it.
    [[nodiscard]] bool silent() const;
    // A sign of life of its event loop.
    void alive() { alive_at_ = clock_.steady(); }
    // Asks the event loop for one, unless it owes one. Owner::onAnswer() tells.
    void probe();
    // Why a graph cannot run here; nothing when it can.
    [[nodiscard]] const RunError* loadError(std::string_view graph_id) const;
    // Only while ready().
    [[nodiscard]] Channel& channel() { return *channel_; }
    // An event of `bytes` was taken: its credit is to be given back.
    void took(std::size_t bytes) { taken_bytes_ += bytes; }
    // Gives credit back, in batches.
    void giveBack();

    std::size_t active = 0;  // runs on it; kept by the pool
    std::size_t asked = 0;   // questions that it has not answered; kept by the pool

    void onFrame(const std::shared_ptr<Channel>& channel, const FrameView& frame) override;
    void onClosed(const std::shared_ptr<Channel>& channel, std::string_view why) override;

  private:
    void step(const Supervisor::Event& event);
    void act(Supervisor::Action action);
    void arm();
    void spawn();
    void load();
    void loaded(const FrameView* reply);
    // Of a graph in the reply to `load`.
    void take(JsonView graph);
    // The level for what the same load of other workers may have told.
    [[nodiscard]] log::Level levelOf(log::Level first, const std::string& text);
    void dropChannel(std::string_view why);

    const Clock& clock_;
    const WorkerOptions& options_;
    std::size_t index_;
    std::string name_;
    Owner& owner_;
    Supervisor supervisor_;
    boost::asio::steady_timer timer_;
    std::unique_ptr<Process> process_;
    std::shared_ptr<Channel> channel_;
    std::map<std::string, RunError, std::less<>> load_errors_;
    int loads_ = 0;
    std::optional<microseconds> probed_at_;  // an answer is owed since then
    microseconds alive_at_{0};
    std::size_t taken_bytes_ = 0;
    std::shared_ptr<bool> exists_ =
        std::make_shared<bool>(true);  // for callbacks that may outlive this object
};

}  // namespace heddle::graph
