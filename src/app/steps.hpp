// SPDX-License-Identifier: Apache-2.0
// What a person sees of work that takes a while: one line a step on standard error, with the time it took.
#pragma once

#include "base/time.hpp"

#include <string>
#include <string_view>

namespace heddle::app {

// On a terminal the step's line is rewritten while it goes on; elsewhere a line comes at its begin and end,
// and one every ten seconds between. Bytes that would move a terminal's cursor are not written.
class Step {
  public:
    explicit Step(std::string title);
    // One that was not done() has failed.
    ~Step();
    Step(const Step&) = delete;
    Step& operator=(const Step&) = delete;

    // What it is at just now.
    void detail(std::string_view text);
    // Call it about once a second.
    void tick();
    void done();

  private:
    void rewrite(std::string_view end);
    [[nodiscard]] std::string took() const;

    SystemClock clock_;
    std::string title_;
    std::string detail_;
    microseconds begun_;
    microseconds told_;
    bool terminal_;
    bool open_ = true;
};

}  // namespace heddle::app
