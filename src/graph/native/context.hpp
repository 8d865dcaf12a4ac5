// SPDX-License-Identifier: Apache-2.0
// What the built-in graphs are written against: one node each, a coroutine that reads the thread's state and
// returns an update of it. Everything happens on the server's loop thread: never block. (People's own graphs
// are written against include/heddle/graph.hpp.)
#pragma once

#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace heddle::graph {

// Ends a run with status `error`; `type` and `what()` become {"error", "message"}. Any other exception does
// so too, as type "RuntimeError".
class NodeError : public std::runtime_error {
  public:
    NodeError(std::string type, const std::string& message)
        : std::runtime_error(message), type_(std::move(type)) {}
    [[nodiscard]] const std::string& type() const { return type_; }

  private:
    std::string type_;
};

// What a coroutine sees of the run that it executes. Valid until it has ended.
class NodeContext {
  public:
    virtual ~NodeContext() = default;

    // JSON texts. `state`: an object, the thread's state with the input merged in. `input`: as the client
    // sent it. `config`: the run's complete config.
    [[nodiscard]] virtual std::string_view state() const = 0;
    [[nodiscard]] virtual std::string_view input() const = 0;
    [[nodiscard]] virtual std::string_view config() const = 0;

    // Sends a `custom` event, if the client wants them. `json`: one valid JSON value.
    virtual void emit(std::string_view json) = 0;
    // Waits (longer while events of a resumable run cannot be stored); throws what ends the coroutine when
    // the run is cancelled. Let it pass.
    virtual boost::asio::awaitable<void> sleep(std::chrono::microseconds time) = 0;
    [[nodiscard]] virtual bool cancelled() const = 0;
};

// Returns the update: a JSON object whose keys replace those of the state, or "null" for none.
using Coroutine = std::function<boost::asio::awaitable<std::string>(NodeContext&)>;

}  // namespace heddle::graph
