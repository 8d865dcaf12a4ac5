// SPDX-License-Identifier: Apache-2.0
// What the tests of live runs share: a clock that stands still, runs, and a sink that stores when it is told.
#pragma once

#include "run/hub.hpp"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace heddle::run::test {

class FakeClock final : public Clock {
  public:
    [[nodiscard]] Timestamp now() const override { return Timestamp::fromMicros(steady_.count()); }
    [[nodiscard]] microseconds steady() const override { return steady_; }
    void advance(microseconds time) { steady_ += time; }

  private:
    microseconds steady_{1'000'000'000};
};

constexpr std::int64_t kCreatedMs = 1'700'000'000'000;

inline heddle::Run makeRun(bool resumable = false, std::uint8_t number = 0) {
    Uuid::Bytes bytes{};
    bytes[15] = number;
    heddle::Run out;
    out.id = RunId(Uuid(bytes));
    out.created_at = Timestamp::fromMicros(kCreatedMs * 1000);
    out.kwargs.resumable = resumable;
    return out;
}

// Keeps what it is given until store().
class Disk final : public EventSink {
  public:
    void add(std::shared_ptr<LiveRun> run, store::RunEvent event) override {
        waiting_.emplace_back(std::move(run), std::move(event));
    }
    // At most `count`, the oldest.
    void store(std::size_t count = SIZE_MAX) {
        for (auto& [run, event] : take(count)) {
            const std::int64_t next = event.seq + 1;
            events.push_back(std::move(event));
            if (const auto live = run.lock()) live->stored(next);
        }
    }
    // What a page of `run` from a seq on is, with at most `count` events.
    [[nodiscard]] EventPage page(const PageWanted& wanted, std::size_t count = SIZE_MAX) const {
        EventPage page;
        page.last = true;
        for (const auto& event : events) {
            if (event.run != wanted.run) continue;
            page.next = event.seq + 1;
            if (event.seq < wanted.from) continue;
            if (page.events.size() < count) {
                page.events.push_back(event);
            } else {
                page.last = false;
            }
        }
        return page;
    }

    std::vector<store::RunEvent> events;

  private:
    // Weak: a run holds its sink.
    using Waiting = std::vector<std::pair<std::weak_ptr<LiveRun>, store::RunEvent>>;
    Waiting take(std::size_t count) {
        const auto end = waiting_.begin() + static_cast<std::ptrdiff_t>(std::min(count, waiting_.size()));
        Waiting taken(std::make_move_iterator(waiting_.begin()), std::make_move_iterator(end));
        waiting_.erase(waiting_.begin(), end);
        return taken;
    }
    Waiting waiting_;
};

// Everything that a reader gives now, pages of `disk` included.
inline std::string drain(EventReader& reader, const Disk& disk, std::size_t page_events = SIZE_MAX) {
    std::string out;
    for (;;) {
        const std::string some = reader.take(1 << 16);
        out += some;
        if (!some.empty()) continue;
        const auto wanted = reader.wanted();
        if (!wanted) return out;
        reader.accept(disk.page(*wanted, page_events));
    }
}

inline std::string frame(std::string_view event, std::string_view data, const std::string& id = {}) {
    std::string out = "event: " + std::string(event) + "\r\ndata: " + std::string(data) + "\r\n";
    if (!id.empty()) out += "id: " + id + "\r\n";
    return out + "\r\n";
}

}  // namespace heddle::run::test
