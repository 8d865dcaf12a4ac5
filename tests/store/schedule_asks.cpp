// SPDX-License-Identifier: Apache-2.0
// What clients ask for. Part of ScheduleWorld.
#include "schedule_world.hpp"
#include "store/runs.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <gtest/gtest.h>

#include <utility>

namespace heddle::test {
namespace {

namespace asio = boost::asio;
using What = Ask::What;

constexpr std::size_t kThreads = 3;

What whatOf(CancelAction action) {
    return action == CancelAction::kRollback ? What::kRollback : What::kInterrupt;
}

std::optional<What> whatOf(MultitaskStrategy strategy) {
    if (strategy == MultitaskStrategy::kInterrupt) return What::kInterrupt;
    if (strategy == MultitaskStrategy::kRollback) return What::kRollback;
    return std::nullopt;
}

}  // namespace

void ScheduleWorld::ask() {
    const auto choice = pick(10);
    if (choice < 6 || model_.runs.empty()) return askCreate();
    if (choice < 8) return askCancel();
    if (choice < 9) return askRemoval();
    asio::co_spawn(process_->io, update(this, threads_[pick(kThreads)]), asio::detached);
}

run::RunRequest ScheduleWorld::request(std::int64_t n, AskedRun& asked) {
    run::RunRequest request;
    request.assistant = "echo";
    request.input = RawJson::trusted("{}");
    request.metadata = RawJson::trusted("{\"n\":" + std::to_string(n) + "}");
    if (!chance(15)) request.thread = threads_[pick(kThreads)];
    if (chance(30)) request.on_completion = run::OnCompletion::kKeep;
    asked.webhook = chance(60);
    if (asked.webhook) request.webhook = "http://127.0.0.1:9/hook";
    asked.limited = chance(10);
    if (asked.limited) request.config = RawJson::trusted(R"({"run_timeout":0.000001})");
    // Longer than a schedule takes, since the timer for it is a real one.
    if (chance(15)) request.after_s = 60.0 * static_cast<double>(1 + pick(3));
    request.resumable = chance(40);
    request.stream_mode = {"custom"};
    constexpr MultitaskStrategy kAll[] = {MultitaskStrategy::kEnqueue, MultitaskStrategy::kReject,
                                          MultitaskStrategy::kInterrupt, MultitaskStrategy::kRollback};
    request.multitask_strategy = asked.strategy = kAll[pick(4)];
    asked.resumable = request.resumable;
    return request;
}

void ScheduleWorld::askCreate() {
    AskedRun asked;
    const std::int64_t n = model_.add({});
    run::RunRequest made = request(n, asked);
    model_.asked(n) = asked;
    std::optional<std::size_t> ask;
    if (const auto what = whatOf(made.multitask_strategy); what && made.thread) {
        ask = model_.ask({*what, std::nullopt, made.thread, n, true});
    }
    const auto reader = chance(50) ? run::Service::Reader::kSubscribe : run::Service::Reader::kNone;
    asio::co_spawn(process_->io, create(this, std::move(made), n, reader, ask), asio::detached);
}

asio::awaitable<void> ScheduleWorld::create(ScheduleWorld* world, run::RunRequest request, std::int64_t n,
                                            run::Service::Reader reader, std::optional<std::size_t> ask) {
    const auto strategy = request.multitask_strategy;
    const bool stateless = !request.thread;
    auto accepted = co_await world->process_->service->create(std::move(request), reader);
    if (ask) world->model_.answered(*ask);
    if (!accepted) {
        const auto kind = accepted.error().kind;
        const bool rejected = kind == ProblemKind::kConflict && strategy == MultitaskStrategy::kReject;
        const bool no_thread = kind == ProblemKind::kNotFound && !stateless;
        EXPECT_TRUE(rejected || no_thread || kind == ProblemKind::kUnavailable) << accepted.error().detail;
        co_return;
    }
    world->model_.acknowledge(accepted->run, n);
    auto client = std::make_unique<Client>();
    client->run = accepted->run.id;
    client->live = accepted->live;
    client->events = std::move(accepted->events);
    world->watch(*client);
    world->process_->clients.push_back(std::move(client));
}

void ScheduleWorld::askCancel() {
    run::CancelTarget target;
    Ask ask;
    const auto action = chance(50) ? CancelAction::kRollback : CancelAction::kInterrupt;
    ask.what = whatOf(action);
    if (chance(25)) {
        target.all_open = true;
        target.limit = 1 + pick(3);
        if (chance(50)) target.status = chance(50) ? RunStatus::kPending : RunStatus::kRunning;
    } else {
        ask.run = someRun();
        target.ids = {*ask.run};
        if (chance(50)) target.thread = model_.runs.at(*ask.run).thread;
    }
    const auto number = model_.ask(ask);
    asio::co_spawn(process_->io, cancel(this, std::move(target), action, number), asio::detached);
}

asio::awaitable<void> ScheduleWorld::cancel(ScheduleWorld* world, run::CancelTarget target,
                                            CancelAction action, std::size_t ask) {
    const auto ids = target.ids;
    const Cancel how{action, {"UserInterrupt", "asked"}};
    const auto cancelled = co_await world->process_->service->cancel(std::move(target), how);
    world->model_.answered(ask);
    if (!cancelled) {
        EXPECT_EQ(cancelled.error().kind, ProblemKind::kNotFound) << cancelled.error().detail;
        co_return;
    }
    for (const auto& id : ids) {
        auto& known = world->model_.runs.at(id);
        if (known.cancelled != What::kRollback) known.cancelled = whatOf(action);
    }
}

void ScheduleWorld::askRemoval() {
    if (chance(60)) {
        const auto id = *someRun();
        const auto number = model_.ask({What::kRemove, id, std::nullopt, -1, true});
        asio::co_spawn(process_->io, removeRun(this, model_.runs.at(id).thread, id, number), asio::detached);
        return;
    }
    const auto thread = threads_[pick(kThreads)];
    const auto number = model_.ask({What::kRemove, std::nullopt, thread, -1, true});
    asio::co_spawn(process_->io, removeThread(this, thread, number), asio::detached);
}

asio::awaitable<void> ScheduleWorld::removeRun(ScheduleWorld* world, ThreadId thread, RunId id,
                                               std::size_t ask) {
    const auto removed = co_await world->process_->service->removeRun(thread, id);
    world->model_.answered(ask);
    EXPECT_EQ(world->model_.storedEnd(id), "gone");
    if (!removed) EXPECT_EQ(removed.error().kind, ProblemKind::kNotFound) << removed.error().detail;
}

asio::awaitable<void> ScheduleWorld::removeThread(ScheduleWorld* world, ThreadId thread, std::size_t ask) {
    const auto removed = co_await world->process_->service->removeThread(thread);
    world->model_.answered(ask);
    if (!removed) {
        EXPECT_EQ(removed.error().kind, ProblemKind::kNotFound) << removed.error().detail;
        co_return;
    }
    for (auto& one : world->threads_) {
        if (one == thread) one = world->addThread();
    }
}

asio::awaitable<void> ScheduleWorld::update(ScheduleWorld* world, ThreadId thread) {
    run::StateChange change;
    change.thread = thread;
    change.supersteps = RawJson::trusted(R"([{"updates":[{"values":{}}]}])");
    const auto updated = co_await world->process_->service->updateState(std::move(change));
    // The executor says no; what is tested is that the thread is held meanwhile, and let go.
    EXPECT_FALSE(updated);
}

void ScheduleWorld::watch(Client& client) {
    auto told = [this, &client](const run::Outcome& outcome) {
        client.answers += 1;
        // Nothing is told that is not durable.
        const auto stored = model_.storedEnd(client.run);
        const std::string status(toString(outcome.status));
        EXPECT_TRUE(stored == status || stored == "gone")
            << status << " was told, " << stored.value_or("open");
        if (outcome.status == RunStatus::kRolledBack) EXPECT_EQ(stored, "gone");
    };
    client.waiter = client.live->onFinished(std::move(told));
}

void ScheduleWorld::join() {
    const auto id = *someRun();
    const auto live = process_->service->live(id);
    if (!live) return;
    auto client = std::make_unique<Client>();
    client->run = id;
    client->live = live;
    client->from = model_.runs.at(id).events.size();
    if (chance(70)) client->events = live->subscribe(run::Subscription::From::kNow, {});
    watch(*client);
    process_->clients.push_back(std::move(client));
}

void ScheduleWorld::moveClient() {
    if (model_.runs.empty()) return;
    if (chance(40) || process_->clients.empty()) return join();
    const auto at = pick(process_->clients.size());
    Client& client = *process_->clients[at];
    if (chance(70)) return read(client);
    // It leaves.
    checkClient(client);
    client.live->forget(client.waiter);
    process_->clients.erase(process_->clients.begin() + static_cast<std::ptrdiff_t>(at));
}

void ScheduleWorld::read(Client& client) {
    if (!client.events) return;
    const std::string bytes = client.events->take(1 << 20);
    EXPECT_TRUE(bytes.empty() || !client.ended) << "something came after the end of a stream";
    client.bytes += bytes;
    client.ended |= client.events->finished();
}

// As far as it has come.
void ScheduleWorld::checkClient(Client& client) {
    read(client);
    EXPECT_LE(client.answers, 1);
    EXPECT_FALSE(client.ended && client.answers == 0) << "a stream ended before its run";
    if (!client.events) return;
    EXPECT_FALSE(client.events->dropped());
    const auto& events = model_.runs.at(client.run).events;
    std::size_t seen = client.from;
    constexpr std::string_view kEvent = "event: custom\r\ndata: ";
    for (auto at = client.bytes.find(kEvent); at != std::string::npos; at = client.bytes.find(kEvent, at)) {
        at += kEvent.size();
        const std::string data = client.bytes.substr(at, client.bytes.find("\r\n", at) - at);
        ASSERT_LT(seen, events.size()) << "an event too many: " << data;
        EXPECT_EQ(data, events[seen]) << "not the next event";
        ++seen;
    }
    if (client.ended) EXPECT_EQ(seen, events.size()) << "events are missing";
}

}  // namespace heddle::test
