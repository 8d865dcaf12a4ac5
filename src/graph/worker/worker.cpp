// SPDX-License-Identifier: Apache-2.0
#include "graph/worker/worker.hpp"

#include "base/log.hpp"

#include <algorithm>
#include <utility>

namespace heddle::graph {
namespace {

// An event loop that takes longer for an answer is worth a line in the log.
constexpr microseconds kBlockedLoop = std::chrono::seconds(1);
// So is a graph whose module takes longer to import.
constexpr double kSlowImport_s = 5;
constexpr const char* kNoInterpreter =
    "name a Python interpreter with --python or HEDDLE_PYTHON, or call heddle install";

std::string textOf(JsonView object, std::string_view key) {
    const auto field = object.get(key);
    return field ? field->string().value_or("") : std::string();
}

}  // namespace

Worker::Worker(boost::asio::any_io_executor loop, const Clock& clock, const WorkerOptions& options,
               std::size_t index, Owner& owner)
    : clock_(clock),
      options_(options),
      index_(index),
      name_(options.runtime + "-" + std::to_string(index)),
      owner_(owner),
      supervisor_(options.times),
      timer_(std::move(loop)) {}

Worker::~Worker() {
    dropChannel("shutting down");
}

void Worker::step(const Supervisor::Event& event) {
    for (const auto action : supervisor_.step(event, clock_.steady())) act(action);
    arm();
}

void Worker::arm() {
    const auto at = supervisor_.wakeAt();
    if (!at) {
        timer_.cancel();
        return;
    }
    timer_.expires_after(std::max(*at - clock_.steady(), microseconds(0)));
    timer_.async_wait([this, weak = std::weak_ptr(exists_)](boost::system::error_code cancelled) {
        if (cancelled || weak.expired()) return;
        step(Supervisor::Tick{channel_ ? channel_->lastHeard() : microseconds(0)});
    });
}

void Worker::act(Supervisor::Action action) {
    using Action = Supervisor::Action;
    switch (action) {
        case Action::kSpawn:
            return spawn();
        case Action::kLoad:
            return load();
        case Action::kReady:
            alive();
            log::info("worker.ready", {{"worker", name_}});
            return owner_.onReady(*this);
        case Action::kPing:
            channel_->call(frameHeader("ping"), {}, [](const FrameView*) {});
            return;
        case Action::kShutdown: {
            JsonWriter header = frameHeader("shutdown");
            const auto limit = *supervisor_.wakeAt() - clock_.steady();
            header.key("deadline_ms").integer(std::chrono::duration_cast<milliseconds>(limit).count());
            channel_->notify(std::move(header));
            return;
        }
        case Action::kClose:
            return dropChannel("given up");
        case Action::kLost:
            return owner_.onLost(*this);
        case Action::kKill:
            log::warning("worker.killed", {{"worker", name_}, {"state", toString(supervisor_.state())}});
            if (process_) process_->kill();
            return;
        case Action::kStopped:
            return owner_.onStopped(*this);
    }
}

void Worker::spawn() {
    auto on_end = [this](std::string_view how) {
        const bool wanted = supervisor_.state() == Supervisor::State::kStopping;
        log::write(wanted ? log::Level::kInfo : log::Level::kWarning, "worker.ended",
                   {{"worker", name_}, {"how", how}});
        step(Supervisor::Exited{});
    };
    auto process = owner_.launch(*this, std::move(on_end));
    if (process) {
        process_ = std::move(*process);
        return;
    }
    // Workers have the same program; it is tried again and again, and told once.
    const bool news = owner_.told().first(process.error().detail, 1);
    log::write(news ? log::Level::kError : log::Level::kDebug, "worker.spawn_failed",
               {{"worker", name_}, {"error", process.error().detail}, {"remedy", kNoInterpreter}});
    step(Supervisor::SpawnFailed{});
}

void Worker::connected(std::shared_ptr<Channel> channel) {
    if (supervisor_.state() != Supervisor::State::kStarting) return channel->close("too late");
    channel_ = std::move(channel);
    channel_->attach(this);
    probed_at_.reset();
    taken_bytes_ = 0;
    step(Supervisor::Hello{});
}

void Worker::load() {
    auto done = [this, weak = std::weak_ptr(exists_)](const FrameView* reply) {
        if (!weak.expired()) loaded(reply);
    };
    channel_->call(frameHeader("load"), owner_.project(), std::move(done));
}

void Worker::loaded(const FrameView* reply) {
    if (reply == nullptr) return;  // onClosed() tells
    const auto failure = errorOf(*reply);
    const auto body = RawJson::parse(std::string(reply->body));
    if (failure || !body) {
        log::error("worker.load_failed",
                   {{"worker", name_}, {"error", failure ? failure->second : "no JSON"}});
        step(Supervisor::LoadFailed{});
        return;
    }
    ++loads_;
    for (const JsonView warning : body->view().get("warnings").value_or(JsonView()).elements()) {
        const auto problem = warning.string().value_or("");
        log::write(levelOf(log::Level::kWarning, problem), "worker.dependencies",
                   {{"worker", name_}, {"problem", problem}});
    }
    load_errors_.clear();
    for (const JsonView graph : body->view().get("graphs").value_or(JsonView()).elements()) {
        take(graph);
    }
    if (const auto index = body->view().given("store_index")) {
        const JsonView error = index->get("error").value_or(JsonView());
        const auto why = textOf(error, "error") + ": " + textOf(error, "message");
        log::write(levelOf(log::Level::kError, why), "store.index_load_failed",
                   {{"worker", name_}, {"error", why}});
    }
    step(Supervisor::Loaded{});
}

void Worker::take(JsonView graph) {
    const std::string graph_id = textOf(graph, "graph_id");
    const auto ok = graph.get("ok");
    if (ok && ok->boolean() == true) {
        const auto seconds = graph.get("seconds").value_or(JsonView()).number().value_or(0);
        if (seconds < kSlowImport_s) return;
        log::write(levelOf(log::Level::kInfo, "slow " + graph_id), "graph.slow_import",
                   {{"graph_id", graph_id}, {"ms", static_cast<std::int64_t>(seconds * 1e3)}});
        return;
    }
    const JsonView error = graph.get("error").value_or(JsonView());
    RunError why{"GraphLoadError", textOf(error, "error") + ": " + textOf(error, "message")};
    log::write(levelOf(log::Level::kError, graph_id + why.message), "graph.load_failed",
               {{"worker", name_}, {"graph_id", graph_id}, {"error", why.message}});
    load_errors_.emplace(graph_id, std::move(why));
}

log::Level Worker::levelOf(log::Level first, const std::string& text) {
    return owner_.told().first(text, loads_) ? first : log::Level::kDebug;
}

const RunError* Worker::loadError(std::string_view graph_id) const {
    const auto found = load_errors_.find(graph_id);
    return found == load_errors_.end() ? nullptr : &found->second;
}

bool Worker::silent() const {
    return active > 0 && clock_.steady() - alive_at_ > options_.sign_of_life;
}

void Worker::probe() {
    if (probed_at_ || !ready()) return;
    probed_at_ = clock_.steady();
    channel_->call(frameHeader("loop.ping"), {},
                   [this, weak = std::weak_ptr(exists_)](const FrameView* reply) {
                       if (reply == nullptr || weak.expired()) return;
                       const microseconds took = clock_.steady() - *std::exchange(probed_at_, std::nullopt);
                       if (took > kBlockedLoop) {
                           const auto ms = std::chrono::duration_cast<milliseconds>(took).count();
                           log::warning("worker.loop_was_blocked", {{"worker", name_}, {"ms", ms}});
                       }
                       alive();
                       owner_.onAnswer(*this);
                   });
}

void Worker::giveBack() {
    if (!channel_ || taken_bytes_ < options_.event_window / 4) return;
    JsonWriter header = frameHeader("credit");
    header.key("bytes").integer(static_cast<std::int64_t>(std::exchange(taken_bytes_, 0)));
    channel_->notify(std::move(header));
}

void Worker::onFrame(const std::shared_ptr<Channel>&, const FrameView& frame) {
    owner_.onWorkerFrame(*this, frame);
}

void Worker::onClosed(const std::shared_ptr<Channel>& channel, std::string_view why) {
    if (channel != channel_) return;
    channel_.reset();
    if (supervisor_.state() != Supervisor::State::kStopping) {
        log::warning("worker.disconnected", {{"worker", name_}, {"reason", why}});
    }
    step(Supervisor::Disconnected{});
}

void Worker::dropChannel(std::string_view why) {
    const auto channel = std::exchange(channel_, nullptr);
    if (!channel) return;
    channel->attach(nullptr);
    channel->close(why);
}

}  // namespace heddle::graph
