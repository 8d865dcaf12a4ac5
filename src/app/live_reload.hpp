// SPDX-License-Identifier: Apache-2.0
// Development: when files of the project change, langgraph.json is read again and new workers take over from
// those that run the older code. On the loop only.
#pragma once

#include "app/execution.hpp"
#include "app/file_watch.hpp"
#include "app/server.hpp"
#include "base/time.hpp"
#include "config/config.hpp"
#include "run/service.hpp"
#include "sql/database.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace heddle::app {

class LiveReload {
  public:
    // Of the server, which outlives this object. What can change while it runs is written to `config`:
    // graphs, dependencies, env.
    struct Parts {
        boost::asio::any_io_executor loop;
        const Clock& clock;
        sql::Database& db;
        config::Config& config;
        Execution& execution;
        run::Service& runs;
        // Takes the webhooks' headers and secrets, and the API keys.
        std::function<void(const config::Config&)> credentials;
    };

    // Watches at once.
    LiveReload(Parts parts, Server::Reload reload);
    ~LiveReload();
    LiveReload(const LiveReload&) = delete;
    LiveReload& operator=(const LiveReload&) = delete;

  private:
    void watch();
    void onChange(const std::set<std::string>& paths);
    // One at a time; what changes meanwhile is read by another round. `alive`: expires when this object has
    // gone.
    static boost::asio::awaitable<void> renew(LiveReload* self, std::weak_ptr<bool> alive);
    // What of `read` a running server takes over; tells in the log what it does not.
    void adopt(config::Config read);

    Parts parts_;
    Server::Reload reload_;
    std::vector<config::GraphSpec> native_;  // as at the start: they are part of the process
    std::vector<std::string> told_;          // keys that were said to need a restart
    bool renewing_ = false;
    bool again_ = false;
    WatchedPlaces places_;
    std::unique_ptr<FileWatch> watch_;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace heddle::app
