// SPDX-License-Identifier: Apache-2.0
// One call of a node of a shared library: the place where its thread and the loop meet. Owned by both.
#pragma once

#include "base/json.hpp"
#include "domain/run.hpp"
#include "graph/native/bell.hpp"
#include <heddle/graph_abi.hpp>

#include <boost/asio/any_io_executor.hpp>

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace heddle::graph {

// What a call is made with; constant from then on.
struct NodeInput {
    std::string node;
    RawJson state;
    RawJson input;
    RawJson config;
    RawJson context;
    std::vector<RawJson> answers;  // to the node's questions, in their order
    bool custom = false;           // whether anybody wants what emit() sends
};

// How a node ended: with an error, a question, stopped, or with what follows.
struct NodeOutcome {
    std::optional<RunError> error;
    std::optional<RawJson> question;
    bool stopped = false;
    RawJson update;                  // as the node returned it: an object or null
    std::optional<RawJson> reduced;  // what that writes to the state, where it is something else
    std::vector<std::string> next;   // the node that follows; empty at the end

    [[nodiscard]] JsonView writes() const { return reduced ? reduced->view() : update.view(); }
    static NodeOutcome failed(std::string type, std::string message) {
        NodeOutcome outcome;
        outcome.error = RunError{std::move(type), std::move(message)};
        return outcome;
    }
};

class NodeCall {
  public:
    // `bell` rings on the loop when there are events, and at the end.
    NodeCall(boost::asio::any_io_executor loop, std::shared_ptr<Bell> bell, NodeInput input);

    const NodeInput input;

    // ---- The node's thread.
    // False: it was cancelled before it began, and has ended.
    [[nodiscard]] bool begin();
    // The functions that the node may call until it returns.
    [[nodiscard]] heddle_run table();
    // What interrupt() asked without getting an answer: the node was to end then, whatever it returned.
    [[nodiscard]] std::optional<RawJson> question() const { return question_; }
    void end(NodeOutcome outcome);

    // ---- The loop.
    void cancel();
    // The loop goes away: nothing is posted to it any more.
    void abandon();
    [[nodiscard]] bool ended();
    // Those of emit(), in their order. A node that waits for room goes on.
    [[nodiscard]] std::vector<std::string> takeEvents();
    [[nodiscard]] bool hasEvents();
    // Once, after ended().
    [[nodiscard]] NodeOutcome takeOutcome();

  private:
    heddle_status emit(heddle_text json);
    heddle_status interrupt(heddle_text question, heddle_text& answer);
    heddle_status sleep(std::chrono::microseconds time);
    [[nodiscard]] bool stopped();
    [[nodiscard]] bool over() const { return cancelled_ || abandoned_ || question_.has_value(); }
    void ring();

    std::mutex mutex_;
    std::condition_variable changed_;
    boost::asio::any_io_executor loop_;
    std::shared_ptr<Bell> bell_;
    std::vector<std::string> events_;
    std::size_t event_bytes_ = 0;
    std::size_t answered_ = 0;  // of input.answers
    std::optional<RawJson> question_;
    std::optional<NodeOutcome> outcome_;
    bool begun_ = false;
    bool cancelled_ = false;
    bool abandoned_ = false;
};

}  // namespace heddle::graph
