// SPDX-License-Identifier: Apache-2.0
#include "config/import_path.hpp"

#include "config/env_file.hpp"

namespace heddle::config {

std::optional<ImportPath> splitImportPath(std::string_view path) {
    const auto colon = path.rfind(':');
    if (colon == std::string_view::npos || colon == 0 || colon + 1 == path.size()) return std::nullopt;
    return ImportPath{std::string(path.substr(0, colon)), std::string(path.substr(colon + 1))};
}

bool isDottedName(std::string_view name) {
    while (true) {
        const auto part = name.substr(0, name.find('.'));
        if (!isVariableName(part)) return false;
        if (part.size() == name.size()) return true;
        name.remove_prefix(part.size() + 1);
    }
}

bool isModule(std::string_view place) {
    return isDottedName(place) && !place.ends_with(".py");
}

}  // namespace heddle::config
