// SPDX-License-Identifier: Apache-2.0
#include "graph/worker/answers.hpp"

namespace heddle::graph {

std::optional<RawJson> Answers::find(std::string_view key) {
    const auto place = places_.find(key);
    if (place == places_.end()) return std::nullopt;
    entries_.splice(entries_.begin(), entries_, place->second);
    return place->second->second;
}

void Answers::keep(std::string key, const RawJson& answer) {
    const std::size_t bytes = key.size() + answer.text().size();
    if (bytes > bytes_max_ || places_.contains(key)) return;
    entries_.emplace_front(std::move(key), answer);
    places_.emplace(entries_.front().first, entries_.begin());
    bytes_ += bytes;
    while (bytes_ > bytes_max_) {
        const auto& last = entries_.back();
        bytes_ -= last.first.size() + last.second.text().size();
        places_.erase(last.first);
        entries_.pop_back();
    }
}

void Answers::clear() {
    places_.clear();
    entries_.clear();
    bytes_ = 0;
}

}  // namespace heddle::graph
