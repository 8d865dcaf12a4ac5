// SPDX-License-Identifier: Apache-2.0
#include "app/watch_rules.hpp"

#include <algorithm>
#include <array>

namespace heddle::app {
namespace {

constexpr std::array<std::string_view, 5> kOthersFolders{"__pycache__", "node_modules", "site-packages",
                                                         "dist-packages", "__pypackages__"};
// Not `.log`, `.db`, `.csv`, `.png` and the like: graphs write those, and each run would renew the workers.
constexpr std::array<std::string_view, 15> kEndings{".py",  ".pyi",   ".json",   ".toml", ".yaml",
                                                    ".yml", ".cfg",   ".ini",    ".txt",  ".md",
                                                    ".j2",  ".jinja", ".jinja2", ".sql",  ".prompt"};

std::string_view nameOf(std::string_view path) {
    return path.substr(path.rfind('/') + 1);  // npos + 1 is 0
}

template <class List>
bool has(const List& list, std::string_view text) {
    return std::ranges::find(list, text) != list.end();
}

}  // namespace

bool WatchRules::isNamed(std::string_view folder) const {
    return has(places_.folders, folder);
}

bool WatchRules::enters(std::string_view folder) const {
    if (isNamed(folder)) return true;
    const auto name = nameOf(folder);
    return folder != places_.data_dir && !name.starts_with('.') && !has(kOthersFolders, name);
}

bool WatchRules::matters(std::string_view file) const {
    if (has(places_.files, file)) return true;
    const auto name = nameOf(file);
    if (name.empty() || name.starts_with('.') || name.starts_with('#') || name.ends_with('~')) return false;
    return std::ranges::any_of(kEndings, [&](auto ending) { return name.ends_with(ending); });
}

bool WatchRules::marksPackages(std::string_view file) {
    return nameOf(file) == "pyvenv.cfg";
}

}  // namespace heddle::app
