// SPDX-License-Identifier: Apache-2.0
#include "graph/native/builtin.hpp"

#include "base/json.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace heddle::graph {
namespace {

constexpr double kSleepSecondsMax = 24.0 * 3600;
constexpr double kBurstMost = 1e6;
constexpr std::int64_t kBurstTurn = 500;

boost::asio::awaitable<std::string> echo(NodeContext& run) {
    const auto text = JsonView::trusted(run.state()).get("text");
    JsonWriter update;
    update.beginObject().key("out").raw(text.value_or(JsonView())).endObject();
    co_return update.take();
}

boost::asio::awaitable<std::string> sleepFor(NodeContext& run) {
    const auto field = JsonView::trusted(run.state()).get("seconds");
    const auto seconds = field ? field->number() : std::optional<double>(1.0);
    if (!seconds || *seconds < 0 || *seconds > kSleepSecondsMax) {
        throw NodeError("ValueError", "seconds must be a number from 0 to 86400");
    }
    JsonWriter update;
    update.beginObject().key("slept");
    if (field) {
        update.raw(*field);
    } else {
        update.integer(1);
    }
    update.endObject();
    const std::chrono::duration<double> time(*seconds);
    co_await run.sleep(std::chrono::duration_cast<std::chrono::microseconds>(time));
    co_return update.take();
}

boost::asio::awaitable<std::string> fail(NodeContext& run) {
    const auto message = JsonView::trusted(run.state()).get("message");
    const auto text = message ? message->string() : std::nullopt;
    throw NodeError("ValueError", text.value_or("kaput"));
    co_return "null";
}

boost::asio::awaitable<std::string> burst(NodeContext& run) {
    const auto field = JsonView::trusted(run.state()).get("events");
    const auto asked = field ? field->number() : std::nullopt;
    if (!asked || *asked < 0 || *asked > kBurstMost) {
        throw NodeError("ValueError", "events must be a number from 0 to 1000000");
    }
    const auto events = static_cast<std::int64_t>(*asked);
    for (std::int64_t n = 0; n < events; ++n) {
        run.emit("{\"n\":" + std::to_string(n) + "}");
        // Lets the loop serve others.
        if (n % kBurstTurn == kBurstTurn - 1) co_await run.sleep(std::chrono::microseconds(0));
    }
    JsonWriter update;
    update.beginObject().key("sent").integer(events).endObject();
    co_return update.take();
}

}  // namespace

std::optional<Coroutine> builtinGraph(std::string_view name) {
    if (name == "echo") return Coroutine(echo);
    if (name == "sleep") return Coroutine(sleepFor);
    if (name == "fail") return Coroutine(fail);
    if (name == "burst") return Coroutine(burst);
    return std::nullopt;
}

}  // namespace heddle::graph
