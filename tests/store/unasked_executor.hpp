// SPDX-License-Identifier: Apache-2.0
// An executor without workers to ask: every question about states and graphs is refused.
#pragma once

#include "graph/executor.hpp"

namespace heddle::test {

class UnaskedExecutor : public graph::Executor {
  public:
    boost::asio::awaitable<Result<RawJson>> state(graph::StateQuery) override {
        co_return Problem::unavailable("no worker");
    }
    boost::asio::awaitable<Result<RawJson>> history(graph::HistoryQuery) override {
        co_return Problem::unavailable("no worker");
    }
    boost::asio::awaitable<Result<graph::UpdatedState>> update(graph::StateUpdate) override {
        co_return Problem::unavailable("no worker");
    }
    boost::asio::awaitable<Result<RawJson>> describe(GraphQuestion) override {
        co_return Problem::unavailable("no worker");
    }
};

}  // namespace heddle::test
