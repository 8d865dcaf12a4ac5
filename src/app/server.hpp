// SPDX-License-Identifier: Apache-2.0
// The whole server as one object: wires everything, serves until told to stop, drains in order.
#pragma once

#include "config/config.hpp"

#include <functional>
#include <memory>
#include <optional>

namespace heddle::app {

class Server {
  public:
    // The configuration as it is now; nothing when it has problems (which it has told).
    using Reload = std::function<std::optional<config::Config>()>;

    // Opens the database and binds the port. Throws std::exception with a text for the operator. `reload`:
    // asked at SIGHUP, for the webhooks' headers and secrets; the rest of a running server does not change,
    // but for
    // --dev (see LiveReload).
    Server(const config::Config& config, Reload reload);
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    // Serves until SIGTERM or SIGINT, then drains. The process's exit status.
    int run();

  private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace heddle::app
