// SPDX-License-Identifier: Apache-2.0
#include "sql/data_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>

namespace heddle::sql {
namespace {

std::string holder(int file) {
    std::array<char, 32> text{};
    const ssize_t size = pread(file, text.data(), text.size(), 0);
    std::string_view pid(text.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
    pid = pid.substr(0, pid.find_first_not_of("0123456789"));
    return pid.empty() ? "another heddle" : "another heddle (process " + std::string(pid) + ")";
}

// What root makes belongs to the owner of the directory, who is going to serve it.
void leaveToOwner(int file, const std::filesystem::path& directory) {
    struct stat owner {};
    if (geteuid() != 0 || stat(directory.c_str(), &owner) != 0) return;
    if (fchown(file, owner.st_uid, owner.st_gid) != 0) return;
}

}  // namespace

DataLock::DataLock(const std::filesystem::path& directory) {
    std::filesystem::create_directories(directory);
    const auto path = directory / "heddle.lock";
    file_ = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file_ < 0) throw std::system_error(errno, std::generic_category(), "cannot open " + path.string());
    leaveToOwner(file_, directory);
    if (flock(file_, LOCK_EX | LOCK_NB) != 0) {
        const int reason = errno;
        const std::string who = holder(file_);
        close(file_);
        if (reason != EWOULDBLOCK)
            throw std::system_error(reason, std::generic_category(), "flock " + path.string());
        throw std::runtime_error(who + " is using the data directory " + directory.string());
    }
    const std::string pid = std::to_string(getpid()) + "\n";
    // Only for the message above: nothing depends on it.
    if (ftruncate(file_, 0) != 0 || pwrite(file_, pid.data(), pid.size(), 0) < 0) return;
}

DataLock::~DataLock() {
    close(file_);
}

std::optional<std::string> dataLockHolder(const std::filesystem::path& directory) {
    const int file = open((directory / "heddle.lock").c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) return std::nullopt;
    std::optional<std::string> found;
    if (flock(file, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK) found = holder(file);
    close(file);
    return found;
}

}  // namespace heddle::sql
