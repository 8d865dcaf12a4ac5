// SPDX-License-Identifier: Apache-2.0
// Of `heddle doctor`: the machine.
#include "app/doctor_report.hpp"
#include "app/listening_server.hpp"
#include "app/start_problem.hpp"
#include "cron/zone.hpp"
#include "http/server.hpp"
#include "sql/data_lock.hpp"
#include "sql/sqlite_copy.hpp"
#include "store/schema.hpp"

#include <boost/asio/io_context.hpp>
#include <fmt/core.h>
#include <sys/resource.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <optional>

namespace heddle::app {
namespace {

namespace fs = std::filesystem;

constexpr double kMiB = 1 << 20;
constexpr double kDiskLow_MiB = 100;
constexpr double kDiskScarce_MiB = 1024;
constexpr double kReadWhole_MiB = 1024;  // a larger database is not read page by page
constexpr rlim_t kFiles = 4096;
// linux/magic.h, and CIFS and SMB2 as statfs(2) lists them.
constexpr std::array<std::uint32_t, 4> kNetworkFileSystems = {0x6969, 0x517B, 0xFF534D42, 0xFE534D42};

std::string megabytes(double mebibytes) {
    return mebibytes < 1024 ? fmt::format("{:.0f} MiB", mebibytes)
                            : fmt::format("{:.1f} GiB", mebibytes / 1024);
}

void checkPort(const config::Config& config, const std::optional<std::string>& holder, DoctorReport& report) {
    boost::asio::io_context loop;
    http::Server probe(loop.get_executor(), nullptr, nullptr);
    try {
        probe.listen({config.host, config.port});
        report.ok("port", fmt::format("{}:{} is free", config.host, config.port));
    } catch (const boost::system::system_error& error) {
        const bool taken = error.code().value() == EADDRINUSE;
        if (taken && holder && answersAsServer(config.host, config.port, config.http.mount_prefix)) {
            report.ok("port", fmt::format("{}:{}: a server is running", config.host, config.port));
            return;
        }
        report.problem("port", error.what(), startRemedy(error));
    }
}

fs::path nearestExisting(fs::path path) {
    std::error_code none;
    while (!fs::exists(path, none) && path.has_relative_path()) path = path.parent_path();
    return path;
}

// False: nothing can be kept there.
bool checkFolder(const fs::path& folder, DoctorReport& report) {
    const auto there = nearestExisting(folder);
    std::error_code none;
    if (!fs::is_directory(there, none)) {
        report.problem("data folder", there.string() + " is not a folder", "choose another with --data-dir");
        return false;
    }
    if (::access(there.c_str(), W_OK | X_OK) != 0) {
        report.problem("data folder",
                       fmt::format("cannot write in {}: {}", there.string(), std::strerror(errno)),
                       "let this user write there, or choose another folder with --data-dir");
        return false;
    }
    struct statfs system {};
    if (::statfs(there.c_str(), &system) == 0 &&
        std::ranges::count(kNetworkFileSystems, static_cast<std::uint32_t>(system.f_type)) > 0) {
        report.warning("data folder",
                       folder.string() + " is on a network file system, whose locks SQLite cannot rely on",
                       "choose a folder on a local disk with --data-dir");
        return true;
    }
    report.ok("data folder", folder.string() + (there == folder ? "" : ": will be made"));
    return true;
}

void checkDisk(const fs::path& folder, DoctorReport& report) {
    std::error_code failed;
    const auto space = fs::space(nearestExisting(folder), failed);
    if (failed) return;
    const auto free = static_cast<double>(space.available) / kMiB;
    const auto text = megabytes(free) + " are free";
    if (free < kDiskLow_MiB) return report.problem("disk", text, "free some space: runs end when it is full");
    if (free < kDiskScarce_MiB) return report.warning("disk", text, "free some space before it is full");
    report.ok("disk", text);
}

std::string versionText(int version, int newest) {
    if (version == newest) return fmt::format("schema version {}", version);
    return fmt::format("schema version {}, which the next start brings to {}", version, newest);
}

void checkDatabase(const std::string& path, bool served, DoctorReport& report) {
    std::error_code none;
    if (!fs::exists(path, none)) return report.ok("database", path + ": will be made");
    const auto size = static_cast<double>(fs::file_size(path, none)) / kMiB;
    try {
        const auto database = served ? sql::openServed(path) : sql::openAtRest(path);
        if (!sql::hasSchema(*database)) {
            return report.problem("database", path + " is no database of Heddle",
                                  "move it away, or choose another folder with --data-dir");
        }
        const int version = sql::schemaVersion(*database);
        const int newest = store::schema(sql::Dialect::kSqlite).back().version;
        if (version > newest) {
            return report.problem(
                "database",
                fmt::format("{} has schema version {}, this heddle knows {}", path, version, newest),
                "use a newer heddle, or restore a backup of this version's");
        }
        if (size <= kReadWhole_MiB) sql::checkPages(*database);
        report.ok("database",
                  fmt::format("{}: {}, {}{}", path, megabytes(size), versionText(version, newest),
                              size <= kReadWhole_MiB ? "" : "; its pages were not read, a backup does that"));
    } catch (const std::exception& error) {
        report.problem("database", path + ": " + databaseReason(error),
                       "restore a backup (heddle restore), or move it away");
    }
}

void checkZones(DoctorReport& report) {
    cron::Zones zones;
    if (zones.find("Europe/Berlin")) return report.ok("time zones", "there");
    report.warning("time zones", "there is no time zone data: crons can only be in UTC",
                   "apt-get install tzdata");
}

void checkFiles(DoctorReport& report) {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    if (limit.rlim_cur == RLIM_INFINITY) return report.ok("open files", "no limit");
    const auto text = fmt::format("at most {} (ulimit -n)", limit.rlim_cur);
    if (limit.rlim_cur >= kFiles) return report.ok("open files", text);
    report.warning("open files", text + "; each client takes one",
                   "raise it: ulimit -n 65536, or LimitNOFILE in systemd");
}

}  // namespace

void checkMachine(const config::Config& config, DoctorReport& report) {
    const auto folder = fs::path(config.database_path).parent_path();
    const auto holder = sql::dataLockHolder(folder);
    checkPort(config, holder, report);
    if (checkFolder(folder, report)) {
        checkDisk(folder, report);
        checkDatabase(config.database_path, holder.has_value(), report);
    }
    checkZones(report);
    checkFiles(report);
}

}  // namespace heddle::app
