// SPDX-License-Identifier: Apache-2.0
#include "api/streams.hpp"

#include "base/limits.hpp"
#include "base/log.hpp"
#include "http/sse.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <cstdint>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace heddle::api {
namespace asio = boost::asio;

namespace {

constexpr auto kWait = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t kChunk = 64 * 1024;

// What a long response holds on to. Shared, since a StreamBody must be copyable.
struct Following {
    Context& context;
    std::shared_ptr<run::LiveRun> live;  // none: a stored run, or a thread
    std::unique_ptr<run::EventReader> events;
    WhenGone when_gone;
    asio::steady_timer wake;
    asio::steady_timer stall;
    std::uint64_t writes = 0;  // ended
    std::size_t sending = 0;   // bytes of the write under way

    Following(Context& c, std::shared_ptr<run::LiveRun> l, std::unique_ptr<run::EventReader> e, WhenGone w)
        : context(c), live(std::move(l)), events(std::move(e)), when_gone(w), wake(c.loop), stall(c.loop) {}
};

// Waits for a wake-up or the next heartbeat. True when it is time for a heartbeat.
asio::awaitable<bool> waitForBeat(Following& following, microseconds& next_beat) {
    const auto now = following.context.clock.steady();
    if (now >= next_beat) {
        next_beat += limits::kHeartbeat;
        co_return true;
    }
    following.wake.expires_after(next_beat - now);
    (void)co_await following.wake.async_wait(kWait);
    co_return false;
}

asio::awaitable<void> cancelIfAsked(Following& following) {
    if (following.when_gone != WhenGone::kCancel || !following.live || following.live->outcome()) co_return;
    run::CancelTarget target;
    target.ids = {following.live->id()};
    Cancel cancel{CancelAction::kInterrupt,
                  {run::kUserInterrupt, "client disconnected from the run stream (on_disconnect=cancel)"}};
    // Not open any more: nothing to cancel.
    (void)co_await following.context.runs.cancel(std::move(target), std::move(cancel));
}

// Counts a stream as open while it lives.
class OpenStream {
  public:
    explicit OpenStream(metrics::Metrics& metrics) : metrics_(metrics) { metrics_.streamOpened(); }
    ~OpenStream() { metrics_.streamClosed(); }
    OpenStream(const OpenStream&) = delete;
    OpenStream& operator=(const OpenStream&) = delete;

  private:
    metrics::Metrics& metrics_;
};

// Breaks the connection when a write does not end in time while much is waiting. The run itself looks only
// when it publishes.
void watchForStall(const std::shared_ptr<Following>& following, http::StreamWriter& writer) {
    following->stall.expires_after(limits::kSubscriberStall);
    following->stall.async_wait(
        [following, &writer, write = following->writes](const boost::system::error_code& error) {
            // The write may have ended (and the writer gone) after this was queued.
            if (error || write != following->writes) return;
            const std::uint64_t held = following->events->lag() + following->sending;
            if (held <= limits::kSubscriberLag) return watchForStall(following, writer);
            following->events->drop();
            writer.cancel();
        });
}

asio::awaitable<bool> send(std::shared_ptr<Following> following, http::StreamWriter& writer,
                           std::string_view bytes) {
    following->sending = bytes.size();
    watchForStall(following, writer);
    const bool connected = co_await writer.write(bytes);
    following->sending = 0;
    ++following->writes;
    following->stall.cancel();
    co_return connected;
}

asio::awaitable<void> readPage(std::shared_ptr<Following> following, run::PageWanted wanted) {
    auto page = co_await following->context.runs.eventPage(wanted);
    if (!page) throw std::runtime_error(page.error().detail);
    following->events->accept(std::move(*page));
}

// To the end of the stream; false when the client went before.
asio::awaitable<bool> sendEvents(std::shared_ptr<Following> following, http::StreamWriter& writer) {
    auto& events = *following->events;
    auto next_beat = following->context.clock.steady() + limits::kHeartbeat;
    bool connected = true;
    while (connected && !events.dropped()) {
        const std::string bytes = events.take(kChunk);
        if (!bytes.empty()) {
            connected = co_await send(following, writer, bytes);
            continue;
        }
        if (events.finished()) break;
        if (const auto wanted = events.wanted()) {
            co_await readPage(following, *wanted);
            continue;
        }
        const bool beat = co_await waitForBeat(*following, next_beat);
        if (beat) connected = co_await send(following, writer, http::kSseHeartbeat);
        if (writer.gone()) connected = false;
    }
    co_return connected && !events.dropped();
}

asio::awaitable<void> followEvents(std::shared_ptr<Following> following, http::StreamWriter& writer) {
    const OpenStream open(following->context.metrics);
    auto& events = *following->events;
    events.onWake([&following, &writer] {
        if (following->events->dropped()) writer.cancel();
        following->wake.cancel();
    });
    writer.onGone([following] { following->wake.cancel(); });
    const bool complete = co_await sendEvents(following, writer);
    events.onWake(nullptr);
    if (events.dropped()) {
        if (following->live) log::warning("stream.dropped", {{"run_id", following->live->id()}});
        if (!following->live) log::warning("stream.dropped");
        following->context.metrics.subscriberDropped();
    }
    if (!complete) co_await cancelIfAsked(*following);
}

std::string outcomeJson(const run::Outcome& outcome) {
    if (!hasFailed(outcome.status) || !outcome.error) return outcome.output.text();
    JsonWriter writer;
    writer.beginObject().key("__error__").raw(outcome.error->json()).endObject();
    return writer.take();
}

using Answer = std::string (*)(const run::Outcome&);

asio::awaitable<void> followOutcome(std::shared_ptr<Following> following, http::StreamWriter& writer,
                                    Answer answer) {
    auto next_beat = following->context.clock.steady() + limits::kHeartbeat;
    const auto waiter =
        following->live->onFinished([following](const run::Outcome&) { following->wake.cancel(); });
    writer.onGone([following] { following->wake.cancel(); });
    bool connected = true;
    while (connected && !following->live->outcome()) {
        const bool beat = co_await waitForBeat(*following, next_beat);
        if (beat) connected = co_await writer.write("\n");
        if (writer.gone()) connected = false;
    }
    following->live->forget(waiter);
    if (connected && following->live->outcome()) {
        const std::string body = answer(*following->live->outcome());
        (void)co_await writer.write(body);
    } else {
        co_await cancelIfAsked(*following);
    }
}

http::Response located(std::string_view type, const std::string& location, std::string_view suffix) {
    http::Response response;
    response.headers.set("content-type", std::string(type));
    response.headers.set("location", location + std::string(suffix));
    response.headers.set("content-location", location);
    return response;
}

http::Response sse(http::Response response) {
    response.headers.set("content-type", "text/event-stream; charset=utf-8");
    response.headers.set("cache-control", "no-store");
    response.headers.set("x-accel-buffering", "no");
    return response;
}

http::Response sseResponse(const std::string& location) {
    return sse(located("text/event-stream; charset=utf-8", location, "/stream"));
}

// Only who wants its run cancelled says something by closing its side.
http::ClientEnd clientEnd(WhenGone when_gone) {
    return when_gone == WhenGone::kCancel ? http::ClientEnd::kGone : http::ClientEnd::kMayRead;
}

http::Response followed(http::Response response, std::shared_ptr<Following> following) {
    response.client_end = clientEnd(following->when_gone);
    response.stream = [following](http::StreamWriter& writer) { return followEvents(following, writer); };
    return response;
}

}  // namespace

