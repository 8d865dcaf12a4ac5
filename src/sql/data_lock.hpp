// SPDX-License-Identifier: Apache-2.0
// One process a data directory: an flock that the kernel releases with the process.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace heddle::sql {

class DataLock {
  public:
    // Creates the directory when it is missing and locks `heddle.lock` in it. Throws std::runtime_error that
    // names the directory and the process that has it.
    explicit DataLock(const std::filesystem::path& directory);
    ~DataLock();
    DataLock(const DataLock&) = delete;
    DataLock& operator=(const DataLock&) = delete;

  private:
    int file_ = -1;
};

// "another heddle (process 42)" when somebody has the directory; nothing when nobody has. Creates nothing.
[[nodiscard]] std::optional<std::string> dataLockHolder(const std::filesystem::path& directory);

}  // namespace heddle::sql
