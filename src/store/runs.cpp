// SPDX-License-Identifier: Apache-2.0
#include "store/runs.hpp"

#include "store/conditions.hpp"
#include "store/rows.hpp"

#include <string>
#include <string_view>

namespace heddle::store {
namespace {

#define HEDDLE_SELECT_RUN                                                                          \
    "SELECT r.uuid, t.uuid, r.assistant_uuid, r.graph_id, r.metadata, r.status, k.kwargs,"         \
    " r.multitask_strategy, r.created_at, r.updated_at, r.not_before, r.started_at, r.ended_at,"   \
    " r.attempt, r.failures, r.error_type, r.error_message, r.traceparent, o.output FROM runs r"   \
    " JOIN threads t ON t.id = r.thread JOIN run_kwargs k ON k.run = r.id LEFT JOIN run_outputs o" \
    " ON o.run = r.id"
// Word for word the condition of the partial index runs_open.
#define HEDDLE_OPEN "r.status IN ('pending', 'running')"

Run readRun(const sql::Statement& row) {
    Run run;
    run.id = idAt<RunId>(row, 0);
    run.thread_id = idAt<ThreadId>(row, 1);
    run.assistant_id = idAt<AssistantId>(row, 2);
    run.graph_id = row.string(3);
    run.metadata = jsonAt(row, 4);
    run.status = enumAt<RunStatus>(row, 5, parseRunStatus);
    run.kwargs = RunKwargs::parse(JsonView::trusted(row.text(6)));
    run.multitask_strategy = enumAt<MultitaskStrategy>(row, 7, parseMultitaskStrategy);
    run.created_at = timeAt(row, 8);
    run.updated_at = timeAt(row, 9);
    run.not_before = optionalTimeAt(row, 10);
    run.started_at = optionalTimeAt(row, 11);
    run.ended_at = optionalTimeAt(row, 12);
    run.attempt = row.integer(13);
    run.failures = row.integer(14);
    if (!row.isNull(15)) run.error = RunError{row.string(15), row.string(16)};
    if (!row.isNull(17)) run.traceparent = row.string(17);
    if (!row.isNull(18)) run.output = jsonAt(row, 18);
    return run;
}

std::optional<Run> firstRun(sql::Statement rows) {
    return rows.step() ? std::optional<Run>(readRun(rows)) : std::nullopt;
}

std::vector<Run> allRuns(sql::Statement rows) {
    std::vector<Run> out;
    while (rows.step()) out.push_back(readRun(rows));
    return out;
}

}  // namespace

void insertRun(sql::Connection& db, const Run& run) {
    auto row = db.query(
        "INSERT INTO runs (uuid, thread, assistant_uuid, graph_id, metadata, status, multitask_strategy, "
        "created_at,"
        " updated_at, not_before, started_at, ended_at, attempt, failures, error_type, error_message, "
        "traceparent)"
        " SELECT $1, t.id, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16 FROM threads t"
        " WHERE t.uuid = $17 RETURNING id",
        run.id.str(), run.assistant_id.str(), run.graph_id, run.metadata.text(), toString(run.status),
        toString(run.multitask_strategy), run.created_at.micros(), run.updated_at.micros(),
        micros(run.not_before), micros(run.started_at), micros(run.ended_at), run.attempt, run.failures,
        run.error ? std::optional<std::string>(run.error->type) : std::nullopt,
        run.error ? std::optional<std::string>(run.error->message) : std::nullopt, run.traceparent,
        run.thread_id.str());
    if (!row.step()) throw sql::Error(sql::Error::Code::kConstraint, "a run needs its thread");
    const RawJson kwargs = run.kwargs.json();
    db.run("INSERT INTO run_kwargs (run, kwargs) VALUES ($1, $2)", row.integer(0), kwargs.text());
}

std::optional<Run> findRun(sql::Connection& db, const RunId& id) {
    return firstRun(db.query(HEDDLE_SELECT_RUN " WHERE r.uuid = $1", id.str()));
}

std::optional<Run> findRun(sql::Connection& db, const ThreadId& thread, const RunId& id) {
    return firstRun(db.query(HEDDLE_SELECT_RUN " WHERE r.uuid = $1 AND t.uuid = $2", id.str(), thread.str()));
}

std::optional<Run> findRun(sql::Connection& db, const std::optional<ThreadId>& thread, const RunId& id) {
    return thread ? findRun(db, *thread, id) : findRun(db, id);
}

std::optional<RunStanding> findStanding(sql::Connection& db, const RunId& id) {
    auto row = db.query(
        "SELECT status, attempt, failures, cancel_action, cancel_type, cancel_message FROM runs"
        " WHERE uuid = $1",
        id.str());
    if (!row.step()) return std::nullopt;
    RunStanding standing{enumAt<RunStatus>(row, 0, parseRunStatus), row.integer(1), row.integer(2), {}};
    if (!row.isNull(3)) {
        standing.cancel =
            Cancel{enumAt<CancelAction>(row, 3, parseCancelAction), {row.string(4), row.string(5)}};
    }
    return standing;
}

RunPage listRuns(sql::Connection& db, const ThreadId& thread, const RunQuery& query) {
    Conditions conditions;
    conditions.add("r.thread = (SELECT id FROM threads WHERE uuid = ?)", thread.str());
    if (query.status) conditions.add("r.status = ?", std::string(toString(*query.status)));
    RunPage page;
    {
        auto row = conditions.query(db, "SELECT count(*) FROM runs r" + conditions.where());
        row.step();
        page.total = row.integer(0);
    }
    const std::string text =
        HEDDLE_SELECT_RUN + conditions.where() +
        conditions.tail(" ORDER BY r.id DESC LIMIT ? OFFSET ?", query.limit, query.offset);
    page.runs = allRuns(conditions.query(db, text));
    return page;
}

std::vector<Run> openRuns(sql::Connection& db, const ThreadId& thread) {
    return allRuns(db.query(HEDDLE_SELECT_RUN
                            " WHERE r.thread = (SELECT id FROM threads WHERE uuid = $1) AND " HEDDLE_OPEN
                            " ORDER BY r.id",
                            thread.str()));
}

bool hasOpenRuns(sql::Connection& db, const ThreadId& thread) {
    return db
        .query(
            "SELECT 1 FROM runs r WHERE r.thread = (SELECT id FROM threads WHERE uuid = $1) AND " HEDDLE_OPEN
            " LIMIT 1",
            thread.str())
        .step();
}

std::vector<Run> allOpenRuns(sql::Connection& db) {
    // The plus keeps SQLite on runs_open: for the order alone it would read all runs there are.
    return allRuns(db.query(HEDDLE_SELECT_RUN " WHERE " HEDDLE_OPEN " ORDER BY +r.id"));
}

std::optional<Run> claimRun(sql::Connection& db, const RunId& id, Timestamp now) {
    // The second condition keeps the one-running-run index from turning a race into an error.
    const auto claimed = db.run(
        "UPDATE runs SET status = 'running', attempt = attempt + 1, started_at = coalesce(started_at, $1),"
        " updated_at = $1 WHERE uuid = $2 AND status = 'pending' AND NOT EXISTS"
        " (SELECT 1 FROM runs o WHERE o.thread = runs.thread AND o.status = 'running')",
        now.micros(), id.str());
    return claimed == 0 ? std::nullopt : findRun(db, id);
}

bool requeueRun(sql::Connection& db, const RunId& id, std::int64_t attempt, Requeue why, Timestamp now) {
    return db.run(
               "UPDATE runs SET status = 'pending', failures = failures + $1, updated_at = $2"
               " WHERE uuid = $3 AND status = 'running' AND attempt = $4",
               why == Requeue::kFailed ? 1 : 0, now.micros(), id.str(), attempt) > 0;
}

bool finishRun(sql::Connection& db, const RunId& id, std::optional<std::int64_t> attempt, RunStatus status,
               const std::optional<RunError>& error, Timestamp now) {
    if (!isTerminal(status)) throw std::logic_error("finishRun needs a terminal status");
    const auto type = error ? std::optional<std::string_view>(error->type) : std::nullopt;
    const auto message = error ? std::optional<std::string_view>(error->message) : std::nullopt;
    if (attempt) {
        return db.run(
                   "UPDATE runs AS r SET status = $1, error_type = $2, error_message = $3, ended_at = $4,"
                   " updated_at = $4 WHERE uuid = $5 AND " HEDDLE_OPEN " AND attempt = $6",
                   toString(status), type, message, now.micros(), id.str(), *attempt) > 0;
    }
    return db.run(
               "UPDATE runs AS r SET status = $1, error_type = $2, error_message = $3, ended_at = $4,"
               " updated_at = $4 WHERE uuid = $5 AND " HEDDLE_OPEN,
               toString(status), type, message, now.micros(), id.str()) > 0;
}

void askCancel(sql::Connection& db, const RunId& id, const Cancel& cancel, Timestamp now) {
    db.run(
        "UPDATE runs SET cancel_action = $1, cancel_type = $2, cancel_message = $3, updated_at = $4"
        " WHERE uuid = $5 AND status = 'running'",
        toString(cancel.action), cancel.reason.type, cancel.reason.message, now.micros(), id.str());
}

std::vector<RunId> openRunIds(sql::Connection& db, std::optional<RunStatus> status, std::int64_t limit) {
    std::vector<RunId> out;
    auto rows = status ? db.query("SELECT r.uuid FROM runs r WHERE " HEDDLE_OPEN
                                  " AND r.status = $1 AND r.cancel_action IS NULL ORDER BY +r.id LIMIT $2",
                                  toString(*status), limit)
                       : db.query("SELECT r.uuid FROM runs r WHERE " HEDDLE_OPEN
                                  " AND r.cancel_action IS NULL ORDER BY +r.id LIMIT $1",
                                  limit);
    while (rows.step()) out.push_back(idAt<RunId>(rows, 0));
    return out;
}

void saveRunOutput(sql::Connection& db, const RunId& id, const RawJson& output) {
    db.run(
        "INSERT INTO run_outputs (run, output) SELECT r.id, $1 FROM runs r WHERE r.uuid = $2"
        " ON CONFLICT (run) DO UPDATE SET output = excluded.output",
        output.text(), id.str());
}

std::int64_t expireRetiredRuns(sql::Connection& db, Timestamp before, std::int64_t limit) {
    std::vector<std::int64_t> threads;
    {
        auto rows = db.query(
            "SELECT t.id FROM threads t WHERE t.retired_at < $1 AND NOT EXISTS (SELECT 1 FROM runs r"
            " WHERE r.thread = t.id AND (r.ended_at IS NULL OR r.ended_at >= $1)) ORDER BY t.retired_at "
            "LIMIT $2",
            before.micros(), limit);
        while (rows.step()) threads.push_back(rows.integer(0));
    }
    std::int64_t removed = 0;
    for (const auto thread : threads) {
        removed += db.run(
            "DELETE FROM runs WHERE id IN (SELECT id FROM runs WHERE thread = $1 ORDER BY id LIMIT $2)",
            thread, limit - removed);
        db.run(
            "DELETE FROM threads WHERE id = $1 AND NOT EXISTS (SELECT 1 FROM runs r WHERE r.thread = "
            "threads.id)",
            thread);
        if (removed >= limit) break;
    }
    return removed;
}

bool isCurrentAttempt(sql::Connection& db, const RunId& id, std::int64_t attempt) {
    return db
        .query("SELECT 1 FROM runs WHERE uuid = $1 AND attempt = $2 AND status = 'running'", id.str(),
               attempt)
        .step();
}

bool removeRun(sql::Connection& db, const RunId& id) {
    return db.run("DELETE FROM runs WHERE uuid = $1", id.str()) > 0;
}

}  // namespace heddle::store
