// SPDX-License-Identifier: Apache-2.0
// What langgraph.json names in code: "./graphs.py:agent", "pkg.module:agent".
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace heddle::config {

struct ImportPath {
    std::string place;  // a file or a module, as written
    std::string name;   // in it
};

// Nothing when it has not both parts.
[[nodiscard]] std::optional<ImportPath> splitImportPath(std::string_view path);

// "agent" or "factory.agent"
[[nodiscard]] bool isDottedName(std::string_view name);

// Whether the place is a module's name, not a Python file.
[[nodiscard]] bool isModule(std::string_view place);

}  // namespace heddle::config
