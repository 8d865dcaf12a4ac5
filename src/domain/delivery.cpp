// SPDX-License-Identifier: Apache-2.0
#include "domain/delivery.hpp"

#include "domain/enum_names.hpp"

namespace heddle {
namespace {

constexpr EnumNames<DeliveryStatus, 3> kStatuses{{
    {DeliveryStatus::kPending, "pending"},
    {DeliveryStatus::kDelivered, "delivered"},
    {DeliveryStatus::kFailed, "failed"},
}};

}  // namespace

std::string_view toString(DeliveryStatus status) {
    return kStatuses.name(status);
}

std::optional<DeliveryStatus> parseDeliveryStatus(std::string_view text) {
    return kStatuses.parse(text);
}

}  // namespace heddle
