// SPDX-License-Identifier: Apache-2.0
#include "run/create.hpp"

#include "base/limits.hpp"
#include "base/text.hpp"
#include "run/idempotency.hpp"
#include "run/multitask.hpp"
#include "run/start_check.hpp"
#include "store/assistants.hpp"
#include "store/idempotency.hpp"
#include "store/runs.hpp"
#include "store/threads.hpp"

#include <algorithm>
#include <utility>

namespace heddle::run {
namespace {

Problem unknownAssistant(const std::string& name, const std::vector<std::string>& graphs) {
    std::string text = "Invalid assistant: '" + name.substr(0, 100) +
                       "'. Must be either:\n- A valid assistant UUID, or\n- One of the registered graphs: ";
    text += listed(graphs, limits::kNamedGraphs);
    return Problem::invalid(std::move(text));
}

bool registered(const std::vector<std::string>& graphs, const std::string& graph_id) {
    return std::ranges::find(graphs, graph_id) != graphs.end();
}

Result<Assistant> resolveAssistant(sql::Connection& db, const std::string& name,
                                   const std::vector<std::string>& graphs) {
    if (registered(graphs, name)) {
        if (auto assistant = store::findAssistant(db, systemAssistantId(name))) return std::move(*assistant);
        return Problem::notFound("Thread or assistant not found.");
    }
    const auto id = AssistantId::parse(name);
    if (!id) return unknownAssistant(name, graphs);
    auto assistant = store::findAssistant(db, *id);
    if (!assistant) return Problem::notFound("Thread or assistant not found.");
    if (!registered(graphs, assistant->graph_id)) {
        return Problem::invalid("assistant_id: its graph '" + assistant->graph_id +
                                "' is not in this server's configuration any more");
    }
    return std::move(*assistant);
}

Thread freshThread(const ThreadId& id, bool temporary, const CreateIds& ids) {
    Thread thread;
    thread.id = id;
    thread.created_at = thread.updated_at = thread.state_updated_at = ids.now;
    thread.temporary = temporary;
    if (!temporary) thread.ttl = ids.ttl;
    return thread;
}

// The thread of the run and whether it has to be inserted.
struct Target {
    Thread thread;
    bool fresh = false;
};

Result<Target> resolveThread(sql::Connection& db, const RunRequest& request, const CreateIds& ids) {
    if (!request.thread) {
        return Target{freshThread(ids.thread, request.on_completion == OnCompletion::kDelete, ids), true};
    }
    if (auto thread = store::findThreadHead(db, *request.thread)) return Target{std::move(*thread), false};
    if (request.if_not_exists == IfNotExists::kCreate)
        return Target{freshThread(*request.thread, false, ids), true};
    return Problem::notFound("Thread or assistant not found.");
}

// Applies the multitask rule to the thread's open runs.
Result<Stopped> supersede(sql::Connection& db, const RunRequest& request, const ThreadId& thread,
                          const RunId& by, const FinishRules& rules) {
    if (request.multitask_strategy == MultitaskStrategy::kEnqueue) return Stopped{};
    const auto rows = store::openRuns(db, thread);
    std::vector<OpenRun> open;
    for (const auto& run : rows) open.push_back({run.id, run.status});
    const auto decision = decideMultitask(request.multitask_strategy, open);
    if (decision.refused) {
        return Problem::conflict(
            "Thread is already running a task. Wait for it to finish or choose a different multitask "
            "strategy.");
    }
    Stopped stopped;
    for (const auto& old : decision.superseded) {
        const bool rollback = old.action == CancelAction::kRollback;
        const std::string how = rollback ? "rollback" : "interrupt";
        const Cancel cancel{old.action,
                            {rollback ? kUserRollback : kUserInterrupt,
                             "superseded by run " + by.str() + " (multitask_strategy=" + how + ")"}};
        stopRun(db, old.id, cancel, rules, stopped);
    }
    return stopped;
}

}  // namespace

Result<Created> createRun(sql::Connection& db, const RunRequest& request, const CreateIds& ids,
                          const CreateRules& rules) {
    if (request.idempotency) {
        auto replay = findReplay(db, *request.idempotency, ids.now);
        if (!replay) return replay.error();
        if (*replay) return Created{std::move(**replay), {}, true};
    }
    auto assistant = resolveAssistant(db, request.assistant, rules.graphs);
    if (!assistant) return assistant.error();
    auto target = resolveThread(db, request, ids);
    if (!target) return target.error();

    auto run = composeRun(request, *assistant, target->thread, ids.run, ids.now);
    if (!run) return run.error();
    Created created;
    created.run = std::move(*run);
    if (!target->fresh) {
        auto superseded = supersede(db, request, target->thread.id, ids.run, rules.finish);
        if (!superseded) return superseded.error();
        created.superseded = std::move(*superseded);
    }
    const auto startable = checkStart(db, created.run, rules.native_graphs);
    if (!startable) return startable.error();

    Thread& thread = target->thread;
    adopt(thread, request, *assistant);
    thread.status = ThreadStatus::kBusy;
    thread.updated_at = ids.now;
    if (target->fresh) {
        if (!store::insertThread(db, thread))
            return Problem::conflict("Thread with ID " + thread.id.str() + " already exists");
    } else {
        store::saveThreadHead(db, thread);
    }
    store::insertRun(db, created.run);
    if (request.idempotency) {
        store::saveIdempotencyKey(db, *request.idempotency, created.run.id, ids.now);
    }
    return created;
}

}  // namespace heddle::run
