// SPDX-License-Identifier: Apache-2.0
// The .env format: NAME=value lines, comments, quotes, `export`. Nothing is expanded: `$HOME` stays `$HOME`.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace heddle::config {

struct EnvFile {
    std::vector<std::pair<std::string, std::string>>
        variables;                      // the last value of a name, at the first one's place
    std::vector<std::string> problems;  // "line 3: …"; never a value
};

EnvFile parseEnvFile(std::string_view text);

// A letter or '_', then letters, digits and '_'.
[[nodiscard]] bool isVariableName(std::string_view name);

}  // namespace heddle::config
