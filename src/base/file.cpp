// SPDX-License-Identifier: Apache-2.0
#include "base/file.hpp"

#include <filesystem>
#include <fstream>
#include <system_error>

namespace heddle {

std::optional<std::string> readFile(const std::string& path, std::size_t most) {
    std::error_code ignored;
    if (std::filesystem::is_directory(path, ignored)) return std::nullopt;
    std::ifstream file(path, std::ios::binary);
    std::string bytes(most + 1, '\0');
    file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    if (file.bad() || !file.eof()) return std::nullopt;
    bytes.resize(static_cast<std::size_t>(file.gcount()));
    return bytes;
}

}  // namespace heddle
