// SPDX-License-Identifier: Apache-2.0
#include "app/inotify.hpp"

#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace heddle::app {
namespace {

constexpr std::uint32_t kWanted = IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO |
                                  IN_MOVE_SELF | IN_ONLYDIR | IN_EXCL_UNLINK;

}  // namespace

Inotify::Inotify() : descriptor_(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) {}

Inotify::~Inotify() {
    if (descriptor_ >= 0) ::close(descriptor_);
}

Inotify::Added Inotify::add(const std::string& folder) {
    const int watch = ::inotify_add_watch(descriptor_, folder.c_str(), kWanted);
    if (watch < 0) return errno == ENOSPC ? Added::kLimit : Added::kNo;
    folders_[watch] = folder;
    return Added::kYes;
}

void Inotify::remove(const std::string& folder) {
    const std::string start = folder + "/";
    std::erase_if(folders_, [&](const auto& each) {
        const bool inside = each.second == folder || each.second.starts_with(start);
        if (inside) ::inotify_rm_watch(descriptor_, each.first);
        return inside;
    });
}

void Inotify::read(const std::function<void(const Notice&)>& each, const std::function<void()>& lost,
                   const std::function<void(const std::string&)>& gone) {
    alignas(inotify_event) std::array<char, 64 * 1024> buffer{};
    for (;;) {
        const auto got = ::read(descriptor_, buffer.data(), buffer.size());
        if (got <= 0) return;
        for (std::size_t at = 0; at < static_cast<std::size_t>(got);) {
            inotify_event event{};
            std::memcpy(&event, buffer.data() + at, sizeof(event));
            const char* name = buffer.data() + at + sizeof(event);
            at += sizeof(event) + event.len;
            if ((event.mask & IN_Q_OVERFLOW) != 0) lost();
            const auto folder = folders_.find(event.wd);
            if (folder == folders_.end()) continue;
            if ((event.mask & (IN_IGNORED | IN_MOVE_SELF)) != 0) {
                const std::string path = folder->second;
                if ((event.mask & IN_IGNORED) != 0) folders_.erase(folder);
                remove(path);  // where it is now is not ours
                gone(path);
            } else if (event.len > 0) {
                each({folder->second + "/" + name, (event.mask & IN_ISDIR) != 0,
                      (event.mask & (IN_DELETE | IN_MOVED_FROM)) != 0});
            }
        }
    }
}

}  // namespace heddle::app
