// SPDX-License-Identifier: Apache-2.0
// GET /ready: should this server be sent requests? Loop thread only; lives as long as the loop runs.
#pragma once

#include "api/write_probe.hpp"
#include "base/time.hpp"
#include "run/service.hpp"
#include "sql/database.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace heddle::api {

class Readiness {
  public:
    struct Check {
        std::string_view name;
        std::optional<std::string> missing;  // nothing: all is well
    };

    Readiness(boost::asio::any_io_executor loop, sql::Database& db, const Clock& clock,
              const run::Service& runs)
        : loop_(std::move(loop)), db_(db), clock_(clock), runs_(runs) {}
    Readiness(const Readiness&) = delete;
    Readiness& operator=(const Readiness&) = delete;

    // Answers within half a second, whatever the disk does: a write that takes longer counts when it has
    // ended, or as a fault after WriteProbe::kLongest.
    boost::asio::awaitable<std::vector<Check>> check();
    // The server is shutting down: never ready again.
    void drain() { draining_ = true; }

  private:
    boost::asio::awaitable<void> tryWrite();  // after probe_.began()
    boost::asio::awaitable<void> awaitWrite();

    boost::asio::any_io_executor loop_;
    sql::Database& db_;
    const Clock& clock_;
    const run::Service& runs_;
    WriteProbe probe_;
    std::list<boost::asio::steady_timer*> waiting_;  // for the write under way
    bool draining_ = false;
};

}  // namespace heddle::api
