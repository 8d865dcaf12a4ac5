// SPDX-License-Identifier: Apache-2.0
#include "sql/sqlite_connection.hpp"

#include <sqlite3.h>

#include <mutex>
#include <utility>

namespace heddle::sql {
namespace {

// Far above the number of different texts the repositories have; a bound for those that are put together.
constexpr std::size_t kStatements = 512;

// An outside tool (a backup) may hold the write lock for a moment.
constexpr int kBusyMs = 10'000;

void configureLibrary() {
    static std::once_flag once;
    // Memory statistics take a process-wide mutex on every allocation, and nobody reads them.
    std::call_once(once, [] { sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0); });
}

Error::Code codeOf(int code) {
    switch (code & 0xff) {
        case SQLITE_CONSTRAINT:
            return Error::Code::kConstraint;
        case SQLITE_FULL:
            return Error::Code::kFull;
        case SQLITE_IOERR:
            return Error::Code::kIo;
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
            return Error::Code::kDamaged;
        case SQLITE_BUSY:
            return Error::Code::kBusy;
        default:
            return Error::Code::kOther;
    }
}

}  // namespace

class SqliteStatement final : public StatementImpl {
  public:
    SqliteStatement(SqliteConnection& connection, sqlite3_stmt* handle)
        : connection_(connection), handle_(handle) {}
    ~SqliteStatement() override { sqlite3_finalize(handle_); }
    SqliteStatement(const SqliteStatement&) = delete;
    SqliteStatement& operator=(const SqliteStatement&) = delete;

    [[nodiscard]] bool inUse() const { return in_use_; }
    void use() { in_use_ = true; }

    void borrow() override { lifetime_ = SQLITE_STATIC; }
    void bindNull(int index) override { check(sqlite3_bind_null(handle_, index)); }
    void bindInteger(int index, std::int64_t value) override {
        check(sqlite3_bind_int64(handle_, index, value));
    }
    void bindReal(int index, double value) override { check(sqlite3_bind_double(handle_, index, value)); }
    void bindText(int index, std::string_view value) override {
        // A null pointer would bind NULL.
        const char* data = value.data() == nullptr ? "" : value.data();
        check(sqlite3_bind_text64(handle_, index, data, value.size(), lifetime_, SQLITE_UTF8));
    }
    void bindBlob(int index, std::string_view value) override {
        const char* data = value.data() == nullptr ? "" : value.data();
        check(sqlite3_bind_blob64(handle_, index, data, value.size(), lifetime_));
    }

    bool step() override {
        connection_.checkGuard();
        const int code = sqlite3_step(handle_);
        if (code == SQLITE_ROW) return true;
        if (code != SQLITE_DONE) throw connection_.error(code, sqlite3_sql(handle_));
        return false;
    }
    void reset() override {
        sqlite3_reset(handle_);
        sqlite3_clear_bindings(handle_);
        lifetime_ = SQLITE_TRANSIENT;
        in_use_ = false;
    }

    [[nodiscard]] bool isNull(int column) const override {
        return sqlite3_column_type(handle_, column) == SQLITE_NULL;
    }
    [[nodiscard]] std::int64_t integer(int column) const override {
        return sqlite3_column_int64(handle_, column);
    }
    [[nodiscard]] double real(int column) const override { return sqlite3_column_double(handle_, column); }
    [[nodiscard]] std::string_view text(int column) const override {
        const auto* data = reinterpret_cast<const char*>(sqlite3_column_text(handle_, column));
        return view(data, column);
    }
    [[nodiscard]] std::string_view blob(int column) const override {
        return view(static_cast<const char*>(sqlite3_column_blob(handle_, column)), column);
    }

  private:
    [[nodiscard]] std::string_view view(const char* data, int column) const {
        if (data == nullptr) return {};
        return {data, static_cast<std::size_t>(sqlite3_column_bytes(handle_, column))};
    }
    void check(int code) const {
        if (code != SQLITE_OK) throw connection_.error(code, sqlite3_sql(handle_));
    }

