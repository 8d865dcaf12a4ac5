// SPDX-License-Identifier: Apache-2.0
#include "api/served_document.hpp"

#include "api/mount.hpp"
#include "base/text.hpp"

#include <nlohmann/json.hpp>

#include <array>
#include <stdexcept>

namespace heddle::api {
namespace {

using Json = nlohmann::ordered_json;
using config::HttpSettings;

// What takes the operations of a tag away.
struct Group {
    std::string_view tag;
    bool HttpSettings::*disabled;
};

constexpr std::array<Group, 8> kGroups{{
    {"Assistants", &HttpSettings::disable_assistants},
    {"Threads", &HttpSettings::disable_threads},
    {"Thread runs", &HttpSettings::disable_runs},
    {"Stateless runs", &HttpSettings::disable_runs},
    {"Aliases", &HttpSettings::disable_runs},
    {"Crons", &HttpSettings::disable_runs},
    {"Store", &HttpSettings::disable_store},
    {"System", &HttpSettings::disable_meta},
}};

bool isDisabled(std::string_view tag, const HttpSettings& settings) {
    for (const auto& group : kGroups) {
        if (group.tag == tag) return settings.*group.disabled;
    }
    return false;
}

bool anyDisabled(const HttpSettings& settings) {
    for (const auto& group : kGroups) {
        if (settings.*group.disabled) return true;
    }
    return false;
}

// The components ("/components/schemas/Run") that `json` refers to, and those that they refer to.
void collectReferences(const Json& json, const Json& document, std::set<std::string>& found) {
    if (json.is_object()) {
        const auto reference = json.find("$ref");
        if (reference != json.end() && reference->is_string()) {
            const auto pointer = reference->get<std::string>().substr(1);  // without "#"
            if (found.insert(pointer).second)
                collectReferences(document.at(Json::json_pointer(pointer)), document, found);
        }
    }
    if (!json.is_structured()) return;
    for (const auto& part : json) collectReferences(part, document, found);
}

void removeUnused(Json& document) {
    std::set<std::string> used;
    collectReferences(document["paths"], document, used);
    for (auto& [kind, components] : document["components"].items()) {
        if (kind == "securitySchemes") continue;  // they are named, not referred to
        auto kept = Json::object();
        for (auto& [name, component] : components.items()) {
            if (used.contains("/components/" + kind + "/" + name)) kept[name] = std::move(component);
        }
        components = std::move(kept);
    }
    std::set<std::string> tags;
    for (const auto& item : document["paths"]) {
        for (const auto& operation : item) {
            for (const auto& tag : operation["tags"]) tags.insert(tag.get<std::string>());
        }
    }
    auto kept = Json::array();
    for (auto& tag : document["tags"]) {
        if (tags.contains(tag["name"].get<std::string>())) kept.push_back(std::move(tag));
    }
    document["tags"] = std::move(kept);
}

}  // namespace

ServedDocument::ServedDocument(std::string_view openapi_json, const HttpSettings& settings)
    : text_(openapi_json) {
    if (!anyDisabled(settings) && settings.mount_prefix.empty()) return;
    auto document = Json::parse(openapi_json, nullptr, false);
    if (document.is_discarded()) throw std::runtime_error("the API document is not JSON");
    auto paths = Json::object();
    for (auto& [path, item] : document["paths"].items()) {
        auto kept = Json::object();
        for (auto& [method, operation] : item.items()) {
            const auto tag = operation["tags"].front().get<std::string>();
            if (isDisabled(tag, settings) && !isProbe(path)) {
                removed_.insert(method + " " + path);
            } else {
                kept[method] = std::move(operation);
            }
        }
        if (!kept.empty()) paths[path] = std::move(kept);
    }
    document["paths"] = std::move(paths);
    removeUnused(document);
    if (!settings.mount_prefix.empty()) document["servers"][0]["url"] = settings.mount_prefix;
    text_ = document.dump();
}

bool ServedDocument::serves(std::string_view method, std::string_view path) const {
    return !removed_.contains(lowerCase(method) + " " + std::string(path));
}

}  // namespace heddle::api
