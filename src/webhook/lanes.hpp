// SPDX-License-Identifier: Apache-2.0
// Who may send next. A lane is a destination; a dead or hanging one with any number of waiting deliveries
// must not delay the others. Pure: no clock, no I/O; `now` is monotonic. The backlog stays on disk, here are
// only the next few of each lane.
#pragma once

#include "base/limits.hpp"
#include "base/random.hpp"
#include "base/time.hpp"
#include "store/deliveries.hpp"
#include "webhook/circuit.hpp"
#include "webhook/pace.hpp"

#include <cstddef>
#include <deque>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace heddle::webhook {

struct LaneLimits {
    std::size_t total = limits::kWebhookInFlight;     // attempts under way in all
    std::size_t lane = limits::kWebhookLaneInFlight;  // … to a destination that answers
    // A destination that has not answered yet, or not three times running, is given little, and all of them
    // together no more than half: what hangs must not take every slot.
    std::size_t unproven_lane = 2;
    std::size_t unproven_total = limits::kWebhookInFlight / 2;
    std::size_t unanswered = 3;        // attempts without an answer that make a lane unproven
    std::size_t heads = 32;            // deliveries in memory for one lane
    std::size_t loaded = 1024;         // lanes with deliveries in memory
    std::size_t remembered = 4096;     // lanes that are known at all
    std::optional<double> rate_per_s;  // attempts to one destination; nothing: any
};

class Lanes {
  public:
    // kUnknown: the destination was not tried.
    enum class Answer { kYes, kNo, kUnknown };

    explicit Lanes(LaneLimits limits = {}) : limits_(limits) {}

    // -- what to read from the outbox
    // Begins a read. Lanes that need nothing now: they have heads enough, and perhaps more on disk.
    std::vector<std::string> passOver();
    // How many rows to read of a lane so that a full head is found among the ones that are known already.
    [[nodiscard]] std::size_t readPerLane() const { return limits_.heads + limits_.lane + 1; }
    // How many lanes to read, the earliest due first: as many as may be in memory, and those that are there
    // because their attempt has started but is not committed yet.
    [[nodiscard]] std::size_t readLanes() const { return limits_.loaded + limits_.total; }
    // kWritten: of a run that has just ended. It is taken even when the lanes in memory are as many as may be
    // read, so that a backlog of dead destinations does not keep it waiting.
    enum class Origin { kOutbox, kWritten };
    struct Offered {
        bool taken = false;   // or known already
        microseconds wait{};  // its lane is held for so long
    };
    // Takes a delivery that is due, unless its lane is held or has heads enough. Nothing is lost by a
    // refusal: it stays on disk.
    Offered offer(const store::DueDelivery& delivery, microseconds now, Origin origin);
    // The rows read of a lane did not end before the limit: there are more.
    void markMore(std::string_view lane);
    // The lanes read did not end before the limit: there are more.
    void markMoreLanes() { more_lanes_ = true; }
    // A held lane takes offers again; an open circuit stays open, so the next attempt is its probe.
    void release(std::string_view lane);
    // True once after memory ran low while there was more on disk: read again.
    bool takeHungry();

    // -- what to send
    // The next delivery, lanes in turn; it counts as under way until ended(). Nothing when every lane that
    // has one is at its limit.
    std::optional<store::DueDelivery> start(microseconds now);
    // After start() gave nothing: when the pace of some lane allows its next attempt.
    [[nodiscard]] std::optional<microseconds> paced() const { return paced_; }
    // What came of an attempt, once, before ended(). How long the lane is to be held (on disk too) when its
    // circuit opened or stays open: what it has in memory is dropped, and offers are refused until then.
    std::optional<microseconds> noteAnswer(const DeliveryId& id, Answer answer, microseconds now,
                                           Random& random);
    void ended(const DeliveryId& id);

    [[nodiscard]] std::size_t inFlight() const { return in_flight_.size(); }
    [[nodiscard]] std::size_t inFlight(std::string_view lane) const;
    [[nodiscard]] std::size_t waiting() const { return known_.size() - in_flight_.size(); }
    // Lanes with attempts under way or deliveries in memory.
    [[nodiscard]] std::size_t live() const { return live_; }
    [[nodiscard]] std::size_t openCircuits() const { return open_; }

  private:
    struct Lane {
        std::string name;
        std::deque<store::DueDelivery> heads;
        std::size_t in_flight = 0;
        std::size_t unanswered = 0;
        bool answered = false;  // ever
        bool more = false;      // on disk
        bool queued = false;    // in turn_
        Circuit circuit;
        microseconds held_until{};
        Pace pace;
    };
    struct Attempt {
        Lane* lane = nullptr;
        bool unproven = false;
        bool probe = false;
    };

    [[nodiscard]] bool unproven(const Lane& lane) const;
    [[nodiscard]] bool mayStart(const Lane& lane) const;
    // False, and `paced_` told, when the lane has to wait for its pace.
    bool paceAllows(const Lane& lane, microseconds now);
    [[nodiscard]] std::size_t roomFor(Origin origin) const;
    store::DueDelivery takeHead(Lane& lane);
    void dropHeads(Lane& lane);
    Lane& laneOf(const std::string& name);
    void forget(Lane& lane);

    LaneLimits limits_;
    std::unordered_map<std::string, Lane> lanes_;  // nodes never move
    std::list<Lane*> turn_;                        // lanes with heads; the first is asked first
    std::unordered_set<DeliveryId> known_;         // heads and under way
    std::unordered_map<DeliveryId, Attempt> in_flight_;
    std::size_t unproven_in_flight_ = 0;
    bool hungry_ = false;
    bool more_lanes_ = false;  // on disk
    std::optional<microseconds> paced_;
    std::size_t live_ = 0;
    std::size_t open_ = 0;
};

}  // namespace heddle::webhook
