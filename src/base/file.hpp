// SPDX-License-Identifier: Apache-2.0
// Small files, read at once. Blocks; any thread.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

namespace heddle {

// The whole file, or nothing when it cannot be read or has more than `most` bytes.
[[nodiscard]] std::optional<std::string> readFile(const std::string& path, std::size_t most);

}  // namespace heddle
