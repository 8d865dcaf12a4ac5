// SPDX-License-Identifier: Apache-2.0
#include "store/crons.hpp"

#include "store/cron_rows.hpp"
#include "store/locked_row.hpp"
#include "store/metadata_index.hpp"

namespace heddle::store {
namespace {

constexpr std::int64_t kFiringsKept = 1'000;

std::optional<LockedRow> lockCron(sql::Connection& db, const CronId& id) {
    return lockRow(db, "crons", id.str());
}

}  // namespace

void insertCron(sql::Connection& db, const Cron& cron) {
    const auto thread = cron.thread ? std::optional<std::string>(cron.thread->str()) : std::nullopt;
    db.run(
        "INSERT INTO crons (uuid, assistant_uuid, thread, schedule, timezone, end_time, keeps_threads, "
        "payload,"
        " metadata, enabled, disabled_reason, next_run, created_at, updated_at, firings)"
        " VALUES ($1, $2, (SELECT id FROM threads WHERE uuid = $3), $4, $5, $6, $7, $8, $9, $10, $11, $12, "
        "$13,"
        " $14, 0)",
        cron.id.str(), cron.assistant.str(), thread, cron.schedule, cron.timezone, micros(cron.end_time),
        cron.keeps_threads ? 1 : 0, cron.payload.text(), cron.metadata.text(), cron.enabled ? 1 : 0,
        cron.disabled_reason, micros(cron.next_run), cron.created_at.micros(), cron.updated_at.micros());
    const RawJson nothing = RawJson::trusted("{}");
    updateMetadataIndex(db, kCronMetadata, lockCron(db, cron.id)->id, nothing.view(), cron.metadata.view());
}

void saveCron(sql::Connection& db, const Cron& cron) {
    const auto before = lockCron(db, cron.id);
    if (!before) return;
    db.run(
        "UPDATE crons SET schedule = $1, timezone = $2, end_time = $3, keeps_threads = $4, payload = $5,"
        " metadata = $6, enabled = $7, disabled_reason = $8, next_run = $9, updated_at = $10 WHERE uuid = "
        "$11",
        cron.schedule, cron.timezone, micros(cron.end_time), cron.keeps_threads ? 1 : 0, cron.payload.text(),
        cron.metadata.text(), cron.enabled ? 1 : 0, cron.disabled_reason, micros(cron.next_run),
        cron.updated_at.micros(), cron.id.str());
    updateMetadataIndex(db, kCronMetadata, before->id, before->metadata.view(), cron.metadata.view());
}

std::optional<Cron> findCron(sql::Connection& db, const CronId& id) {
    static const std::string text = selectCron() + " WHERE c.uuid = $1";
    auto row = db.query(text, id.str());
    return row.step() ? std::optional<Cron>(readCron(row)) : std::nullopt;
}

bool removeCron(sql::Connection& db, const CronId& id) {
    return db.run("DELETE FROM crons WHERE uuid = $1", id.str()) > 0;
}

std::int64_t disableCrons(sql::Connection& db, const AssistantId& assistant, std::string_view reason,
                          Timestamp now) {
    return db.run(
        "UPDATE crons SET enabled = 0, next_run = NULL, disabled_reason = $1, updated_at = $2"
        " WHERE assistant_uuid = $3 AND enabled = 1",
        reason, now.micros(), assistant.str());
}

std::vector<CronId> dueCrons(sql::Connection& db, Timestamp now, std::int64_t limit) {
    auto rows = db.query("SELECT uuid FROM crons WHERE next_run <= $1 ORDER BY next_run LIMIT $2",
                         now.micros(), limit);
    std::vector<CronId> out;
    while (rows.step()) out.push_back(idAt<CronId>(rows, 0));
    return out;
}

std::optional<Timestamp> nextCronDue(sql::Connection& db) {
    auto row = db.query("SELECT next_run FROM crons WHERE next_run IS NOT NULL ORDER BY next_run LIMIT 1");
    return row.step() ? std::optional<Timestamp>(timeAt(row, 0)) : std::nullopt;
}

bool passCron(sql::Connection& db, const CronSlot& slot) {
    return db.run("UPDATE crons SET next_run = $1 WHERE uuid = $2 AND next_run = $3", micros(slot.next),
                  slot.cron.str(), slot.due.micros()) > 0;
}

Kept keepFiring(sql::Connection& db, const CronSlot& slot, const std::optional<RunId>& run,
                const std::optional<std::string>& error, Timestamp now) {
    const auto row = lockCron(db, slot.cron);
    if (!row) return Kept::kNotDue;
    const auto fired = singleInteger(db.query(
        "SELECT count(*) FROM cron_firings WHERE cron = $1 AND slot = $2", row->id, slot.slot.micros()));
    if (fired > 0) return Kept::kFiredBefore;
    const auto moved =
        db.run("UPDATE crons SET next_run = $1, firings = firings + 1 WHERE id = $2 AND next_run = $3",
               micros(slot.next), row->id, slot.due.micros());
    if (moved == 0) return Kept::kNotDue;
    const auto number = singleInteger(db.query("SELECT firings FROM crons WHERE id = $1", row->id));
    const auto uuid = run ? std::optional<std::string>(run->str()) : std::nullopt;
    db.run(
        "INSERT INTO cron_firings (cron, number, slot, fired_at, run_uuid, error) VALUES ($1, $2, $3, $4, "
        "$5, $6)",
        row->id, number, slot.slot.micros(), now.micros(), uuid, error);
    db.run("DELETE FROM cron_firings WHERE cron = $1 AND number <= $2", row->id, number - kFiringsKept);
    return Kept::kYes;
}

std::vector<CronDate> cronDates(sql::Connection& db, std::int64_t after_row, std::int64_t limit) {
    auto rows = db.query(
        "SELECT id, uuid, schedule, timezone, end_time, next_run FROM crons WHERE id > $1 AND next_run IS "
        "NOT NULL"
        " ORDER BY id LIMIT $2",
        after_row, limit);
    std::vector<CronDate> out;
    while (rows.step()) {
        CronDate date;
        date.row = rows.integer(0);
        date.cron.id = idAt<CronId>(rows, 1);
        date.cron.schedule = rows.string(2);
        date.cron.timezone = rows.optionalString(3);
        date.cron.end_time = optionalTimeAt(rows, 4);
        date.cron.next_run = optionalTimeAt(rows, 5);
        out.push_back(std::move(date));
    }
    return out;
}

std::vector<CronFiring> listFirings(sql::Connection& db, const CronId& id, std::int64_t limit,
                                    std::int64_t offset) {
    auto rows = db.query(
        "SELECT f.slot, f.fired_at, f.run_uuid, t.uuid, r.status, f.error FROM cron_firings f"
        " LEFT JOIN runs r ON r.uuid = f.run_uuid LEFT JOIN threads t ON t.id = r.thread"
        " WHERE f.cron = (SELECT id FROM crons WHERE uuid = $1) ORDER BY f.number DESC LIMIT $2 OFFSET $3",
        id.str(), limit, offset);
    std::vector<CronFiring> out;
    while (rows.step()) {
        CronFiring firing;
        firing.slot = timeAt(rows, 0);
        firing.fired_at = timeAt(rows, 1);
        if (!rows.isNull(2)) firing.run = idAt<RunId>(rows, 2);
        if (!rows.isNull(3)) firing.thread = idAt<ThreadId>(rows, 3);
        if (!rows.isNull(4)) firing.status = enumAt<RunStatus>(rows, 4, parseRunStatus);
        firing.error = rows.optionalString(5);
        out.push_back(std::move(firing));
    }
    return out;
}

}  // namespace heddle::store