    SqliteConnection& connection_;
    sqlite3_stmt* handle_;
    sqlite3_destructor_type lifetime_ = SQLITE_TRANSIENT;
    bool in_use_ = false;
};

SqliteConnection::SqliteConnection(const std::string& path, Role role) {
    configureLibrary();
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    if (role == Role::kWriter) flags |= SQLITE_OPEN_CREATE;
    if (role == Role::kOutsider) flags |= SQLITE_OPEN_URI;
    const int code = sqlite3_open_v2(path.c_str(), &handle_, flags, nullptr);
    try {
        if (code != SQLITE_OK) throw error(code, "open " + path);
        configure(role);
    } catch (...) {
        statements_.clear();
        sqlite3_close(handle_);
        throw;
    }
}

SqliteConnection::~SqliteConnection() {
    statements_.clear();
    sqlite3_close(handle_);
}

void SqliteConnection::configure(Role role) {
    sqlite3_busy_timeout(handle_, kBusyMs);
    if (role == Role::kCopy) return execute("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF");
    // Closing the last connection would bring the WAL into the file: not for somebody who looks only.
    if (role == Role::kOutsider) sqlite3_db_config(handle_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
    // Only before the first table; afterwards it changes nothing.
    if (role == Role::kWriter) execute("PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL");
    execute(
        "PRAGMA synchronous = FULL;"
        "PRAGMA foreign_keys = ON;"
        // The copies that savepoints keep stay in memory.
        "PRAGMA temp_store = MEMORY;"
        "PRAGMA mmap_size = 0;"
        // A WAL that once grew behind a long read shrinks again.
        "PRAGMA journal_size_limit = 67108864");
    // KiB, at most: pages come as they are used.
    execute(role == Role::kWriter ? "PRAGMA cache_size = -4096" : "PRAGMA cache_size = -2048");
    if (role != Role::kWriter) execute("PRAGMA query_only = ON");
}

Statement SqliteConnection::prepare(std::string_view sql) {
    auto found = statements_.find(sql);
    if (found == statements_.end()) {
        if (statements_.size() >= kStatements) dropIdleStatements();
        sqlite3_stmt* handle = nullptr;
        const int code = sqlite3_prepare_v3(handle_, sql.data(), static_cast<int>(sql.size()),
                                            SQLITE_PREPARE_PERSISTENT, &handle, nullptr);
        if (code != SQLITE_OK) throw error(code, sql);
        found = statements_.emplace(sql, std::make_unique<SqliteStatement>(*this, handle)).first;
    }
    if (found->second->inUse()) throw std::logic_error("statement in use twice: " + found->first);
    found->second->use();
    return Statement(*found->second);
}

void SqliteConnection::dropIdleStatements() {
    std::erase_if(statements_, [](const auto& entry) { return !entry.second->inUse(); });
}

void SqliteConnection::execute(std::string_view sql) {
    const std::string text(sql);
    const int code = sqlite3_exec(handle_, text.c_str(), nullptr, nullptr, nullptr);
    if (code != SQLITE_OK) throw error(code, sql);
}

std::int64_t SqliteConnection::changes() const {
    return sqlite3_changes64(handle_);
}

bool SqliteConnection::inTransaction() const {
    return sqlite3_get_autocommit(handle_) == 0;
}

std::int64_t SqliteConnection::totalChanges() const {
    return sqlite3_total_changes64(handle_);
}

void SqliteConnection::checkGuard() const {
    if (guard_ == Guard::kOn && !inTransaction()) {
        throw Error(Error::Code::kOther, "SQLite has rolled the transaction back");
    }
}

Error SqliteConnection::error(int code, std::string_view sql) const {
    std::string what = handle_ == nullptr ? sqlite3_errstr(code) : sqlite3_errmsg(handle_);
    // Our own text, without values.
    what.append(" in ").append(sql.substr(0, 200));
    return {codeOf(code), what};
}

}  // namespace heddle::sql
