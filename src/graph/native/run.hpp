// SPDX-License-Identifier: Apache-2.0
// One attempt of a run on a native graph: what its coroutine sees, and what waits to be stored.
#pragma once

#include "graph/executor.hpp"
#include "graph/native/bell.hpp"
#include "graph/native/context.hpp"
#include "graph/native/node_call.hpp"
#include "graph/native/snapshot.hpp"
#include "sql/database.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace heddle::graph {

// Ends the coroutine of a graph whose run was cancelled, or whose attempt is no longer the current one.
class RunStopped : public std::exception {
  public:
    [[nodiscard]] const char* what() const noexcept override { return "the run was stopped"; }
};

// On the loop only. Owned by the executor's coroutine, kept alive by it.
class NativeRun final : public NodeContext {
  public:
    NativeRun(boost::asio::any_io_executor loop, sql::Database& db, RunObserver& observer, RunStart start);

    [[nodiscard]] std::string_view state() const override { return state_.text(); }
    [[nodiscard]] std::string_view input() const override { return start.run.kwargs.input.text(); }
    [[nodiscard]] std::string_view config() const override { return start.run.kwargs.config.text(); }
    void emit(std::string_view json) override;
    boost::asio::awaitable<void> sleep(std::chrono::microseconds time) override;
    [[nodiscard]] bool cancelled() const override { return cancelled_; }

    void cancel();
    // Sends an event if the client asked for its mode.
    void send(std::string_view mode, std::string_view json);
    // Takes the snapshot one checkpoint on; the checkpoint waits until store().
    void advance(const Step& step);
    // Goes on from the snapshot as it is.
    void resume() { state_ = snapshot.values(); }
    // The graph has ended; states may be large.
    void dropState() { state_ = RawJson(); }
    // The node of the snapshot failed, asked, or was answered: waits until store() like a checkpoint.
    void record(const RunError& error);
    void ask(RawJson question);
    // The answers from `first` on are new at this checkpoint.
    void answer(ResumeValues answers, std::size_t first);
    // Stores what waits, in one transaction. Throws RunStopped when the attempt is no longer the current one,
    // and sql::Error when the database cannot.
    boost::asio::awaitable<void> store();

    // What a library's node is called with.
    [[nodiscard]] NodeInput nodeInput(std::string node) const;
    // The call that is under way: cancel() reaches it. Null: none is.
    void attach(std::shared_ptr<NodeCall> call);
    // Whether its events cannot be stored now; then whenRoom() rings when they can.
    [[nodiscard]] bool lacksRoom() const;
    void whenRoom(std::shared_ptr<Bell> bell);
    [[nodiscard]] bool wants(std::string_view mode) const;

    RunStart start;
    Snapshot snapshot;

  private:
    boost::asio::awaitable<void> wait(boost::asio::steady_timer& timer);

    boost::asio::any_io_executor loop_;
    sql::Database& db_;
    RunObserver& observer_;
    RawJson state_;
    bool cancelled_ = false;
    std::vector<boost::asio::steady_timer*> sleeping_;
    std::shared_ptr<NodeCall> call_;
    std::vector<CheckpointPut> puts_;
    std::vector<std::pair<CheckpointKey, PendingWrite>> writes_;
};

}  // namespace heddle::graph
