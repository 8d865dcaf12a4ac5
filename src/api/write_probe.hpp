// SPDX-License-Identifier: Apache-2.0
// Whether the database can be written, from a tiny write now and then. Sans-io: told what happens, asked what
// to do and what to say. Times are of one monotonic clock.
#pragma once

#include "base/time.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace heddle::api {

class WriteProbe {
  public:
    static constexpr microseconds kEvery = std::chrono::seconds(1);  // at most so often
    // After a failure of somebody else's write, which may have needed more room than ours.
    static constexpr microseconds kDistrust = std::chrono::seconds(5);
    static constexpr microseconds kLongest = std::chrono::seconds(5);  // a write that takes longer is a fault

    // Should a write be tried now?
    [[nodiscard]] bool wanted(microseconds now) const;
    [[nodiscard]] bool underWay() const { return began_.has_value(); }
    void began(microseconds now) { began_ = now; }
    // `fault`: why it failed; nothing: it is durable.
    void ended(microseconds now, std::optional<std::string> fault);
    // How many writes of anybody have failed because of the disk so far.
    void sawFailures(std::uint64_t count, microseconds now);
    // Why the database cannot be written, as far as is known; nothing: it can.
    [[nodiscard]] std::optional<std::string> fault(microseconds now) const;

  private:
    std::optional<microseconds> began_;  // of the write under way
    std::optional<microseconds> ended_;  // of the last one
    std::optional<std::string> fault_;   // its
    std::uint64_t failures_ = 0;
    std::optional<microseconds> failed_at_;  // when the last of them was seen
};

}  // namespace heddle::api
