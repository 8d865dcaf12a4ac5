// SPDX-License-Identifier: Apache-2.0
// Comparing JSON values by meaning: 1, 1.0 and 1e0 are one number, and numbers of any size are compared
// exactly.
#pragma once

#include "base/json.hpp"

#include <optional>
#include <string>

namespace heddle::store {

// The canonical text of a scalar: equal texts, equal values. Nothing for objects and arrays.
[[nodiscard]] std::optional<std::string> canonicalScalar(JsonView value);

[[nodiscard]] bool equalJson(JsonView a, JsonView b);

// PostgreSQL's `whole @> part`: every field of an object must be there with a value that contains the part's,
// every element of an array must be contained in some element, scalars must be equal.
[[nodiscard]] bool containsJson(JsonView whole, JsonView part);

// <0, 0, >0. Nothing when they are not both numbers or both strings.
[[nodiscard]] std::optional<int> compareJson(JsonView a, JsonView b);

}  // namespace heddle::store
