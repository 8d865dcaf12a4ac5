// SPDX-License-Identifier: Apache-2.0
// `store`: how long items of the store live, and what searches by meaning look at.
#include "base/limits.hpp"
#include "config/import_path.hpp"
#include "config/loading.hpp"

#include <array>
#include <filesystem>

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
    {"default_ttl", readDefault, "minutes, none",
     "how long items of the store live that are put without a `ttl`; without it they stay"},
    {"refresh_on_read", readRefresh, "boolean, `true`",
     "reading an item with a time to live starts it anew, unless the request says otherwise (`refresh_ttl`)"},
}};

void ttlTexts(const std::string& key, KeyTexts& texts) {
    addTexts<Loading>(key, kTtlKeys, texts);
}
constexpr std::array<OtherKey, 2> kTtlOthers{{
    {"omit_expired", Severity::kNotice, "expired items are never shown"},
    {"sweep_interval_minutes", Severity::kNotice, "expired items are removed every 10 minutes"},
}};

void readTtl(const Field& field, Loading& loading) {
    readBlock<Loading>(field, kTtlKeys, kTtlOthers, loading);
}

// An index on the way.
struct Index {
    const Config& config;
    StoreIndexSettings settings;
};

void readDims(const Field& field, Index& index) {
    index.settings.dims = field.integer(1, limits::kVectorDims).value_or(1);
}

// A name without "/" and "." before its first ":" is a provider of langchain's.
bool namesProvider(std::string_view embed) {
    const auto provider = embed.substr(0, embed.find(':'));
    return !provider.empty() && provider.size() + 1 < embed.size() &&
           provider.find_first_of("/.") == std::string_view::npos;
}

void readEmbed(const Field& field, Index& index) {
    const auto text = field.text();
    if (!text) return;
    auto& settings = index.settings;
    if (namesProvider(*text)) {
        settings.model = *text;
        return;
    }
    const auto split = splitImportPath(*text);
    if (!split || !isDottedName(split->name)) {
        field.problem(
            "expected \"FILE:NAME\", \"PACKAGE.MODULE:NAME\" or \"PROVIDER:MODEL\", as in "
            "\"./embed.py:embed\"");
        return;
    }
    settings.name = split->name;
    if (isModule(split->place)) {
        settings.path = split->place;
        return;
    }
    settings.path = absolutePath(index.config.root, split->place);
    std::error_code ignored;
    if (!settings.path.ends_with(".py")) {
        field.problem("the file before \":\" must be a Python file");
    } else if (!std::filesystem::exists(settings.path, ignored)) {
        field.problem("the file does not exist: " + settings.path);
    }
}

void readFields(const Field& field, Index& index) {
    index.settings.fields = field.texts();
    if (field.value.type() == JsonType::kArray && field.value.elements().empty()) {
        field.problem("is empty: name at least one path, or leave it out for the whole value");
    }
}

constexpr std::array<Key<Index>, 3> kIndexKeys{{
    {"dims", readDims, "1–16384, required in `store.index`",
     "how many numbers a vector has, see [Searches by meaning](#searches-by-meaning)"},
    {"embed", readEmbed, "string, required in `store.index`",
     "what makes the vectors: `\"./embed.py:embed\"`, `\"package.module:embed\"` or `\"provider:model\"`"},
    {"fields", readFields, "list of paths, `[\"$\"]`",
     "the texts of an item that get a vector; `\"$\"` is the whole value"},
}};

void indexTexts(const std::string& key, KeyTexts& texts) {
    addTexts<Index>(key, kIndexKeys, texts);
}

void readIndex(const Field& field, Loading& loading) {
    Index index{loading.config, {}};
    readBlock<Index>(field, kIndexKeys, {}, index);
    if (field.value.isObject()) {
        for (const std::string_view key : {"dims", "embed"}) {
            if (!field.value.given(key)) field.problem("has no " + std::string(key));
        }
    }
    loading.config.store_index = std::move(index.settings);
}

constexpr std::array<Key<Loading>, 2> kKeys{
    {{"ttl", readTtl, {}, {}, ttlTexts}, {"index", readIndex, {}, {}, indexTexts}}};
constexpr std::array<OtherKey, 1> kOthers{{
    {"path", Severity::kWarning, "not supported: Heddle keeps the store itself"},
}};

}  // namespace

void readStore(const Field& field, Loading& loading) {
    readBlock<Loading>(field, kKeys, kOthers, loading);
}

void storeTexts(const std::string& key, KeyTexts& texts) {
    addTexts<Loading>(key, kKeys, texts);
}

}  // namespace heddle::config
