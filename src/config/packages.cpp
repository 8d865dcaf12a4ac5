// SPDX-License-Identifier: Apache-2.0
// `python_version`, `pip_config_file`, `pip_installer`: what `heddle install` goes by.
#include "config/loading.hpp"

#include <algorithm>
#include <filesystem>

namespace heddle::config {
namespace {

bool isNumber(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

void readPythonVersion(const Field& field, Loading& loading) {
    const auto text = field.text();
    if (!text) return;
    const auto dot = text->find('.');
    if (dot == std::string::npos || !isNumber(text->substr(0, dot)) || !isNumber(text->substr(dot + 1))) {
        field.warning("has no effect: expected MAJOR.MINOR, as in \"3.12\"");
        return;
    }
    loading.config.packages.python_version = *text;
}

// Only an installation needs the file, so a server starts without it.
void readPipConfigFile(const Field& field, Loading& loading) {
    const auto name = field.text();
    if (!name) return;
    auto& file = loading.config.packages.pip_config_file;
    file = absolutePath(loading.config.root, *name);
    std::error_code ignored;
    if (!std::filesystem::is_regular_file(file, ignored)) field.warning("the file does not exist: " + file);
}

void readPipInstaller(const Field& field, Loading& loading) {
    const auto text = field.text();
    if (!text) return;
    using Installer = PackageSettings::Installer;
    auto& to = loading.config.packages.installer;
    if (*text == "auto") {
        to = Installer::kAuto;
    } else if (*text == "pip") {
        to = Installer::kPip;
    } else if (*text == "uv") {
        to = Installer::kUv;
    } else {
        field.problem("must be auto, pip or uv");
    }
}

}  // namespace heddle::config
