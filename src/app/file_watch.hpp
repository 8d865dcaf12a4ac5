// SPDX-License-Identifier: Apache-2.0
// Tells which files of a project have changed: from the kernel (inotify), or by looking every second where
// the kernel does not tell. On a thread of its own, because it reads the project's files.
#pragma once

#include "app/watch_rules.hpp"
#include "base/time.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/thread_pool.hpp>

#include <functional>
#include <memory>
#include <set>
#include <string>

namespace heddle::app {

class FileWatch {
  public:
    enum class By { kKernel, kPolling };
    // Paths of files that hold something else than before, are new, or have gone.
    using Changed = std::function<void(std::set<std::string> paths)>;

    // Begins at once; what changes from then on is told by `changed`, on the loop, once a burst; also what is
    // saved while the files are looked at for the first time. What it cannot watch is a warning in the log.
    FileWatch(boost::asio::any_io_executor loop, const Clock& clock, const WatchRules& rules, By by,
              Changed changed);
    // Waits for the thread, which leaves what it looks at; `changed` is not called any more.
    ~FileWatch();
    FileWatch(const FileWatch&) = delete;
    FileWatch& operator=(const FileWatch&) = delete;

    // kPolling where a folder is on a file system that others change without the kernel's notice (network,
    // mounts of Docker Desktop and WSL).
    [[nodiscard]] static By suitedFor(const WatchedPlaces& places);

  private:
    class Thread;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
    boost::asio::thread_pool pool_{1};
    std::unique_ptr<Thread> thread_;
};

}  // namespace heddle::app
