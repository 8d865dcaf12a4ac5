// SPDX-License-Identifier: Apache-2.0
#include "config/config.hpp"
#include "domain/webhook_fields.hpp"

#include <nlohmann/json.hpp>

namespace heddle::config {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kMask = "********";

const char* nameOf(GraphRuntime runtime) {
    switch (runtime) {
        case GraphRuntime::kNative:
            return "native";
        case GraphRuntime::kPython:
            return "python";
        case GraphRuntime::kNode:
            return "node";
    }
    return "";
}

const char* nameOf(log::Level level) {
    switch (level) {
        case log::Level::kDebug:
            return "debug";
        case log::Level::kInfo:
            return "info";
        case log::Level::kWarning:
            return "warning";
        case log::Level::kError:
            return "error";
    }
    return "";
}

Json masked(const std::vector<std::pair<std::string, Secret>>& secrets) {
    auto json = Json::object();
    for (const auto& [name, value] : secrets) json[name] = kMask;
    return json;
}

Json graphsOf(const Config& config) {
    auto graphs = Json::object();
    for (const auto& graph : config.graphs) {
        Json entry = {{"runtime", nameOf(graph.runtime)}};
        if (!graph.path.empty()) entry["path"] = graph.path;
        if (!graph.module.empty()) entry["module"] = graph.module;
        entry["name"] = graph.name;
        if (graph.description) entry["description"] = *graph.description;
        if (graph.config.text() != "{}" || graph.context.text() != "{}") entry["assistant"] = kMask;
        graphs[graph.graph_id] = std::move(entry);
    }
    return graphs;
}

Json proxyOf(const WebhookProxy& proxy) {
    const bool v6 = proxy.host.find(':') != std::string::npos;
    const std::string host = v6 ? "[" + proxy.host + "]" : proxy.host;
    return {{"url", "http://" + host + ":" + std::to_string(proxy.port)},
            {"authorization", proxy.authorization.empty() ? Json() : Json(kMask)},
            {"no_proxy", proxy.except},
            {"resolve", proxy.resolve == WebhookProxy::Resolve::kHere ? "here" : "proxy"}};
}

// Paths that were not given show as null.
Json fileOf(const std::string& path) {
    return path.empty() ? Json() : Json(path);
}

Json allowedFieldsOf(const WebhookFields& fields) {
    return fields.allowed.empty() ? Json(kWebhookFieldNames) : Json(fields.allowed);
}

Json webhooksOf(const Config& config) {
    const auto& settings = config.webhooks;
    Json url = {
        {"allowed_domains", settings.allowed_domains},   {"allowed_ports", settings.allowed_ports},
        {"allowed_networks", settings.allowed_networks}, {"max_url_length", settings.max_url_length},
        {"require_https", settings.require_https},       {"disable_loopback", settings.disable_loopback}};
    return {{"headers", masked(config.webhook_headers)},
            {"secrets", std::vector<std::string>(config.webhook_secrets.size(), kMask)},
            {"url", std::move(url)},
            {"stateless_values", settings.stateless_values},
            {"allowed_fields", allowedFieldsOf(settings.fields)},
            {"max_payload_bytes", settings.fields.body_bytes_max},
            {"retry", {{"schedule", settings.retry_schedule_s}}},
            {"timeout_seconds", settings.timeout_s},
            {"connect_timeout_seconds", settings.connect_timeout_s},
            {"rate_per_second", settings.rate_per_s ? Json(*settings.rate_per_s) : Json()},
            {"tls",
             {{"ca_file", fileOf(settings.tls.ca_file)},
              {"cert_file", fileOf(settings.tls.cert_file)},
              {"key_file", fileOf(settings.tls.key_file)}}},
            {"proxy", settings.proxy ? proxyOf(*settings.proxy) : Json()}};
}

Json ruleOf(const HeaderRule& rule) {
    return {{"includes", rule.includes}, {"excludes", rule.excludes}};
}

Json corsOf(const CorsSettings& cors) {
    return {{"allow_origins", cors.allow_origins},
            {"allow_origin_regex", cors.allow_origin_regex},
            {"allow_methods", cors.allow_methods},
            {"allow_headers", cors.allow_headers},
            {"expose_headers", cors.expose_headers},
            {"allow_credentials", cors.allow_credentials},
            {"max_age", cors.max_age_s}};
}

Json httpOf(const HttpSettings& http) {
    return {{"disable_assistants", http.disable_assistants},
            {"disable_threads", http.disable_threads},
            {"disable_runs", http.disable_runs},
            {"disable_store", http.disable_store},
            {"disable_meta", http.disable_meta},
            {"disable_webhooks", http.disable_webhooks},
            {"mount_prefix", http.mount_prefix.empty() ? Json() : Json(http.mount_prefix)},
            {"configurable_headers", ruleOf(http.configurable_headers)},
            {"logging_headers", ruleOf(http.logging_headers)},
            {"cors", http.cors ? corsOf(*http.cors) : Json()}};
}

Json checkpointerOf(const ThreadTtlSettings& ttl) {
    return {{"ttl",
             {{"strategy", toString(ttl.strategy)},
              {"default_ttl", ttl.default_ttl_min ? Json(*ttl.default_ttl_min) : Json()},
              {"sweep_interval_minutes", ttl.sweep_interval_min},
              {"sweep_limit", ttl.sweep_limit}}}};
}

Json storeOf(const StoreTtlSettings& ttl, const std::optional<StoreIndexSettings>& index) {
    Json store = {{"ttl",
                   {{"default_ttl", ttl.default_ttl_min ? Json(*ttl.default_ttl_min) : Json()},
                    {"refresh_on_read", ttl.refresh_on_read}}},
                  {"index", nullptr}};
    if (index) {
        store["index"] = {{"dims", index->dims},
                          {"embed", index->model.empty() ? index->path + ":" + index->name : index->model},
                          {"fields", index->fields}};
    }
    return store;
}

const char* nameOf(PackageSettings::Installer installer) {
    switch (installer) {
        case PackageSettings::Installer::kAuto:
            return "auto";
        case PackageSettings::Installer::kPip:
            return "pip";
        case PackageSettings::Installer::kUv:
            return "uv";
    }
    return "";
}

Json documentOf(const Config& config) {
    return {
        {"config", config.config_path},
        {"root", config.root},
        {"graphs", graphsOf(config)},
        {"dependencies", config.dependencies},
        {"requirements", config.requirements},
        {"python_version", fileOf(config.packages.python_version)},
        {"pip_config_file", fileOf(config.packages.pip_config_file)},
        {"pip_installer", nameOf(config.packages.installer)},
        {"env", masked(config.env)},
        {"webhooks", webhooksOf(config)},
        {"http", httpOf(config.http)},
        {"checkpointer", checkpointerOf(config.thread_ttl)},
        {"store", storeOf(config.store_ttl, config.store_index)},
        {"server",
         {{"host", config.host},
          {"port", config.port},
          {"loopback_only", config.webhooks.loopback_only},
          {"allowed_hosts", config.allowed_hosts},
          {"api_keys", std::vector<std::string>(config.api_keys.size(), kMask)},
          {"dev", config.dev},
          {"watch", config.watch_polls ? "poll" : "auto"}}},
        {"data_dir", config.data_dir},
        {"database", config.database_path},
        {"python", config.python},
        {"python_workers", config.python_workers},
        {"runs_per_worker", config.runs_per_worker},
        {"cron_catch_up_s", config.cron_catch_up_s},
        {"run_timeout_s", config.run_timeout_s ? Json(*config.run_timeout_s) : Json()},
        {"log",
         {{"format", config.log_format == log::Format::kJson ? "json" : "text"},
          {"level", nameOf(config.log_level)}}},
    };
}

}  // namespace

std::string describe(const Config& config) {
    return documentOf(config).dump(2, ' ', false, Json::error_handler_t::replace);
}

std::vector<std::string> changedKeys(const Config& before, const Config& after) {
    std::vector<std::string> changed;
    const Json old = documentOf(before);
    const Json now = documentOf(after);
    for (const auto& [key, value] : now.items()) {
        if (value == old[key]) continue;
        if (!value.is_object() || !old[key].is_object()) {
            changed.push_back(key);
            continue;
        }
        auto both = value;
        both.update(old[key]);
        for (const auto& [inner, unused] : both.items()) {
            const bool same =
                value.contains(inner) && old[key].contains(inner) && value[inner] == old[key][inner];
            if (!same) changed.push_back(key + "." + inner);
        }
    }
    return changed;
}

}  // namespace heddle::config
