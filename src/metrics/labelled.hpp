// SPDX-License-Identifier: Apache-2.0
// Children of a metric family, remembered by the value of their one label: prometheus-cpp would hash a map of
// strings for each look-up. For a handful of values; loop thread only.
#pragma once

#include <prometheus/family.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace heddle::metrics {

template <typename Metric>
class Labelled {
  public:
    // `family` outlives this.
    Labelled(prometheus::Family<Metric>& family, std::string label)
        : family_(family), label_(std::move(label)) {}

    // Made at its first use; stays where it is.
    Metric& at(std::string_view value) {
        for (const auto& [known, metric] : known_) {
            if (known == value) return *metric;
        }
        Metric& made = family_.Add({{label_, std::string(value)}});
        known_.emplace_back(value, &made);
        return made;
    }

    // In the order of their first use.
    [[nodiscard]] const std::vector<std::pair<std::string, Metric*>>& all() const { return known_; }

  private:
    prometheus::Family<Metric>& family_;
    std::string label_;
    std::vector<std::pair<std::string, Metric*>> known_;
};

}  // namespace heddle::metrics
