// SPDX-License-Identifier: Apache-2.0
// What workers tell the pool.
#include "base/log.hpp"
#include "graph/worker/pool.hpp"
#include "graph/worker/project.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <utility>

namespace heddle::graph {
namespace asio = boost::asio;
namespace {

constexpr std::int64_t kProtocol = 1;

log::Level levelOf(std::string_view name) {
    if (name == "debug") return log::Level::kDebug;
    if (name == "warning") return log::Level::kWarning;
    if (name == "error") return log::Level::kError;
    return log::Level::kInfo;
}

}  // namespace

Result<std::unique_ptr<Process>> WorkerExecutor::launch(Worker& worker, ProcessEnd on_end) {
    std::vector<std::pair<std::string, std::string>> more;
    more.emplace_back("PYTHONUNBUFFERED", "1");
    more.emplace_back("HEDDLE_SOCKET", listener_->path());
    more.emplace_back("HEDDLE_TOKEN", tokens_.issue(worker.index()));
    more.emplace_back("HEDDLE_WORKER", worker.name());
    ProcessSpec spec{worker.name(), options_.command, projectEnvironment(options_, ownEnvironment(), more),
                     options_.root};
    if (metrics_ != nullptr && started_before_[worker.index()]) metrics_->workerRestarted(worker.name());
    started_before_[worker.index()] = true;
    return launcher_->launch(spec, std::move(on_end));
}

void WorkerExecutor::onHello(const std::shared_ptr<Channel>& channel, const FrameView& frame) {
    const auto owner = tokens_.redeem(frame.header.text("token").value_or(""));
    const std::int64_t id = frame.header.integer("id").value_or(0);
    if (!owner) {
        log::warning("worker.wrong_token");
        return channel->close("wrong token");
    }
    Worker& worker = *workers_[*owner];
    if (frame.header.integer("protocol") != kProtocol) {
        log::error("worker.wrong_protocol", {{"worker", worker.name()}});
        return channel->close("wrong protocol");
    }
    log::info("worker.hello", {{"worker", worker.name()},
                               {"pid", frame.header.integer("pid").value_or(0)},
                               {"runtime", frame.header.text("runtime").value_or("")},
                               {"runtime_version", frame.header.text("runtime_version").value_or("")},
                               {"library_version", frame.header.text("library_version").value_or("")}});
    JsonWriter fields;
    fields.beginObject().key("event_window").integer(static_cast<std::int64_t>(options_.event_window));
    channel->reply(id, std::move(fields));
    worker.connected(channel);
}

void WorkerExecutor::onReady(Worker& worker) {
    answers_.clear();  // it may have loaded newer code
    for (auto* asker : askers_) asker->cancel();
    if (metrics_ != nullptr) metrics_->setWorker(worker.name(), metrics::WorkerState::kUp);
    if (warm_) {
        offer();
    } else {
        warmUp();
    }
}

void WorkerExecutor::onLost(Worker& worker) {
    loading_.giveUp();
    if (metrics_ != nullptr) metrics_->setWorker(worker.name(), metrics::WorkerState::kDown);
    std::vector<Key> lost;
    for (const auto& [key, host] : runs_) {
        if (host == &worker) lost.push_back(key);
    }
    for (const auto& key : lost) {
        runs_.erase(key);
        RunEnd end;
        end.status = RunEnd::Status::kLost;
        end.company = lost.size();
        end.error = RunError{"WorkerLost", "The worker process died while it executed the run"};
        endLater(key, std::move(end));
    }
    if (!lost.empty()) {
        log::warning("worker.runs_lost", {{"worker", worker.name()}, {"runs", lost.size()}});
    }
    worker.active = 0;
    leaveLater(worker);
    if (&worker == reserved_) {
        reserved_ = nullptr;
        reserved_company_ = 0;
        pumpSuspects();
    }
}

void WorkerExecutor::onStopped(Worker&) {
    stopped_.cancel();
    const bool all = std::ranges::all_of(workers_, [](const auto& worker) { return worker->stopped(); });
    if (!all || !gone_) return;
    asio::post(loop_, std::exchange(gone_, nullptr));
}

void WorkerExecutor::onAnswer(Worker&) {
    if (waiting_.empty()) return;
    pump();
    if (waiting_.empty()) observer_->onCapacity();
}

void WorkerExecutor::onWorkerFrame(Worker& worker, const FrameView& frame) {
    const std::string method = frame.header.text("method").value_or("");
    if (method == "run.event") return onRunEvent(worker, frame);
    if (method == "run.end") return onRunEnd(worker, frame);
    if (method == "log") return onLog(worker, frame);
    const auto channel = worker.channel().shared_from_this();
    const bool served = calls_.serve(channel, frame);
    if (served) return;
    const auto id = frame.header.integer("id");
    if (id) channel->fail(*id, "UnknownMethod", "unknown method " + method);
}

void WorkerExecutor::onRunEvent(Worker& worker, const FrameView& frame) {
    const auto attempt = readAttempt(frame.header);
    const auto event = frame.header.text("event");
    if (!attempt || !event || !isOneLine(*event) || !isOneLine(frame.body)) {
        log::error("worker.bad_event", {{"worker", worker.name()}});
        return worker.channel().close("an event breaks the protocol");
    }
    worker.alive();
    const auto run = runs_.find(Key{attempt->run, attempt->number});
    if (run != runs_.end() && run->second == &worker) {
        observer_->onEvent(attempt->run, attempt->number, *event, std::string(frame.body));
    }
    worker.took(frame.body.size());
    if (observer_->hasRoom()) return worker.giveBack();
    if (std::exchange(wants_room_, true)) return;
    observer_->whenRoom([this, weak = std::weak_ptr(alive_)] {
        if (weak.expired()) return;
        wants_room_ = false;
        for (const auto& each : workers_) each->giveBack();
    });
}

void WorkerExecutor::onRunEnd(Worker& worker, const FrameView& frame) {
    const auto attempt = readAttempt(frame.header);
    auto end = readRunEnd(frame);
    if (!attempt || !end) {
        log::error("worker.bad_end", {{"worker", worker.name()}});
        return worker.channel().close("a run.end breaks the protocol");
    }
    worker.alive();
    const Key key{attempt->run, attempt->number};
    const auto run = runs_.find(key);
    if (run == runs_.end() || run->second != &worker) return;
    release(key);
    observer_->onEnd(key.run, key.attempt, std::move(*end));
}

void WorkerExecutor::onLog(const Worker& worker, const FrameView& frame) {
    const log::Level level = levelOf(frame.header.text("level").value_or("info"));
    if (!log::enabled(level)) return;
    const auto text = std::string(frame.body.substr(0, 64 * limits::kWorkerOutputLine));
    const auto logger = frame.header.text("logger").value_or("");
    if (const auto run = frame.header.text("run_id")) {
        log::write(level, "graph.log",
                   {{"worker", worker.name()}, {"run_id", *run}, {"logger", logger}, {"text", text}});
    } else {
        log::write(level, "graph.log", {{"worker", worker.name()}, {"logger", logger}, {"text", text}});
    }
}

}  // namespace heddle::graph
