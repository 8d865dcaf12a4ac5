// SPDX-License-Identifier: Apache-2.0
// What the files of a project held when they were last looked at. Blocks on the file system; one thread.
#pragma once

#include "app/watch_rules.hpp"
#include "base/time.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>

namespace heddle::app {

class FileTree {
  public:
    explicit FileTree(WatchRules rules) : rules_(std::move(rules)) {}

    [[nodiscard]] const WatchRules& rules() const { return rules_; }
    [[nodiscard]] std::size_t size() const { return known_.size(); }

    // Calls `enter` for `folder` and each one below it that is watched, before its entries are read, and
    // `found` for their files that matter. Links to folders are not followed; what cannot be read is left
    // out.
    using Enter = std::function<bool(const std::string& folder)>;  // false: not this one
    using Found = std::function<void(const std::string& file)>;
    void walk(const std::string& folder, const Enter& enter, const Found& found) const;

    // Looks at a file again. Whether it holds something else than before, is new or has gone. Larger files
    // than 1 MiB are told by their size and time, others by what they hold.
    bool refresh(const std::string& file);
    // Whether size or time are others than before, without reading it.
    [[nodiscard]] bool looksChanged(const std::string& file) const;
    // The known files with a later time than this one, by the file system's clock.
    [[nodiscard]] std::set<std::string> savedSince(Timestamp time) const;
    // The known files in or below a folder.
    [[nodiscard]] std::set<std::string> below(const std::string& folder) const;
    // They are not looked at any more.
    void forget(const std::string& folder);

  private:
    struct Stamp {
        std::int64_t bytes = 0;
        std::int64_t changed_ns = 0;
        std::optional<std::size_t> content;  // a hash
    };
    static std::optional<Stamp> glance(const std::string& file);

    WatchRules rules_;
    std::map<std::string, Stamp> known_;
};

}  // namespace heddle::app
