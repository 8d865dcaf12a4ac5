// SPDX-License-Identifier: Apache-2.0
// Programs that are run to their end: an interpreter that is asked something, pip. No shell is involved.
#pragma once

#include "base/result.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace heddle::app {

struct ProgramCall {
    std::vector<std::string> command;      // the program, looked up in PATH, and its arguments
    std::vector<std::string> environment;  // "NAME=value", complete
    std::string directory;                 // where it starts; empty: here
    std::string input;                     // its standard input
    std::chrono::milliseconds limit = std::chrono::hours(6);
    std::function<void(std::string_view line)> on_line;  // of both outputs, as they come; may be empty
    std::function<void()> on_second;                     // about once a second; may be empty
};

struct ProgramEnd {
    int status = 0;  // its exit status; 128 and the number for one that a signal ended
    std::string output;
    std::string errors;  // of each output the last MiB
    bool late = false;   // it was ended at the limit
};

// Runs a program in a process group of its own. SIGINT and SIGTERM that come meanwhile end that group; the
// call throws Interrupted then. A Problem says why the program cannot be started. Blocks.
[[nodiscard]] Result<ProgramEnd> runProgram(const ProgramCall& call);

struct Interrupted : std::runtime_error {
    Interrupted() : std::runtime_error("interrupted") {}
};

// While it lives, SIGINT and SIGTERM wait for runProgram() or check(), so that what was begun can be put in
// order. The signals' mask is a thread's: use it in a process that has one.
class HeldSignals {
  public:
    HeldSignals();
    ~HeldSignals();
    HeldSignals(const HeldSignals&) = delete;
    HeldSignals& operator=(const HeldSignals&) = delete;
    // Throws Interrupted when one came.
    static void check();

  private:
    struct Mask;
    std::unique_ptr<Mask> before_;
};

// The path of a program as execvp would find it; empty when there is none that can be executed.
[[nodiscard]] std::string findProgram(const std::string& name);

}  // namespace heddle::app
