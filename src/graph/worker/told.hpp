// SPDX-License-Identifier: Apache-2.0
// What was told already: workers that load the same graphs find the same faults, which one line is enough
// for.
#pragma once

#include <cstddef>
#include <map>
#include <string>

namespace heddle::graph {

class Told {
  public:
    // Whether nobody has told this in the round yet. A worker's round is how many times it has loaded, so
    // what is still wrong after a restart is told again.
    [[nodiscard]] bool first(const std::string& text, int round) {
        if (rounds_.size() >= kMost) rounds_.clear();
        int& last = rounds_[text];
        if (last >= round) return false;
        last = round;
        return true;
    }

  private:
    static constexpr std::size_t kMost = 1'000;
    std::map<std::string, int> rounds_;
};

}  // namespace heddle::graph
