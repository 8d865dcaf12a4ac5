// SPDX-License-Identifier: Apache-2.0
#include "webhook/circuit.hpp"

#include <algorithm>

namespace heddle::webhook {
namespace {

constexpr double kJitter = 0.2;

}  // namespace

void Circuit::answered() {
    failures_ = 0;
    pauses_ = 0;
    probing_ = false;
}

std::optional<microseconds> Circuit::unanswered(bool was_probe, Random& random) {
    ++failures_;
    if (was_probe) probing_ = false;
    // Attempts that were under way when it opened say nothing new.
    const bool decides = open() ? was_probe : failures_ >= kFailuresMost;
    if (!decides) return std::nullopt;
    const microseconds pause =
        std::min<microseconds>(kFirstPause * (1LL << std::min(pauses_, 10)), kLongestPause);
    ++pauses_;
    const double factor = 1.0 - kJitter + 2 * kJitter * random.unit();
    return microseconds(static_cast<std::int64_t>(static_cast<double>(pause.count()) * factor));
}

void Circuit::untried(bool was_probe) {
    if (was_probe) probing_ = false;
}

}  // namespace heddle::webhook
