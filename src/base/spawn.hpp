// SPDX-License-Identifier: Apache-2.0
// What starting another program takes: pipes, what posix_spawn is told, arguments as it wants them.
#pragma once

#include <spawn.h>

#include <string>
#include <utility>
#include <vector>

namespace heddle {

// Owns a file descriptor; -1: none.
class FileDescriptor {
  public:
    explicit FileDescriptor(int descriptor = -1) : descriptor_(descriptor) {}
    ~FileDescriptor() { close(); }
    FileDescriptor(FileDescriptor&& other) noexcept : descriptor_(other.release()) {}
    FileDescriptor& operator=(FileDescriptor&& other) noexcept {
        std::swap(descriptor_, other.descriptor_);
        return *this;
    }
    [[nodiscard]] int get() const { return descriptor_; }
    // Whoever calls owns it from now on.
    [[nodiscard]] int release() { return std::exchange(descriptor_, -1); }
    void close();

  private:
    int descriptor_;
};

// Its ends stay out of other programs; dup2 makes the copy that a child keeps.
struct Pipe {
    FileDescriptor read;
    FileDescriptor write;
    // False: see errno.
    bool open();
};

enum class ProcessGroup { kOurs, kOwn };

// Signals are as programs expect them: the server's handlers and mask are not the child's. A group of its own
// can be ended with all that the child starts itself.
class SpawnSettings {
  public:
    explicit SpawnSettings(ProcessGroup group);
    ~SpawnSettings();
    SpawnSettings(const SpawnSettings&) = delete;
    SpawnSettings& operator=(const SpawnSettings&) = delete;

    posix_spawn_file_actions_t actions{};
    posix_spawnattr_t attributes{};
};

// Ends with a null pointer. Valid as long as `texts`.
[[nodiscard]] std::vector<char*> argumentPointers(const std::vector<std::string>& texts);

}  // namespace heddle
