// SPDX-License-Identifier: Apache-2.0
#include "webhook/lanes.hpp"

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

void Lanes::offer(const store::DueDelivery& delivery) {
    if (known_.contains(delivery.id)) return;
    Lane& lane = laneOf(delivery.lane);
    if (lane.heads.size() >= limits_.heads) {
        lane.more = true;
        return;
    }
    if (!lane.queued && turn_.size() >= limits_.loaded) {
        more_lanes_ = true;
        forget(lane);
        return;
    }
    known_.insert(delivery.id);
    lane.heads.push_back(delivery);
    if (lane.queued) return;
    lane.queued = true;
    turn_.push_back(&lane);
}

void Lanes::markMore(std::string_view name) {
    const auto found = lanes_.find(std::string(name));
    if (found != lanes_.end()) found->second.more = true;
}

bool Lanes::takeHungry() {
    // Not for every lane that leaves: a read brings many.
    const bool hungry = hungry_ || (more_lanes_ && turn_.size() * 2 < limits_.loaded);
    hungry_ = false;
    if (hungry) more_lanes_ = false;
    return hungry;
}

std::optional<store::DueDelivery> Lanes::start() {
    if (in_flight_.size() >= limits_.total) return std::nullopt;
    for (auto at = turn_.begin(); at != turn_.end(); ++at) {
        Lane& lane = **at;
        if (!mayStart(lane)) continue;
        store::DueDelivery delivery = std::move(lane.heads.front());
        lane.heads.pop_front();
        const Attempt attempt{&lane, unproven(lane)};
        in_flight_.emplace(delivery.id, attempt);
        ++lane.in_flight;
        if (attempt.unproven) ++unproven_in_flight_;
        if (lane.heads.empty()) {
            lane.queued = false;
            turn_.erase(at);
        } else {
            turn_.splice(turn_.end(), turn_, at);
        }
        if (lane.more && lane.heads.size() * 2 < limits_.heads) {
            lane.more = false;
            hungry_ = true;
        }
        return delivery;
    }
    return std::nullopt;
}

void Lanes::ended(const DeliveryId& id, Answer answer) {
    const auto found = in_flight_.find(id);
    if (found == in_flight_.end()) return;
    const Attempt attempt = found->second;
    in_flight_.erase(found);
    known_.erase(id);
    if (attempt.unproven) --unproven_in_flight_;
    Lane& lane = *attempt.lane;
    --lane.in_flight;
    if (answer == Answer::kYes) {
        lane.answered = true;
        lane.unanswered = 0;
    } else if (answer == Answer::kNo) {
        ++lane.unanswered;
    }
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
    const std::string name = lane.name;
    lanes_.erase(name);
}

}  // namespace heddle::webhook
