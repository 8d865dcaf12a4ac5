// SPDX-License-Identifier: Apache-2.0
// /runs/crons: create, change, delete.
#include "store/crons.hpp"

#include "api/context.hpp"
#include "api/cron_objects.hpp"
#include "api/operation.hpp"
#include "cron/cron_times.hpp"
#include "domain/thread.hpp"
#include "store/assistants.hpp"
#include "store/threads.hpp"

#include <memory>
#include <utility>

namespace heddle::api {
namespace asio = boost::asio;

namespace {

// Whether a run can be made of the payload.
enum class WebhookIs { kChecked, kAsItWas };
Result<void> checkRun(const Context& context, const Cron& cron, Timestamp now, WebhookIs webhook) {
    const auto request = run::parseRunRequest(cron.payload.view(), cron.thread);
    if (!request) return request.error();
    if (webhook == WebhookIs::kChecked) {
        if (const auto url = context.runs.checkWebhook(request->webhook); !url) return url.error();
    }
    const auto made = run::composeRun(*request, Assistant(), Thread(), RunId(), now);
    return made ? Result<void>() : Result<void>(made.error());
}

// What the payload says of the cron itself.
Result<void> readPayload(Context& context, Cron& cron) {
    const JsonView payload = cron.payload.view();
    cron.schedule = payload.stringAt("schedule").value_or("");
    cron.timezone = payload.stringAt("timezone");
    cron.metadata = RawJson::copy(payload.objectAt("metadata"));
    cron.keeps_threads = payload.stringAt("on_run_completed") == "keep";
    const auto enabled = payload.given("enabled");
    cron.enabled = !enabled || enabled->boolean().value_or(true);
    cron.end_time = std::nullopt;
    if (const auto text = payload.stringAt("end_time")) {
        const auto end = cron::readEndTime(context.zones, cron.timezone, *text);
        if (!end) return end.error();
        cron.end_time = *end;
    }
    return {};
}

// `before`: as it was. What is due already is not lost by a change of something else.
Result<void> setNextRun(Context& context, Cron& cron, const Cron* before, Timestamp now) {
    const auto times = cron::CronTimes::read(context.zones, cron);
    if (!times) return times.error();
    const bool same =
        before != nullptr && before->schedule == cron.schedule && before->timezone == cron.timezone;
    // One whose years are over can still be changed otherwise.
    if (!same && !times->comes(now)) return Problem::badRequest("failed to find next date");
    const bool due = same && before->next_run;
    const Timestamp from = due ? std::min(now, *before->next_run - microseconds(1)) : now;
    cron.next_run = cron.enabled ? times->after(from) : std::nullopt;
    return {};
}

Result<void> checkEnd(const Cron& cron, Timestamp now) {
    if (!cron.end_time || *cron.end_time > now) return {};
    return Problem::invalid("end_time: is in the past");
}

std::optional<AssistantId> assistantNamed(const Context& context, const std::string& name) {
    for (const auto& graph : context.config.graphs) {
        if (graph.graph_id == name) return systemAssistantId(name);
    }
    return AssistantId::parse(name);
}

http::Response shown(const Cron& cron) {
    JsonWriter writer;
    writeCron(writer, cron);
    return http::Response::json(200, writer.take());
}

asio::awaitable<Result<http::Response>> create(Context& context, Call& call, std::optional<ThreadId> thread) {
    const Timestamp now = context.clock.now();
    const std::string name = call.json().stringAt("assistant_id").value_or("");
    const auto assistant = assistantNamed(context, name);
    if (!assistant) co_return noAssistant(name.substr(0, 100));
    auto cron = std::make_shared<Cron>();
    cron->id = CronId::v7(context.clock, context.random);
    cron->assistant = *assistant;
    cron->thread = thread;
    cron->created_at = cron->updated_at = now;
    const RawJson id = RawJson::trusted(R"({"assistant_id":")" + assistant->str() + R"("})");
    cron->payload = mergeObjects(call.json(), id.view());
    if (const auto read = readPayload(context, *cron); !read) co_return read.error();
    if (const auto next = setNextRun(context, *cron, nullptr, now); !next) co_return next.error();
    if (const auto end = checkEnd(*cron, now); !end) co_return end.error();
    if (const auto run = checkRun(context, *cron, now, WebhookIs::kChecked); !run) co_return run.error();
    auto job = [cron, name](sql::Connection& db) -> Result<bool> {
        if (!store::findAssistant(db, cron->assistant)) return noAssistant(name.substr(0, 100));
        if (cron->thread && !store::findThreadHead(db, *cron->thread)) return noThread(*cron->thread);
        store::insertCron(db, *cron);
        return true;
    };
    const auto stored = co_await context.db.write(std::move(job));
    if (!stored) co_return stored.error();
    context.crons.wake();
    co_return shown(*cron);
}

asio::awaitable<Result<http::Response>> createCron(Context& context, Call& call) {
    return create(context, call, std::nullopt);
}

asio::awaitable<Result<http::Response>> createThreadCron(Context& context, Call& call) {
    const auto thread = pathId<ThreadId>(call, "thread_id", "thread");
    if (!thread) co_return thread.error();
    co_return co_await create(context, call, *thread);
}

// The cron with what the body changes.
Result<Cron> changed(Context& context, const Cron& before, JsonView body, Timestamp now) {
    Cron cron = before;
    cron.payload = mergeObjects(before.payload.view(), body);
    cron.updated_at = now;
    if (const auto read = readPayload(context, cron); !read) return read.error();
    if (body.given("enabled")) cron.disabled_reason = std::nullopt;
    // One that the server has disabled stays so until it is enabled.
    if (cron.disabled_reason) cron.enabled = false;
    if (const auto next = setNextRun(context, cron, &before, now); !next) return next.error();
    if (body.given("end_time")) {
        if (const auto end = checkEnd(cron, now); !end) return end.error();
    }
    // One that the rules forbid by now does not keep a cron from being disabled.
    const bool check = cron.enabled || body.given("webhook");
    const auto run = checkRun(context, cron, now, check ? WebhookIs::kChecked : WebhookIs::kAsItWas);
    if (!run) return run.error();
    return cron;
}

asio::awaitable<Result<http::Response>> patchCron(Context& context, Call& call) {
    const auto id = pathId<CronId>(call, "cron_id", "cron");
    if (!id) co_return id.error();
    for (;;) {
        auto find = [id = *id](sql::Connection& db) -> Result<Cron> {
            auto found = store::findCron(db, id);
            return found ? Result<Cron>(std::move(*found)) : Result<Cron>(noCron(id.str()));
        };
        const auto before = co_await context.db.read(std::move(find));
        if (!before) co_return before.error();
        auto after = changed(context, *before, call.json(), context.clock.now());
        if (!after) co_return after.error();
        const auto cron = std::make_shared<const Cron>(std::move(*after));
        // False: it was changed or fired meanwhile, so that this is to be done again.
        auto job = [cron, was = before->next_run,
                    since = before->updated_at](sql::Connection& db) -> Result<bool> {
            const auto now = store::findCron(db, cron->id);
            if (!now) return noCron(cron->id.str());
            if (now->next_run != was || now->updated_at != since) return false;
            if (cron->enabled && !store::findAssistant(db, cron->assistant))
                return noAssistant(cron->assistant.str());
            store::saveCron(db, *cron);
            return true;
        };
        const auto saved = co_await context.db.write(std::move(job));
        if (!saved) co_return saved.error();
        if (!*saved) continue;
        context.crons.wake();
        co_return shown(*cron);
    }
}

asio::awaitable<Result<http::Response>> deleteCron(Context& context, Call& call) {
    const auto id = pathId<CronId>(call, "cron_id", "cron");
    if (!id) co_return id.error();
    auto job = [id = *id](sql::Connection& db) -> Result<bool> {
        return store::removeCron(db, id) ? Result<bool>(true) : Result<bool>(noCron(id.str()));
    };
    const auto removed = co_await context.db.write(std::move(job));
    if (!removed) co_return removed.error();
    co_return http::Response::noContent();
}

}  // namespace

void addCrons(Routes& routes, Context& context) {
    using http::Method;
    const auto bind = binder(context);
    routes.add(Method::kPost, "/runs/crons", Body::kRequired, bind(createCron));
    routes.add(Method::kPost, "/threads/{thread_id}/runs/crons", Body::kRequired, bind(createThreadCron));
    routes.add(Method::kPost, "/thread/{thread_id}/runs/crons", Body::kRequired, bind(createThreadCron));
    routes.add(Method::kPatch, "/runs/crons/{cron_id}", Body::kRequired, bind(patchCron));
    routes.add(Method::kDelete, "/runs/crons/{cron_id}", Body::kNone, bind(deleteCron));
    addCronLookups(routes, context);
}

}  // namespace heddle::api