std::string runLocation(const Run& run) {
    const std::string here = "/runs/" + run.id.str();
    return run.kwargs.temporary ? here : "/threads/" + run.thread_id.str() + here;
}

http::Response eventStream(Context& context, std::shared_ptr<run::LiveRun> live,
                           std::unique_ptr<run::EventReader> events, WhenGone when_gone,
                           std::string location) {
    return followed(sseResponse(location),
                    std::make_shared<Following>(context, std::move(live), std::move(events), when_gone));
}

http::Response storedStream(Context& context, std::unique_ptr<run::EventReader> events,
                            std::string location) {
    return eventStream(context, nullptr, std::move(events), WhenGone::kContinue, std::move(location));
}

http::Response threadStream(Context& context, std::unique_ptr<run::EventReader> events) {
    return followed(sse({}),
                    std::make_shared<Following>(context, nullptr, std::move(events), WhenGone::kContinue));
}

http::Response endedStream(const run::Outcome& outcome, std::string location) {
    auto response = sseResponse(location);
    if (hasFailed(outcome.status) && outcome.error)
        response.body = http::sseFrame("error", outcome.error->json().text());
    return response;
}

http::Response outcomeWhenEnded(Context& context, std::shared_ptr<run::LiveRun> live, WhenGone when_gone,
                                std::string location) {
    auto following = std::make_shared<Following>(context, std::move(live), nullptr, when_gone);
    auto response = located("application/json", location, "/join");
    response.client_end = clientEnd(when_gone);
    response.stream = [following](http::StreamWriter& writer) {
        return followOutcome(following, writer, outcomeJson);
    };
    return response;
}

http::Response cancelledWhenEnded(Context& context, std::shared_ptr<run::LiveRun> live,
                                  std::string location) {
    auto following = std::make_shared<Following>(context, std::move(live), nullptr, WhenGone::kContinue);
    auto response = located("application/json", location, "/join");
    response.client_end = http::ClientEnd::kMayRead;
    const Answer empty = [](const run::Outcome&) -> std::string { return "{}"; };
    response.stream = [following, empty](http::StreamWriter& writer) {
        return followOutcome(following, writer, empty);
    };
    return response;
}

http::Response endedOutcome(const run::Outcome& outcome, std::string location) {
    auto response = located("application/json", location, "/join");
    response.body = outcomeJson(outcome);
    return response;
}

}  // namespace heddle::api
