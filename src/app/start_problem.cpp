// SPDX-License-Identifier: Apache-2.0
#include "app/start_problem.hpp"

#include "sql/connection.hpp"

#include <boost/system/system_error.hpp>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string_view>
#include <system_error>

namespace heddle::app {
namespace {

constexpr std::string_view kOtherFolder =
    "let this user write there, or choose another folder with --data-dir";

// Only listening throws this kind.
std::string listenRemedy(int error) {
    switch (error) {
        case EADDRINUSE:
            return "another program listens there: end it, or choose another port with --port (0 takes a "
                   "free one)";
        case EADDRNOTAVAIL:
            return "this machine has no such address: use 127.0.0.1, or 0.0.0.0 for all that it has (--host)";
        case EACCES:
            return "ports below 1024 are for root: choose another with --port";
        case EINVAL:
            return "use an address, such as 127.0.0.1 or 0.0.0.0 (--host)";
        default:
            return {};
    }
}

std::string folderRemedy(int error) {
    if (error == EACCES || error == EPERM || error == EROFS) return std::string(kOtherFolder);
    if (error == ENOSPC) return "the disk is full: free some space, or choose another folder with --data-dir";
    if (error == ENOTDIR || error == EEXIST) return "choose another folder with --data-dir";
    return {};
}

}  // namespace

std::string startRemedy(const std::exception& error) {
    if (const auto* network = dynamic_cast<const boost::system::system_error*>(&error))
        return listenRemedy(network->code().value());
    if (const auto* system = dynamic_cast<const std::system_error*>(&error))
        return folderRemedy(system->code().value());
    if (const auto* database = dynamic_cast<const sql::Error*>(&error)) {
        const std::string_view what = database->what();
        if (what.find("unable to open") != what.npos || what.find("readonly") != what.npos)
            return std::string(kOtherFolder);
        if (database->code() == sql::Error::Code::kDamaged || what.find("already exists") != what.npos)
            return "move the file away, restore a backup (heddle restore), or choose another folder with "
                   "--data-dir";
        if (database->code() == sql::Error::Code::kFull) return folderRemedy(ENOSPC);
    }
    if (std::string_view(error.what()).find("is using the data directory") != std::string_view::npos)
        return "end it, or give this one a folder of its own with --data-dir";
    return {};
}

std::string databaseReason(const std::exception& error) {
    const std::string_view what = error.what();
    if (what.find("already exists") != what.npos) return "it is no database of Heddle";
    return std::string(what.substr(0, what.find(" in ")));  // the statement stands behind it
}

std::string startProblem(const std::exception& error, const config::Config& config) {
    std::string line;
    if (const auto* file = dynamic_cast<const std::filesystem::filesystem_error*>(&error)) {
        line = "cannot write in " + file->path1().string() + ": " + std::strerror(file->code().value());
    } else if (dynamic_cast<const sql::Error*>(&error) != nullptr) {
        line = "cannot use the database " + config.database_path + ": " + databaseReason(error);
    } else {
        line = error.what();
    }
    const auto remedy = startRemedy(error);
    return remedy.empty() ? line : line + "; " + remedy;
}

}  // namespace heddle::app
