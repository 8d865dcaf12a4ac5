// SPDX-License-Identifier: Apache-2.0
#include "api/write_probe.hpp"

#include <utility>

namespace heddle::api {

bool WriteProbe::wanted(microseconds now) const {
    return !began_ && (!ended_ || now - *ended_ >= kEvery);
}

void WriteProbe::ended(microseconds now, std::optional<std::string> fault) {
    began_.reset();
    ended_ = now;
    fault_ = std::move(fault);
}

void WriteProbe::sawFailures(std::uint64_t count, microseconds now) {
    if (count > failures_) failed_at_ = now;
    failures_ = count;
}

std::optional<std::string> WriteProbe::fault(microseconds now) const {
    if (began_ && now - *began_ > kLongest) {
        const auto waited = std::chrono::duration_cast<std::chrono::seconds>(now - *began_);
        return "a write has been waiting for " + std::to_string(waited.count()) + " s";
    }
    if (!fault_ && failed_at_ && now - *failed_at_ < kDistrust)
        return "a write failed in the last seconds: the disk is full or fails";
    return fault_;
}

}  // namespace heddle::api
