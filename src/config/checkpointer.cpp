// SPDX-License-Identifier: Apache-2.0
// `checkpointer`: of LangGraph's settings for it, what concerns a server that keeps checkpoints itself.
#include "base/limits.hpp"
#include "config/loading.hpp"

#include <array>

namespace heddle::config {
namespace {

using Severity = Finding::Severity;

constexpr double kIntervalMost_min = 7 * 24 * 60;

void readStrategy(const Field& field, Loading& loading) {
    const auto text = field.text();
    if (!text) return;
    if (const auto strategy = parseTtlStrategy(*text)) {
        loading.config.thread_ttl.strategy = *strategy;
    } else {
        field.problem("must be delete or keep_latest");
    }
}

void readDefault(const Field& field, Loading& loading) {
    loading.config.thread_ttl.default_ttl_min = field.positive(limits::kTtlMinutes);
}

void readInterval(const Field& field, Loading& loading) {
    auto& to = loading.config.thread_ttl.sweep_interval_min;
    to = field.positive(kIntervalMost_min).value_or(to);
}

void readLimit(const Field& field, Loading& loading) {
    auto& to = loading.config.thread_ttl.sweep_limit;
    to = field.integer(1, 1'000'000).value_or(to);
}

constexpr std::array<Key<Loading>, 4> kTtlKeys{{
    {"strategy", readStrategy, "`delete` or `keep_latest`, `delete`",
     "what happens to a thread whose time is over, see [Threads that expire](#threads-that-expire)"},
    {"default_ttl", readDefault, "minutes, none", "time to live of new threads; without it they stay"},
    {"sweep_interval_minutes", readInterval, "minutes, `5`",
     "how often the server looks for expired threads and gives free space back"},
    {"sweep_limit", readLimit, "1–1000000, `1000`", "most threads that expire in one sweep"},
}};

void ttlTexts(const std::string& key, KeyTexts& texts) {
    addTexts<Loading>(key, kTtlKeys, texts);
}

void readTtl(const Field& field, Loading& loading) {
    readBlock<Loading>(field, kTtlKeys, {}, loading);
}

constexpr std::array<Key<Loading>, 1> kKeys{{{"ttl", readTtl, {}, {}, ttlTexts}}};
constexpr std::array<OtherKey, 2> kOthers{{
    {"path", Severity::kWarning, "not supported: Heddle keeps checkpoints itself"},
    {"serde"},
}};

}  // namespace

void readCheckpointer(const Field& field, Loading& loading) {
    readBlock<Loading>(field, kKeys, kOthers, loading);
}

void checkpointerTexts(const std::string& key, KeyTexts& texts) {
    addTexts<Loading>(key, kKeys, texts);
}

}  // namespace heddle::config
