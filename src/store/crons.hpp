// SPDX-License-Identifier: Apache-2.0
// Crons and what became of their times. Functions run inside a job, on a storage thread.
#pragma once

#include "domain/cron.hpp"
#include "sql/connection.hpp"
#include "store/threads.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace heddle::store {

void insertCron(sql::Connection& db, const Cron& cron);
// Writes everything but id, assistant, thread and created_at of an existing cron.
void saveCron(sql::Connection& db, const Cron& cron);
std::optional<Cron> findCron(sql::Connection& db, const CronId& id);
bool removeCron(sql::Connection& db, const CronId& id);
// All of an assistant's; `reason` is shown. How many they were.
std::int64_t disableCrons(sql::Connection& db, const AssistantId& assistant, std::string_view reason,
                          Timestamp now);

struct CronQuery {
    std::optional<AssistantId> assistant;
    std::optional<ThreadId> thread;
    std::optional<bool> enabled;
    RawJson metadata = RawJson::trusted("{}");
    std::int64_t limit = 10;
    std::int64_t offset = 0;
    // cron_id, assistant_id, thread_id, next_run_date, end_time, created_at, updated_at
    std::string sort_by = "created_at";
    SortOrder order = SortOrder::kDescending;
};
struct CronPage {
    std::vector<Cron> crons;
    std::int64_t total = 0;
};
CronPage searchCrons(sql::Connection& db, const CronQuery& query);
std::int64_t countCrons(sql::Connection& db, const CronQuery& query);

// Due at `now` or before, the longest due first. Only their ids: payloads may be large.
std::vector<CronId> dueCrons(sql::Connection& db, Timestamp now, std::int64_t limit);
// When the next one is due.
std::optional<Timestamp> nextCronDue(sql::Connection& db);

// The fence: a time of a cron is settled once, whoever else has read that it was due.
struct CronSlot {
    CronId cron;
    Timestamp due;   // as it was read
    Timestamp slot;  // the time that is settled; due or a later one
    std::optional<Timestamp> next;
};
// Moves the cron on to its next time. False when it was not due any more.
bool passCron(sql::Connection& db, const CronSlot& slot);
// The same, and keeps what happened. Otherwise nothing is written.
enum class Kept {
    kYes,
    kNotDue,       // any more
    kFiredBefore,  // the wall clock was set back: passCron() moves on
};
Kept keepFiring(sql::Connection& db, const CronSlot& slot, const std::optional<RunId>& run,
                const std::optional<std::string>& error, Timestamp now);
// When crons that fire again will do so, as it was calculated. Ordered by row.
struct CronDate {
    std::int64_t row = 0;
    Cron cron;  // without payload and metadata
};
std::vector<CronDate> cronDates(sql::Connection& db, std::int64_t after_row, std::int64_t limit);

// The newest first; of a cron the last 1,000 are kept.
std::vector<CronFiring> listFirings(sql::Connection& db, const CronId& id, std::int64_t limit,
                                    std::int64_t offset);

}  // namespace heddle::store
