// SPDX-License-Identifier: Apache-2.0
#include "store/conditions.hpp"
#include "store/cron_rows.hpp"
#include "store/crons.hpp"
#include "store/metadata_plan.hpp"
#include "store/page.hpp"
#include "store/sorting.hpp"

#include <string_view>
#include <utility>

namespace heddle::store {
namespace {

std::string orderBy(const CronQuery& query) {
    static constexpr SortColumns<7> kColumns = {{
        {"cron_id", "c.uuid"},
        {"assistant_id", "c.assistant_uuid"},
        {"thread_id", "t.uuid"},
        {"next_run_date", "c.next_run"},
        {"end_time", "c.end_time"},
        {"created_at", "c.created_at"},
        {"updated_at", "c.updated_at"},
    }};
    const Sorting sorting = sortingOf(query, kColumns);
    const std::string direction(sorting.direction);
    return " ORDER BY " + std::string(sorting.column) + direction + ", c.id" + direction;
}

Conditions conditions(const CronQuery& query, const MetadataPlan& plan) {
    Conditions out;
    if (query.assistant) out.add("c.assistant_uuid = ?", query.assistant->str());
    if (query.thread) out.add("c.thread = (SELECT id FROM threads WHERE uuid = ?)", query.thread->str());
    if (query.enabled) out.add("c.enabled = ?", std::int64_t{*query.enabled ? 1 : 0});
    for (const MetadataKey& key : plan.keys) {
        addKey(out, kCronMetadata, "c.id", key, &key == plan.keys.data() ? Lookup::kList : Lookup::kEach);
    }
    return out;
}

// The ids of those that match; what the index of metadata does not say is looked for in them.
std::vector<std::int64_t> scan(sql::Connection& db, const CronQuery& query, const MetadataPlan& plan,
                               const std::string& order) {
    const auto where = conditions(query, plan);
    auto rows =
        where.query(db, "SELECT c.id, c.metadata FROM crons c LEFT JOIN threads t ON t.id = c.thread" +
                            where.where() + order);
    std::vector<std::int64_t> found;
    while (rows.step()) {
        if (plan.matchesRest(JsonView::trusted(rows.text(1)))) found.push_back(rows.integer(0));
    }
    return found;
}

std::vector<Cron> load(sql::Connection& db, const std::vector<std::int64_t>& page) {
    static const std::string text = selectCron() + " WHERE c.id = $1";
    std::vector<Cron> out;
    for (const auto id : page) {
        auto row = db.query(text, id);
        if (row.step()) out.push_back(readCron(row));
    }
    return out;
}

std::int64_t count(sql::Connection& db, const CronQuery& query, const MetadataPlan& plan) {
    if (plan.impossible) return 0;
    if (!plan.rest.empty()) return static_cast<std::int64_t>(scan(db, query, plan, {}).size());
    const auto where = conditions(query, plan);
    return singleInteger(where.query(db, "SELECT count(*) FROM crons c" + where.where()));
}

}  // namespace

const std::string& selectCron() {
    static const std::string text =
        "SELECT c.uuid, c.assistant_uuid, t.uuid, c.schedule, c.timezone, c.end_time, c.keeps_threads, "
        "c.payload,"
        " c.metadata, c.enabled, c.disabled_reason, c.next_run, c.created_at, c.updated_at"
        " FROM crons c LEFT JOIN threads t ON t.id = c.thread";
    return text;
}

Cron readCron(const sql::Statement& row) {
    Cron out;
    out.id = idAt<CronId>(row, 0);
    out.assistant = idAt<AssistantId>(row, 1);
    if (!row.isNull(2)) out.thread = idAt<ThreadId>(row, 2);
    out.schedule = row.string(3);
    out.timezone = row.optionalString(4);
    out.end_time = optionalTimeAt(row, 5);
    out.keeps_threads = row.integer(6) != 0;
    out.payload = jsonAt(row, 7);
    out.metadata = jsonAt(row, 8);
    out.enabled = row.integer(9) != 0;
    out.disabled_reason = row.optionalString(10);
    out.next_run = optionalTimeAt(row, 11);
    out.created_at = timeAt(row, 12);
    out.updated_at = timeAt(row, 13);
    return out;
}

CronPage searchCrons(sql::Connection& db, const CronQuery& query) {
    const MetadataPlan plan = planMetadata(db, kCronMetadata, query.metadata.view());
    CronPage page;
    if (plan.impossible) return page;
    if (!plan.rest.empty()) {
        auto found = scan(db, query, plan, orderBy(query));
        page.total = static_cast<std::int64_t>(found.size());
        paginate(found, query.offset, query.limit);
        page.crons = load(db, found);
        return page;
    }
    auto where = conditions(query, plan);
    // Payloads may be large: only those of the page are read.
    const std::string text = "SELECT c.id FROM crons c LEFT JOIN threads t ON t.id = c.thread" +
                             where.where() + orderBy(query) +
                             where.tail(" LIMIT ? OFFSET ?", query.limit, query.offset);
    page.crons = load(db, rowIds(where.query(db, text)));
    const auto known = totalAfter(page.crons.size(), query.offset, query.limit);
    page.total = known ? *known : count(db, query, plan);
    return page;
}

std::int64_t countCrons(sql::Connection& db, const CronQuery& query) {
    return count(db, query, planMetadata(db, kCronMetadata, query.metadata.view()));
}

}  // namespace heddle::store
