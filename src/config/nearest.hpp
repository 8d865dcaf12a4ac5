// SPDX-License-Identifier: Apache-2.0
// The known name that was probably meant.
#pragma once

#include <optional>
#include <span>
#include <string_view>

namespace heddle::config {

// The name of `known` with the fewest edits (insert, delete, replace, swap neighbours) from `name`, unless
// that is more than a third of its letters.
std::optional<std::string_view> nearest(std::string_view name, std::span<const std::string_view> known);

}  // namespace heddle::config
