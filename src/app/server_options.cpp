// SPDX-License-Identifier: Apache-2.0
#include "app/server_options.hpp"

#include "store/assistants.hpp"

#include <stdexcept>
#include <utility>
#include <vector>

namespace heddle::app {

namespace {

std::vector<Assistant> systemAssistants(const config::Config& config, Timestamp now) {
    std::vector<Assistant> out;
    for (const auto& graph : config.graphs) {
        Assistant assistant;
        assistant.id = systemAssistantId(graph.graph_id);
        assistant.graph_id = assistant.name = graph.graph_id;
        assistant.metadata = RawJson::trusted(R"({"created_by":"system"})");
        assistant.description = graph.description;
        assistant.config = graph.config;
        assistant.context = graph.context;
        assistant.created_at = assistant.updated_at = now;
        out.push_back(std::move(assistant));
    }
    return out;
}

}  // namespace

boost::asio::awaitable<void> storeSystemAssistants(sql::Database& db, const config::Config& config,
                                                   Timestamp now) {
    auto job = [system = systemAssistants(config, now)](sql::Connection& connection) -> Result<void> {
        store::ensureSystemAssistants(connection, system);
        return {};
    };
    const auto stored = co_await db.write(std::move(job));
    if (!stored) throw std::runtime_error(stored.error().detail);
}

run::ServiceOptions serviceOptions(const config::Config& config) {
    run::ServiceOptions options;
    for (const auto& graph : config.graphs) {
        options.graphs.push_back(graph.graph_id);
        if (graph.runtime == config::GraphRuntime::kNative) options.native_graphs.push_back(graph.graph_id);
    }
    options.deliver = !config.http.disable_webhooks;
    options.run_timeout_s = config.run_timeout_s;
    options.stateless_values = config.webhooks.stateless_values;
    options.webhook_fields = config.webhooks.fields;
    options.thread_ttl = config.thread_ttl.forNewThreads();
    return options;
}

webhook::Credentials webhookCredentials(const config::Config& config) {
    return {config.webhook_headers, config.webhook_secrets};
}

}  // namespace heddle::app
