// SPDX-License-Identifier: Apache-2.0
#include "graph/native/node_call.hpp"

#include "base/limits.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <string_view>
#include <utility>

namespace heddle::graph {
namespace {

heddle_text textOf(std::string_view text) {
    return {text.data(), text.size()};
}

// Longer waits would overflow the clock.
constexpr std::chrono::microseconds kSleepMost = std::chrono::hours(24 * 365);

}  // namespace

NodeCall::NodeCall(boost::asio::any_io_executor loop, std::shared_ptr<Bell> bell, NodeInput given)
    : input(std::move(given)), loop_(std::move(loop)), bell_(std::move(bell)) {}

// ---- The node's thread.

bool NodeCall::begin() {
    const std::lock_guard lock(mutex_);
    begun_ = true;
    return !outcome_ && !abandoned_;
}

heddle_run NodeCall::table() {
    heddle_run run{};
    run.size = sizeof(run);
    run.of = this;
    run.node = textOf(input.node);
    run.state = textOf(input.state.text());
    run.input = textOf(input.input.text());
    run.config = textOf(input.config.text());
    run.context = textOf(input.context.text());
    run.emit = [](void* of, heddle_text json) { return static_cast<NodeCall*>(of)->emit(json); };
    run.interrupt = [](void* of, heddle_text question, heddle_text* answer) {
        return static_cast<NodeCall*>(of)->interrupt(question, *answer);
    };
    run.sleep = [](void* of, std::int64_t microseconds) {
        return static_cast<NodeCall*>(of)->sleep(std::chrono::microseconds(microseconds));
    };
    run.cancelled = [](void* of) { return static_cast<NodeCall*>(of)->stopped() ? 1 : 0; };
    return run;
}

heddle_status NodeCall::emit(heddle_text json) {
    auto valid = RawJson::parse(std::string(json.data, json.size));
    if (!valid) return HEDDLE_FAILED;
    std::unique_lock lock(mutex_);
    const auto room = [this] { return over() || event_bytes_ < limits::kEventWindow; };
    changed_.wait(lock, room);
    if (over()) return HEDDLE_STOPPED;
    if (!input.custom) return HEDDLE_OK;
    event_bytes_ += valid->text().size();
    events_.push_back(std::move(*valid).take());
    if (events_.size() == 1) ring();
    return HEDDLE_OK;
}

heddle_status NodeCall::interrupt(heddle_text question, heddle_text& answer) {
    auto valid = RawJson::parse(std::string(question.data, question.size));
    if (!valid) return HEDDLE_FAILED;
    const std::lock_guard lock(mutex_);
    if (over()) return HEDDLE_STOPPED;
    if (answered_ < input.answers.size()) {
        answer = textOf(input.answers[answered_++].text());
        return HEDDLE_OK;
    }
    question_ = std::move(*valid);
    return HEDDLE_STOPPED;
}

heddle_status NodeCall::sleep(std::chrono::microseconds time) {
    std::unique_lock lock(mutex_);
    const bool stops = changed_.wait_for(lock, std::min(time, kSleepMost), [this] { return over(); });
    return stops ? HEDDLE_STOPPED : HEDDLE_OK;
}

bool NodeCall::stopped() {
    const std::lock_guard lock(mutex_);
    return over();
}

void NodeCall::end(NodeOutcome outcome) {
    const std::lock_guard lock(mutex_);
    outcome_ = std::move(outcome);
    // The bell belongs to the loop: this thread must not be the last to hold it.
    if (!abandoned_) boost::asio::post(loop_, [bell = std::move(bell_)] { bell->ring(); });
}

// With the mutex held, so that it cannot come after abandon().
void NodeCall::ring() {
    if (abandoned_) return;
    boost::asio::post(loop_, [bell = bell_] { bell->ring(); });
}

// ---- The loop.

void NodeCall::cancel() {
    const std::lock_guard lock(mutex_);
    cancelled_ = true;
    if (!begun_ && !outcome_) {
        outcome_.emplace().stopped = true;
        ring();
    }
    changed_.notify_all();
}

void NodeCall::abandon() {
    const std::lock_guard lock(mutex_);
    abandoned_ = true;
    bell_.reset();
    changed_.notify_all();
}

bool NodeCall::ended() {
    const std::lock_guard lock(mutex_);
    return outcome_.has_value();
}

bool NodeCall::hasEvents() {
    const std::lock_guard lock(mutex_);
    return !events_.empty();
}

std::vector<std::string> NodeCall::takeEvents() {
    const std::lock_guard lock(mutex_);
    event_bytes_ = 0;
    changed_.notify_all();
    return std::exchange(events_, {});
}

NodeOutcome NodeCall::takeOutcome() {
    const std::lock_guard lock(mutex_);
    NodeOutcome outcome = std::move(outcome_).value();
    outcome_.emplace().stopped = true;
    return outcome;
}

}  // namespace heddle::graph
