// SPDX-License-Identifier: Apache-2.0
// The whole server as one object: wires everything, serves until told to stop, drains in order.
#pragma once

#include "config/config.hpp"

#include <memory>

namespace heddle::app {

class Server {
  public:
    // Opens the database and binds the port. Throws std::exception with a text for the operator.
    explicit Server(const config::Config& config);
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
