// SPDX-License-Identifier: Apache-2.0
#include "sql/sqlite_copy.hpp"

#include "sql/sqlite_connection.hpp"

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

namespace heddle::sql {
namespace {

constexpr int kPiece = 256;  // pages of 4 KiB

// "file:" and the path, with what means something in a URI escaped. SQLite: uri.html
std::string immutableUri(const std::string& path) {
    std::string uri = "file:";
    for (const char c : path) {
        if (c == '%' || c == '?' || c == '#') {
            constexpr std::string_view kDigits = "0123456789abcdef";
            const auto byte = static_cast<unsigned char>(c);
            uri += {'%', kDigits[byte >> 4U], kDigits[byte & 15U]};
        } else {
            uri += c;
        }
    }
    return uri + "?immutable=1";
}

// What a copy leaves as WAL mode becomes rollback-journal mode: a file that needs no other beside it,
// wherever it is put. Bytes 18 and 19 of the header; SQLite: fileformat2.html, section 1.3.3.
void leaveWalMode(const std::string& path) {
    constexpr std::array<char, 2> kLegacy{1, 1};
    const int file = open(path.c_str(), O_WRONLY | O_CLOEXEC);
    if (file < 0) throw std::system_error(errno, std::generic_category(), "cannot open " + path);
    const auto written = pwrite(file, kLegacy.data(), kLegacy.size(), 18);
    const int reason = errno;
    close(file);
    if (written != 2) throw std::system_error(reason, std::generic_category(), "cannot write " + path);
}

class BackupHandle {
  public:
    BackupHandle(sqlite3* to, sqlite3* from) : handle_(sqlite3_backup_init(to, "main", from, "main")) {}
    ~BackupHandle() { finish(); }
    BackupHandle(const BackupHandle&) = delete;
    BackupHandle& operator=(const BackupHandle&) = delete;
    [[nodiscard]] sqlite3_backup* get() const { return handle_; }
    // Only then does the copy's connection know what went wrong.
    void finish() { sqlite3_backup_finish(std::exchange(handle_, nullptr)); }

  private:
    sqlite3_backup* handle_;
};

// Whether a part of the database is in a file beside it.
bool hasSideFile(const std::string& path) {
    for (const char* side : {"-wal", "-journal"}) {
        std::error_code none;
        const auto size = std::filesystem::file_size(path + side, none);
        if (!none && size > 0) return true;
    }
    return false;
}

void copyPages(const std::string& from, CopySource source, const std::string& to,
               const std::function<void()>& between) {
    const bool alone = source == CopySource::kAtRest && !hasSideFile(from);
    SqliteConnection original(alone ? immutableUri(from) : from, SqliteConnection::Role::kOutsider);
    SqliteConnection copy(to, SqliteConnection::Role::kCopy);
    // One read transaction around all pieces: without it, a commit of another process starts the copy anew.
    original.execute("BEGIN");
    { original.prepare("SELECT count(*) FROM sqlite_schema").step(); }
    {
        BackupHandle backup(copy.handle(), original.handle());
        if (backup.get() == nullptr) throw copy.error(SQLITE_ERROR, "copy");
        int code = SQLITE_OK;
        while (code == SQLITE_OK) {
            code = sqlite3_backup_step(backup.get(), kPiece);
            if (code == SQLITE_OK) between();
        }
        backup.finish();
        if (code != SQLITE_DONE) throw copy.error(code, "copy");
    }
    original.execute("COMMIT");
}

}  // namespace

void copyDatabase(const std::string& from, CopySource source, const std::string& to,
                  const std::function<void()>& between) {
    copyPages(from, source, to, between);
    leaveWalMode(to);
}

std::unique_ptr<Connection> openAtRest(const std::string& path) {
    return std::make_unique<SqliteConnection>(hasSideFile(path) ? path : immutableUri(path),
                                              SqliteConnection::Role::kOutsider);
}

std::unique_ptr<Connection> openServed(const std::string& path) {
    return std::make_unique<SqliteConnection>(path, SqliteConnection::Role::kOutsider);
}

bool hasSchema(Connection& connection) {
    return connection.query("SELECT 1 FROM sqlite_schema WHERE name = 'heddle_schema'").step();
}

void checkPages(Connection& connection) {
    auto row = connection.query("PRAGMA quick_check(1)");
    if (!row.step() || row.text(0) != "ok") throw Error(Error::Code::kDamaged, "damaged: " + row.string(0));
}

void migrateAtRest(const std::string& path, std::span<const Migration> migrations, Timestamp now) {
    {
        SqliteConnection connection(path, SqliteConnection::Role::kWriter);
        migrate(connection, migrations, now);
    }
    makeOneFile(path);
}

void makeOneFile(const std::string& path) {
    SqliteConnection connection(path, SqliteConnection::Role::kWriter);
    // An error when others have it open.
    connection.execute("PRAGMA journal_mode = DELETE");
}

}  // namespace heddle::sql
