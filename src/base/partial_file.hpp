// SPDX-License-Identifier: Apache-2.0
// A file that stands under its name only when it is complete, whatever happens to the process or the disk.
#pragma once

#include <string>

namespace heddle {

// Until publish() its content is in `PATH.partial` beside it, readable by its owner only. What a killed
// process left under that name is replaced. Not for several threads.
class PartialFile {
  public:
    enum class Existing { kKeep, kReplace };

    // Creates the partial file, empty. Throws std::runtime_error with a text for the operator: another
    // process is writing it, or it cannot be created.
    explicit PartialFile(std::string path);
    // Removes what was not published.
    ~PartialFile();
    PartialFile(const PartialFile&) = delete;
    PartialFile& operator=(const PartialFile&) = delete;

    // Where to write to until publish().
    [[nodiscard]] const std::string& partialPath() const { return partial_; }
    // Gives the file the owner of another one, where the process may: root works for the server's user.
    void ownAs(const std::string& other) const;
    // What was written is on the disk when this returns. Throws std::system_error.
    void sync() const;
    // Writes the file through to the disk, gives it its name and does the same for its folder. Throws
    // std::system_error, or std::runtime_error when kKeep finds a file; nothing has changed then.
    void publish(Existing existing);

  private:
    std::string path_;
    std::string partial_;
    int file_ = -1;  // holds the lock that says that the partial file is being written
};

// Makes changes of names in `path`'s folder last over a power failure. Throws std::system_error.
void syncFolderOf(const std::string& path);

}  // namespace heddle
