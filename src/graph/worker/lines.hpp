// SPDX-License-Identifier: Apache-2.0
// Cuts what a process prints into lines of bounded length. No I/O.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

namespace heddle::graph {

class LineSplitter {
  public:
    using Sink = std::function<void(std::string_view line)>;
    LineSplitter(std::size_t line_max, Sink sink) : line_max_(line_max), sink_(std::move(sink)) {}

    // Gives every line that is complete, without its end; empty ones are left out. A line longer than
    // `line_max` comes in pieces.
    void feed(std::string_view text);
    // The end: what is left is a line too.
    void finish();

  private:
    void give(std::string_view line);

    std::size_t line_max_;
    Sink sink_;
    std::string rest_;
};

}  // namespace heddle::graph
