// SPDX-License-Identifier: Apache-2.0
// Changes of files that belong together: an editor's save, a checkout. A pure state machine: no file, no
// clock.
#pragma once

#include "base/time.hpp"

#include <chrono>
#include <optional>
#include <set>
#include <string>

namespace heddle::app {

class ChangeBurst {
  public:
    struct Times {
        microseconds quiet = std::chrono::milliseconds(150);  // without a change: it is over
        microseconds most = std::chrono::seconds(2);          // however long changes go on
    };
    explicit ChangeBurst(Times times) : times_(times) {}

    // `now`: monotonic.
    void touched(std::string path, microseconds now);
    // What was touched in or below this folder does not count.
    void forget(const std::string& folder);
    // When to look; nothing: there was no change.
    [[nodiscard]] std::optional<microseconds> dueAt() const;
    // The files of a burst that is over, each once; else nothing. Begins anew.
    [[nodiscard]] std::set<std::string> take(microseconds now);

  private:
    Times times_;
    std::set<std::string> paths_;
    microseconds first_{0};
    microseconds last_{0};
};

}  // namespace heddle::app
