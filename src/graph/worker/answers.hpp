// SPDX-License-Identifier: Apache-2.0
// Answers of workers that stay true as long as the graphs' code does: at most so many bytes of them, the ones
// that were asked for last. Sans-io.
#pragma once

#include "base/json.hpp"

#include <cstddef>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace heddle::graph {

class Answers {
  public:
    explicit Answers(std::size_t bytes_max) : bytes_max_(bytes_max) {}

    [[nodiscard]] std::optional<RawJson> find(std::string_view key);
    // One that is larger than all may be is not kept.
    void keep(std::string key, const RawJson& answer);
    void clear();
    [[nodiscard]] std::size_t bytes() const { return bytes_; }

  private:
    using Entries = std::list<std::pair<std::string, RawJson>>;  // the one asked for last is first

    std::size_t bytes_max_;
    std::size_t bytes_ = 0;
    Entries entries_;
    std::unordered_map<std::string_view, Entries::iterator> places_;  // by the entries' keys
};

}  // namespace heddle::graph
