// SPDX-License-Identifier: Apache-2.0
// A received webhook as text for a person's terminal.
#pragma once

#include "base/secret.hpp"
#include "base/time.hpp"
#include "http/message.hpp"

#include <cstddef>
#include <deque>
#include <string>
#include <unordered_map>
#include <vector>

namespace heddle::app {

// How often a webhook-id has come. Forgets the oldest ids beyond limits::kListenIds.
class SeenIds {
  public:
    // How often `id` was counted before; counts it.
    std::size_t count(const std::string& id);

  private:
    std::unordered_map<std::string, std::size_t> times_;
    std::deque<std::string> order_;
};

// Several lines: when and where it came, its id, what its signature is worth, then run, status, error and
// values; long values are cut. The query is masked, and nothing that came can steer the terminal. `before`:
// how often its id has come. Any body is fine.
[[nodiscard]] std::string reportWebhook(const http::Request& request, const std::vector<Secret>& keys,
                                        std::size_t before, Timestamp now);

}  // namespace heddle::app
