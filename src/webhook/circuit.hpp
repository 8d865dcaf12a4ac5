// SPDX-License-Identifier: Apache-2.0
// The circuit breaker of a destination. Pure: no clock, no I/O.
#pragma once

#include "base/random.hpp"
#include "base/time.hpp"

#include <optional>

namespace heddle::webhook {

// Opens after kFailuresMost attempts in a row that brought no answer. While it is open nothing is sent but
// one probe after each pause; a probe that is answered closes it, one that is not makes the next pause
// longer.
class Circuit {
  public:
    static constexpr int kFailuresMost = 5;
    static constexpr seconds kFirstPause{5};
    static constexpr seconds kLongestPause{60};

    [[nodiscard]] bool open() const { return pauses_ > 0; }
    // A probe is under way.
    [[nodiscard]] bool probing() const { return probing_; }

    // An attempt starts; while open it is the probe.
    void started() { probing_ = open(); }
    // The attempt got an answer, whatever it says.
    void answered();
    // It got none. The pause (±20 %) until the next probe when that opened the circuit or was its probe.
    std::optional<microseconds> unanswered(bool was_probe, Random& random);
    // It ended without having tried the destination (refused by policy, deleted, …).
    void untried(bool was_probe);

  private:
    int failures_ = 0;  // in a row
    int pauses_ = 0;    // since it opened; 0: closed
    bool probing_ = false;
};

}  // namespace heddle::webhook
