// SPDX-License-Identifier: Apache-2.0
// Reads the stored events of a run that has ended, a page at a time. The end of a failed run is told also
// when its `error` event was not stored (the process died between the two). Loop thread only.
#pragma once

#include "run/event_reader.hpp"

namespace heddle::run {

class Replay final : public EventReader {
  public:
    // `id_prefix`: idPrefix(). From the event `seq` on.
    Replay(const RunId& run, std::string id_prefix, std::int64_t seq, std::vector<std::string> modes)
        : run_(run), id_prefix_(std::move(id_prefix)), next_(seq), modes_(std::move(modes)) {}

    std::string take(std::size_t max_bytes) override;
    [[nodiscard]] std::optional<PageWanted> wanted() const override;
    void accept(EventPage page) override;
    [[nodiscard]] bool finished() const override { return complete_ && page_.empty(); }
    [[nodiscard]] bool dropped() const override { return dropped_; }
    [[nodiscard]] std::uint64_t lag() const override { return page_.size(); }
    [[nodiscard]] std::int64_t end() const override { return end_; }
    void drop() override { dropped_ = true; }
    void onWake(std::function<void()>) override {}  // never waits: there is a page, or the end

  private:
    RunId run_;
    std::string id_prefix_;
    std::int64_t next_;
    std::vector<std::string> modes_;
    std::string page_;
    std::int64_t end_ = 0;
    bool complete_ = false;
    bool dropped_ = false;
};

}  // namespace heddle::run
