// SPDX-License-Identifier: Apache-2.0
// `store`: how long items of the store live.
#include "base/limits.hpp"
#include "config/loading.hpp"

#include <array>

namespace heddle::config {
namespace {

using Severity = Finding::Severity;

void readDefault(const Field& field, Loading& loading) {
    loading.config.store_ttl.default_ttl_min = field.positive(limits::kTtlMinutes);
}

void readRefresh(const Field& field, Loading& loading) {
    auto& to = loading.config.store_ttl.refresh_on_read;
    to = field.boolean().value_or(to);
}

constexpr std::array<Key<Loading>, 2> kTtlKeys{{
    {"default_ttl", readDefault},
    {"refresh_on_read", readRefresh},
}};
constexpr std::array<OtherKey, 2> kTtlOthers{{
    {"omit_expired", Severity::kNotice, "expired items are never shown"},
    {"sweep_interval_minutes", Severity::kNotice, "expired items are removed every 10 minutes"},
}};

void readTtl(const Field& field, Loading& loading) {
    readBlock<Loading>(field, kTtlKeys, kTtlOthers, loading);
}

constexpr std::array<Key<Loading>, 1> kKeys{{{"ttl", readTtl}}};
constexpr std::array<OtherKey, 2> kOthers{{
    {"path", Severity::kWarning, "not supported: Heddle keeps the store itself"},
    {"index", Severity::kWarning, "not supported yet: searches look at filters only"},
}};

}  // namespace

void readStore(const Field& field, Loading& loading) {
    readBlock<Loading>(field, kKeys, kOthers, loading);
}

}  // namespace heddle::config
