// SPDX-License-Identifier: Apache-2.0
// What an open event stream reads from: a live run, the stored events of an ended one, or all runs of a
// thread. Sans-io: a page that must come from the database is asked for and handed in. Loop thread only.
#pragma once

#include "base/ids.hpp"
#include "domain/run.hpp"
#include "store/run_events.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace heddle::run {

struct PageWanted {
    RunId run;
    std::int64_t from = 0;
};

// A piece of a run's stored events, read in one transaction.
struct EventPage {
    std::vector<store::RunEvent> events;
    bool last = false;  // nothing is stored after them
    // Of the whole run, when `last`:
    std::int64_t next = 0;             // one more than the last seq
    std::optional<RunError> unstored;  // it failed, and its `error` event is not stored
};

// Which ids a reader's events carry: those of the run's own stream, or those of its thread's stream.
enum class EventIds { kNone, kRun, kThread };

class EventReader {
  public:
    virtual ~EventReader() = default;

    // SSE bytes not yet taken, whole events, about `max_bytes` at most; empty when there is none now.
    virtual std::string take(std::size_t max_bytes) = 0;
    // What comes next lies in the database: read it (readEventPage) and hand it to accept().
    [[nodiscard]] virtual std::optional<PageWanted> wanted() const = 0;
    virtual void accept(EventPage page) = 0;
    // The stream is complete and everything was taken.
    [[nodiscard]] virtual bool finished() const = 0;
    // It was too slow: its connection is to be closed.
    [[nodiscard]] virtual bool dropped() const = 0;
    // Bytes held in memory or made since that it has not taken.
    [[nodiscard]] virtual std::uint64_t lag() const = 0;
    // One more than the seq of the run's last event (known once finished).
    [[nodiscard]] virtual std::int64_t end() const = 0;
    // Says that the reader is alive: it takes from another reader before this one's turn comes.
    virtual void touch() {}
    virtual void drop() = 0;
    // Called when there is something to take, when the stream ended, or when it was dropped. Once after each
    // take() that gave nothing. One callback.
    virtual void onWake(std::function<void()> wake) = 0;
};

// `messages/partial` and `messages|ns` belong to mode messages, `messages` itself to messages-tuple. Without
// modes every event is wanted; `error` always is.
[[nodiscard]] bool wantsEvent(const std::vector<std::string>& modes, std::string_view event);

// "event: …\r\ndata: …\r\n", with "id: <prefix><seq>\r\n" where a prefix is given, and the empty line.
void appendEvent(std::string& out, std::string_view event, std::string_view data, std::string_view id_prefix,
                 std::int64_t seq);

// The number before the dash of a run's ids: ms of its creation; of a thread's: µs of the run's start.
[[nodiscard]] std::string idPrefix(std::int64_t number);

// "<number>-<seq>", or everything ("-1", "0", "-"). Nothing when the text is neither.
struct EventPosition {
    std::int64_t number = -1;  // -1: from the beginning
    std::int64_t seq = -1;
    [[nodiscard]] bool fromStart() const { return number < 0; }
};
[[nodiscard]] std::optional<EventPosition> parseEventId(std::string_view text);

}  // namespace heddle::run
