// SPDX-License-Identifier: Apache-2.0
// What must hold of the database whatever the schedule was: compares what is committed with what was asked
// and with how attempts ended.
#pragma once

#include "base/ids.hpp"
#include "domain/run.hpp"
#include "domain/thread.hpp"
#include "graph/executor.hpp"
#include "sql/connection.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace heddle::test {

// Of a request, kept in its run's metadata as `n`.
struct AskedRun {
    bool webhook = false;
    bool limited = false;  // has a time limit, which is over at once
    MultitaskStrategy strategy = MultitaskStrategy::kEnqueue;
    bool resumable = false;
};

// Something that ends runs, or several, from when it is asked until it is answered.
struct Ask {
    enum class What { kInterrupt, kRollback, kRemove };
    What what = What::kInterrupt;
    std::optional<RunId> run;        // nothing: all of `thread`
    std::optional<ThreadId> thread;  // nothing: all there are
    std::int64_t but = -1;           // the request that asks is not meant
    bool open = true;
};

struct KnownRun {
    std::int64_t n = -1;
    ThreadId thread;
    RunStatus status = RunStatus::kPending;
    std::int64_t attempt = 0;
    std::int64_t failures = 0;
    std::optional<std::string> noted;         // the cancel in its row
    std::int64_t started = 0;                 // the last attempt that the executor was given
    std::optional<std::int64_t> checkpoints;  // that it had written when it ended
    bool gone = false;
    bool may_interrupt = false, may_roll_back = false, may_go = false;  // asked for
    bool acknowledged = false;
    bool waits = false;                                  // it has stopped at an interrupt
    std::optional<Ask::What> cancelled;                  // acknowledged
    std::map<std::int64_t, graph::RunEnd::Status> ends;  // by attempt
    std::vector<std::string> events;                     // that readers must see
    std::int64_t events_due = 0;                         // that must be stored when it ends
    [[nodiscard]] bool ended() const { return gone || isTerminal(status); }
};

class ScheduleModel {
  public:
    explicit ScheduleModel(sql::Connection& db) : db_(db) {}

    // Before an ask is made; the index is for answered().
    std::size_t ask(Ask ask);
    void answered(std::size_t ask) { asks_[ask].open = false; }
    std::int64_t add(AskedRun asked);
    AskedRun& asked(std::int64_t n) { return asked_[static_cast<std::size_t>(n)]; }
    // The server said yes.
    void acknowledge(const Run& run, std::int64_t n);
    // The process dies: attempts are lost, answers will not come.
    void die();

    // After each commit. Failures are gtest's.
    void check();
    // At last: everything has ended.
    void checkEnd();

    // The final status of a run in the database, "rollback" or "deleted"; nothing while it is open.
    std::optional<std::string> storedEnd(const RunId& run);

    std::map<RunId, KnownRun> runs;

  private:
    KnownRun& learn(const RunId& id, const ThreadId& thread, std::int64_t n);
    static void mark(KnownRun& run, const RunId& id, const Ask& ask);
    void checkRuns();
    // A run that is new, against those that were there before it.
    void checkDoubleText(const RunId& id, const std::set<RunId>& fresh);
    void checkMove(const RunId& id, KnownRun& known, const KnownRun& now);
    void checkTerminal(const RunId& id, const KnownRun& known, const KnownRun& now);
    void checkGone(const RunId& id, KnownRun& known);
    void checkThreads();
    void checkDeliveries();
    std::optional<std::string> deliveredStatus(const RunId& run);
    std::int64_t checkpointsOf(const RunId& run);

    sql::Connection& db_;
    std::vector<AskedRun> asked_;
    std::vector<Ask> asks_;
    std::map<ThreadId, std::optional<ThreadStatus>> resting_;  // nothing: not known exactly
};

}  // namespace heddle::test
