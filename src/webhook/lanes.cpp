// SPDX-License-Identifier: Apache-2.0
#include "webhook/lanes.hpp"

#include <algorithm>
#include <utility>

namespace heddle::webhook {

std::vector<std::string> Lanes::passOver() {
    more_lanes_ = false;
    std::vector<std::string> names;
    for (Lane* lane : turn_) {
        if (lane->heads.size() * 2 < limits_.heads) continue;
        lane->more = true;
        names.push_back(lane->name);
    }
    return names;
}

// Lanes in memory: those read from the outbox leave some for new deliveries.
std::size_t Lanes::roomFor(Origin origin) const {
    return origin == Origin::kWritten ? limits_.loaded + limits_.total : limits_.loaded;
}

Lanes::Offered Lanes::offer(const store::DueDelivery& delivery, microseconds now, Origin origin) {
    // Wall time decides when a held lane is read again, so allow for the two clocks' difference.
    constexpr microseconds kSlack{100'000};
    if (known_.contains(delivery.id)) return {true, {}};
    Lane& lane = laneOf(delivery.lane);
    if (now + kSlack < lane.held_until) return {false, lane.held_until - now};
    if (lane.heads.size() >= limits_.heads) {
        lane.more = true;
        return {};
    }
    if (!lane.queued && turn_.size() >= roomFor(origin)) {
        more_lanes_ = true;
        forget(lane);
        return {};
    }
    known_.insert(delivery.id);
    lane.heads.push_back(delivery);
    if (lane.queued) return {true, {}};
    lane.queued = true;
    if (lane.in_flight == 0) ++live_;
    turn_.push_back(&lane);
    return {true, {}};
}

void Lanes::markMore(std::string_view name) {
    const auto found = lanes_.find(std::string(name));
    if (found != lanes_.end()) found->second.more = true;
}

void Lanes::release(std::string_view name) {
    const auto found = lanes_.find(std::string(name));
    if (found != lanes_.end()) found->second.held_until = {};
}

bool Lanes::takeHungry() {
    // Not for every lane that leaves: a read brings many.
    const bool hungry = hungry_ || (more_lanes_ && turn_.size() * 2 < limits_.loaded);
    hungry_ = false;
    if (hungry) more_lanes_ = false;
    return hungry;
}

std::optional<store::DueDelivery> Lanes::start(microseconds now) {
    paced_.reset();
    if (in_flight_.size() >= limits_.total) return std::nullopt;
    for (auto at = turn_.begin(); at != turn_.end(); ++at) {
        Lane& lane = **at;
        if (!mayStart(lane) || !paceAllows(lane, now)) continue;
        if (limits_.rate_per_s) lane.pace.take(*limits_.rate_per_s, now);
        store::DueDelivery delivery = takeHead(lane);
        if (lane.heads.empty()) {
            lane.queued = false;
            turn_.erase(at);
        } else {
            turn_.splice(turn_.end(), turn_, at);
        }
        return delivery;
    }
    return std::nullopt;
}

store::DueDelivery Lanes::takeHead(Lane& lane) {
    store::DueDelivery delivery = std::move(lane.heads.front());
    lane.heads.pop_front();
    lane.circuit.started();
    const Attempt attempt{&lane, unproven(lane), lane.circuit.probing()};
    in_flight_.emplace(delivery.id, attempt);
    ++lane.in_flight;
    if (attempt.unproven) ++unproven_in_flight_;
    if (lane.more && lane.heads.size() * 2 < limits_.heads) {
        lane.more = false;
        hungry_ = true;
    }
    return delivery;
}

bool Lanes::paceAllows(const Lane& lane, microseconds now) {
    if (!limits_.rate_per_s) return true;
    const auto next = lane.pace.next(*limits_.rate_per_s, now);
    if (next <= now) return true;
    paced_ = std::min(paced_.value_or(next), next);
    return false;
}

std::optional<microseconds> Lanes::noteAnswer(const DeliveryId& id, Answer answer, microseconds now,
                                              Random& random) {
    const auto found = in_flight_.find(id);
    if (found == in_flight_.end()) return std::nullopt;
    Lane& lane = *found->second.lane;
    const bool probe = found->second.probe;
    const bool was_open = lane.circuit.open();
    std::optional<microseconds> pause;
    switch (answer) {
        case Answer::kYes:
            lane.answered = true;
            lane.unanswered = 0;
            lane.held_until = {};
            lane.circuit.answered();
            break;
        case Answer::kNo:
            ++lane.unanswered;
            pause = lane.circuit.unanswered(probe, random);
            break;
        case Answer::kUnknown:
            lane.circuit.untried(probe);
            break;
    }
    if (was_open && !lane.circuit.open()) --open_;
    if (!was_open && lane.circuit.open()) ++open_;
    if (pause) {
        lane.held_until = now + *pause;
        dropHeads(lane);
    }
    return pause;
}

void Lanes::dropHeads(Lane& lane) {
    for (const auto& head : lane.heads) known_.erase(head.id);
    lane.heads.clear();
    if (!lane.queued) return;
    lane.queued = false;
    turn_.remove(&lane);
    if (lane.in_flight == 0) --live_;
}

void Lanes::ended(const DeliveryId& id) {
    const auto found = in_flight_.find(id);
    if (found == in_flight_.end()) return;
    const Attempt attempt = found->second;
    in_flight_.erase(found);
    known_.erase(id);
    if (attempt.unproven) --unproven_in_flight_;
    Lane& lane = *attempt.lane;
    --lane.in_flight;
    if (lane.in_flight == 0 && !lane.queued) --live_;
    forget(lane);
}

std::size_t Lanes::inFlight(std::string_view name) const {
    const auto found = lanes_.find(std::string(name));
    return found == lanes_.end() ? 0 : found->second.in_flight;
}

bool Lanes::unproven(const Lane& lane) const {
    return !lane.answered || lane.unanswered >= limits_.unanswered;
}

bool Lanes::mayStart(const Lane& lane) const {
    if (lane.circuit.open()) return lane.in_flight == 0 && unproven_in_flight_ < limits_.unproven_total;
    if (!unproven(lane)) return lane.in_flight < limits_.lane;
    return lane.in_flight < limits_.unproven_lane && unproven_in_flight_ < limits_.unproven_total;
}

Lanes::Lane& Lanes::laneOf(const std::string& name) {
    Lane& lane = lanes_[name];
    if (lane.name.empty()) lane.name = name;
    return lane;
}

// What an idle lane has taught us is worth keeping only while there are few.
void Lanes::forget(Lane& lane) {
    if (lane.queued || lane.in_flight > 0 || lanes_.size() <= limits_.remembered) return;
    if (lane.circuit.open()) --open_;
    const std::string name = lane.name;
    lanes_.erase(name);
}

}  // namespace heddle::webhook
