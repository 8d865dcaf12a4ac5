// SPDX-License-Identifier: Apache-2.0
#include "base/partial_file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace heddle {
namespace {

[[noreturn]] void fail(const std::string& what) {
    throw std::system_error(errno, std::generic_category(), what);
}

bool lock(int file) {
    return flock(file, LOCK_EX | LOCK_NB) == 0;
}

// Removes the partial file of a process that is gone.
void removeLeftOver(const std::string& partial) {
    const int file = open(partial.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (file < 0 && errno == ENOENT) return;
    if (file < 0) fail("cannot open " + partial);
    const bool alone = lock(file);
    // Its writer may have given it its name since it was opened.
    struct stat opened {};
    struct stat named {};
    const bool same = fstat(file, &opened) == 0 && stat(partial.c_str(), &named) == 0 &&
                      opened.st_ino == named.st_ino && opened.st_dev == named.st_dev;
    if (alone && same) unlink(partial.c_str());
    close(file);
    if (!alone) throw std::runtime_error("another process is writing " + partial);
}

}  // namespace

PartialFile::PartialFile(std::string path) : path_(std::move(path)), partial_(path_ + ".partial") {
    removeLeftOver(partial_);
    file_ = open(partial_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file_ < 0) fail("cannot create " + partial_);
    if (!lock(file_)) {
        close(file_);
        throw std::runtime_error("another process is writing " + partial_);
    }
}

PartialFile::~PartialFile() {
    if (file_ < 0) return;
    unlink(partial_.c_str());
    close(file_);
}

void PartialFile::ownAs(const std::string& other) const {
    struct stat info {};
    if (stat(other.c_str(), &info) != 0) fail("cannot look at " + other);
    if (fchown(file_, info.st_uid, info.st_gid) != 0 && errno != EPERM) fail("cannot give away " + partial_);
}

void PartialFile::sync() const {
    if (fdatasync(file_) != 0) fail("cannot write " + partial_);
}

void PartialFile::publish(Existing existing) {
    if (fsync(file_) != 0) fail("cannot write " + partial_);
    int done = -1;
    if (existing == Existing::kKeep) {
        done = renameat2(AT_FDCWD, partial_.c_str(), AT_FDCWD, path_.c_str(), RENAME_NOREPLACE);
        if (done != 0 && errno == EEXIST) throw std::runtime_error(path_ + " exists");
        // A file system that cannot refuse by itself: looked at before.
        if (done != 0 && errno != EINVAL && errno != ENOSYS) fail("cannot rename " + partial_);
        if (done != 0 && std::filesystem::exists(path_)) throw std::runtime_error(path_ + " exists");
    }
    if (done != 0 && std::rename(partial_.c_str(), path_.c_str()) != 0) fail("cannot rename " + partial_);
    close(std::exchange(file_, -1));
    syncFolderOf(path_);
}

void syncFolderOf(const std::string& path) {
    const auto folder = std::filesystem::absolute(path).parent_path();
    const int file = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (file < 0) fail("cannot open " + folder.string());
    const int done = fsync(file);
    const int reason = errno;
    close(file);
    // Some file systems do not know it for folders.
    if (done != 0 && reason != EINVAL)
        throw std::system_error(reason, std::generic_category(), "cannot write " + folder.string());
}

}  // namespace heddle
