// SPDX-License-Identifier: Apache-2.0
#include "app/change_burst.hpp"

#include <algorithm>
#include <utility>

namespace heddle::app {

void ChangeBurst::touched(std::string path, microseconds now) {
    if (paths_.empty()) first_ = now;
    last_ = now;
    paths_.insert(std::move(path));
}

void ChangeBurst::forget(const std::string& folder) {
    std::erase_if(paths_, [start = folder + "/"](const auto& path) { return path.starts_with(start); });
}

std::optional<microseconds> ChangeBurst::dueAt() const {
    if (paths_.empty()) return std::nullopt;
    return std::min(last_ + times_.quiet, first_ + times_.most);
}

std::set<std::string> ChangeBurst::take(microseconds now) {
    const auto due = dueAt();
    if (!due || now < *due) return {};
    return std::exchange(paths_, {});
}

}  // namespace heddle::app
