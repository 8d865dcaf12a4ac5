// SPDX-License-Identifier: Apache-2.0
// The kernel's notices of changes in folders. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace heddle::app {

class Inotify {
  public:
    struct Notice {
        std::string path;
        bool folder = false;
        bool gone = false;  // moved away or deleted
    };
    enum class Added { kYes, kNo, kLimit };

    Inotify();
    ~Inotify();
    Inotify(const Inotify&) = delete;
    Inotify& operator=(const Inotify&) = delete;

    // Readable when there are notices; -1: the kernel has none left for this user
    // (fs.inotify.max_user_instances).
    [[nodiscard]] int descriptor() const { return descriptor_; }
    // kLimit: fs.inotify.max_user_watches is used up. kNo: there is no such folder (any more).
    Added add(const std::string& folder);
    // The folder and what is below it.
    void remove(const std::string& folder);
    [[nodiscard]] std::size_t size() const { return folders_.size(); }
    // Reads what there is, without waiting. `lost`: notices were lost; everything has to be looked at.
    // `gone`: a folder was deleted or moved away itself, and is not watched any more.
    void read(const std::function<void(const Notice&)>& each, const std::function<void()>& lost,
              const std::function<void(const std::string& folder)>& gone);

  private:
    int descriptor_;
    std::map<int, std::string> folders_;  // by watch
};

}  // namespace heddle::app
