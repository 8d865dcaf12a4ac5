// SPDX-License-Identifier: Apache-2.0
// A value that cannot be formatted, logged or compared by accident.
#pragma once

#include <string>
#include <utility>

namespace heddle {

class Secret {
  public:
    Secret() = default;
    explicit Secret(std::string value) : value_(std::move(value)) {}

    // The only way out; call it where the value leaves for its destination.
    [[nodiscard]] const std::string& reveal() const { return value_; }
    [[nodiscard]] bool empty() const { return value_.empty(); }

  private:
    std::string value_;
};

}  // namespace heddle
