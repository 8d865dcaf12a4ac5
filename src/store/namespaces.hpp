// SPDX-License-Identifier: Apache-2.0
// Namespaces as one text whose order keeps prefixes together. Internal to store.
#pragma once

#include "domain/item.hpp"

#include <span>
#include <string>
#include <string_view>

namespace heddle::store {

// Every label with an end mark that no label can hold (the mark, its escape and NUL are escaped in labels):
// the namespaces below a prefix are exactly the texts from encodeNamespace(prefix) to before
// afterNamespace(prefix).
[[nodiscard]] std::string encodeNamespace(std::span<const std::string> labels);
[[nodiscard]] Namespace decodeNamespace(std::string_view text);
// The first text after all that begin with the prefix, which must have a label.
[[nodiscard]] std::string afterNamespace(std::span<const std::string> prefix);

}  // namespace heddle::store
