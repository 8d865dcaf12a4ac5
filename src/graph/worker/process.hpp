// SPDX-License-Identifier: Apache-2.0
// Worker processes: started with a clean environment, watched without signals, their output logged.
#pragma once

#include "base/result.hpp"
#include "graph/worker/told.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace heddle::graph {

struct ProcessSpec {
    std::string name;                      // for the log: "python-0"
    std::vector<std::string> command;      // the program, looked up in PATH, and its arguments
    std::vector<std::string> environment;  // "NAME=value", complete
    std::string directory;                 // where it starts; empty: here
};

// A running process. Its end is reported once, on the loop. Destruction kills it and reports nothing.
class Process {
  public:
    virtual ~Process() = default;
    virtual void kill() = 0;
};

// `how`: for people, such as "exit status 1" or "signal 9".
using ProcessEnd = std::function<void(std::string_view how)>;

// Starts processes. An interface so that tests can play the worker themselves.
class Launcher {
  public:
    virtual ~Launcher() = default;
    // A Problem says why it cannot be started.
    virtual Result<std::unique_ptr<Process>> launch(const ProcessSpec& spec, ProcessEnd on_end) = 0;
};

// posix_spawn. Standard input is /dev/null; each line of standard output and error is logged as
// `worker.output`, and why a worker cannot be one (a line on standard error that begins with "heddle_worker:
// ") as the error `worker.unfit`, once.
class SystemLauncher final : public Launcher {
  public:
    explicit SystemLauncher(boost::asio::any_io_executor loop) : loop_(std::move(loop)) {}
    Result<std::unique_ptr<Process>> launch(const ProcessSpec& spec, ProcessEnd on_end) override;

  private:
    boost::asio::any_io_executor loop_;
    std::shared_ptr<Told> told_ = std::make_shared<Told>();
};

// The environment of a worker: `base` ("NAME=value") without the server's own HEDDLE_* variables, then
// `more`, whose names win.
[[nodiscard]] std::vector<std::string> workerEnvironment(
    const std::vector<std::string>& base, const std::vector<std::pair<std::string, std::string>>& more);
// This process's environment.
[[nodiscard]] std::vector<std::string> ownEnvironment();

}  // namespace heddle::graph
