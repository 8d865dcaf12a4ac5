// SPDX-License-Identifier: Apache-2.0
#include "app/commands.hpp"
#include "app/configuration.hpp"
#include "app/database_file.hpp"
#include "base/partial_file.hpp"
#include "base/time.hpp"
#include "sql/data_lock.hpp"
#include "sql/sqlite_copy.hpp"
#include "store/schema.hpp"

#include <fmt/core.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace heddle::app {
namespace {

namespace fs = std::filesystem;

// "heddle.db.before-restore-20261127T164500Z"; a number behind it when that exists.
std::string asideName(const std::string& database, Timestamp now) {
    std::string digits;
    for (const char c : now.iso().substr(0, 19)) {
        if (c != '-' && c != ':') digits += c;
    }
    const auto name = database + ".before-restore-" + digits + "Z";
    for (int n = 1;; ++n) {
        auto numbered = n == 1 ? name : fmt::format("{}-{}", name, n);
        if (!fs::exists(numbered)) return numbered;
    }
}

// Gives a file a second name. Throws std::system_error.
void nameAlso(const std::string& path, const std::string& name) {
    if (link(path.c_str(), name.c_str()) != 0)
        throw std::system_error(errno, std::generic_category(), "cannot keep " + path + " as " + name);
}

// Brings the database into one file; a damaged one stays as it is, with its WAL: it may still be mended.
void settle(const std::string& database) {
    try {
        sql::checkPages(*sql::openAtRest(database));
        sql::makeOneFile(database);
    } catch (const sql::Error& error) {
        if (error.code() == sql::Error::Code::kDamaged) return;
        if (error.code() == sql::Error::Code::kBusy)
            throw std::runtime_error(database + " is in use by another process, perhaps a backup");
        throw std::runtime_error(database + " cannot be set aside: " + error.what());
    }
}

// The database that is there, under a second name. It keeps its own until it is replaced, so that there is
// one whenever the process ends.
class Aside {
  public:
    explicit Aside(std::string database) : database_(std::move(database)) {}
    // Takes the second name back, unless the database was replaced.
    ~Aside() {
        std::error_code ignored;
        if (name_.empty() || !fs::equivalent(name_, database_, ignored)) return;
        for (const char* side : kSides) {
            if (fs::exists(name_ + side, ignored)) fs::rename(name_ + side, database_ + side, ignored);
        }
        fs::remove(name_, ignored);
    }
    Aside(const Aside&) = delete;
    Aside& operator=(const Aside&) = delete;

    void make(Timestamp now) {
        if (fs::exists(database_)) {
            settle(database_);
            auto name = asideName(database_, now);
            nameAlso(database_, name);
            name_ = std::move(name);
            // Only of a damaged database: its commits that are not in its file. The new one must not find
            // them.
            for (const char* side : kSides) {
                if (fs::exists(database_ + side)) nameAlso(database_ + side, name_ + side);
            }
            syncFolderOf(database_);
        }
        removeSideFiles(database_);
    }
    // Empty when there was no database.
    [[nodiscard]] const std::string& name() const { return name_; }

  private:
    static constexpr std::array<const char*, 2> kSides = {"-wal", "-journal"};

    std::string database_;
    std::string name_;
};

// Throws std::runtime_error when this heddle cannot serve the file.
DatabaseFacts inspectBackup(const std::string& file, int newest) {
    if (!fs::is_regular_file(file)) throw std::runtime_error("there is no file " + file);
    const auto facts = inspectDatabase(file);
    if (facts.schema_version > newest) {
        throw std::runtime_error(
            fmt::format("{} has schema version {}, this heddle knows versions up to {}: use a newer heddle",
                        file, facts.schema_version, newest));
    }
    return facts;
}

void replaceBy(const std::string& file, const std::string& database) {
    const SystemClock clock;
    const auto began = clock.steady();
    const auto migrations = store::schema(sql::Dialect::kSqlite);
    const int newest = migrations.back().version;
    const sql::DataLock lock(fs::path(database).parent_path());
    if (fs::exists(database) && fs::exists(file) && fs::equivalent(file, database))
        throw std::runtime_error(file + " is the database itself");
    const auto before = inspectBackup(file, newest);
    PartialFile partial(database);
    const auto& path = partial.partialPath();
    partial.ownAs(fs::exists(database) ? database : fs::path(database).parent_path().string());
    removeSideFiles(path);
    sql::copyDatabase(file, sql::CopySource::kAtRest, path, checkSignals);
    sql::migrateAtRest(path, migrations, clock.now());
    const auto facts = inspectDatabase(path);
    partial.sync();
    checkSignals();
    Aside aside(database);
    aside.make(clock.now());
    partial.publish(PartialFile::Existing::kReplace);
    const auto took = static_cast<double>((clock.steady() - began).count()) / 1e6;
    fmt::print("restored {} from {} in {:.1f} s\n", describe(facts, database), file, took);
    if (before.schema_version < newest)
        fmt::print("the backup had schema version {}\n", before.schema_version);
    if (!aside.name().empty()) fmt::print("the database that was there is kept as {}\n", aside.name());
}

}  // namespace

int restore(const Invocation& invocation, const std::string& file) {
    const auto database = databaseFile(invocation);
    if (database.empty()) return 1;
    holdSignals();
    try {
        replaceBy((fs::path(invocation.working_dir) / file).lexically_normal().string(), database);
        return 0;
    } catch (const std::exception& error) {
        fmt::print(stderr, "heddle: nothing was restored: {}\n", error.what());
        return 1;
    }
}

}  // namespace heddle::app
