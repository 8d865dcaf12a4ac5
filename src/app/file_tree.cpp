// SPDX-License-Identifier: Apache-2.0
#include "app/file_tree.hpp"

#include "base/file.hpp"

#include <sys/stat.h>

#include <filesystem>
#include <functional>
#include <system_error>
#include <utility>

namespace heddle::app {
namespace fs = std::filesystem;
namespace {

constexpr std::int64_t kRead = 1024 * 1024;

}  // namespace

void FileTree::walk(const std::string& folder, const Enter& enter, const Found& found) const {
    std::error_code error;
    if (!rules_.isNamed(folder) && fs::exists(folder + "/pyvenv.cfg", error)) return;
    if (!enter(folder)) return;
    std::vector<std::string> inner;
    fs::directory_iterator entry(folder, fs::directory_options::skip_permission_denied, error);
    for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
        std::error_code unknown;
        const std::string path = entry->path().string();
        if (entry->is_symlink(unknown) ? false : entry->is_directory(unknown)) {
            if (rules_.enters(path)) inner.push_back(path);
        } else if (rules_.matters(path) && entry->is_regular_file(unknown)) {
            found(path);
        }
    }
    for (const auto& each : inner) walk(each, enter, found);
}

std::optional<FileTree::Stamp> FileTree::glance(const std::string& file) {
    struct stat info {};
    if (::stat(file.c_str(), &info) != 0 || !S_ISREG(info.st_mode)) return std::nullopt;
    return Stamp{info.st_size, info.st_mtim.tv_sec * 1'000'000'000 + info.st_mtim.tv_nsec, std::nullopt};
}

bool FileTree::refresh(const std::string& file) {
    auto now = glance(file);
    const auto known = known_.find(file);
    if (!now) {
        if (known == known_.end()) return false;
        known_.erase(known);
        return true;
    }
    if (now->bytes <= kRead) {
        const auto text = readFile(file, static_cast<std::size_t>(now->bytes));
        if (text) now->content = std::hash<std::string>()(*text);
    }
    if (known == known_.end()) {
        known_.emplace(file, *now);
        return true;
    }
    const Stamp before = std::exchange(known->second, *now);
    if (before.bytes != now->bytes || before.content.has_value() != now->content.has_value()) return true;
    return now->content ? before.content != now->content : before.changed_ns != now->changed_ns;
}

bool FileTree::looksChanged(const std::string& file) const {
    const auto now = glance(file);
    const auto known = known_.find(file);
    if (!now || known == known_.end()) return now.has_value() != (known != known_.end());
    return now->bytes != known->second.bytes || now->changed_ns != known->second.changed_ns;
}

std::set<std::string> FileTree::savedSince(Timestamp time) const {
    std::set<std::string> files;
    for (const auto& [file, stamp] : known_) {
        if (stamp.changed_ns / 1'000 > time.micros()) files.insert(file);
    }
    return files;
}

std::set<std::string> FileTree::below(const std::string& folder) const {
    std::set<std::string> files;
    const std::string start = folder.ends_with('/') ? folder : folder + "/";
    for (auto each = known_.lower_bound(start); each != known_.end() && each->first.starts_with(start);
         ++each) {
        files.insert(each->first);
    }
    return files;
}

void FileTree::forget(const std::string& folder) {
    for (const auto& file : below(folder)) known_.erase(file);
}

}  // namespace heddle::app
