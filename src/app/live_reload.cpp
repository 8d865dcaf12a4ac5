// SPDX-License-Identifier: Apache-2.0
#include "app/live_reload.hpp"

#include "app/server_options.hpp"
#include "base/log.hpp"
#include "base/text.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include <algorithm>
#include <array>
#include <exception>
#include <string_view>
#include <utility>

namespace heddle::app {
namespace asio = boost::asio;
namespace {

constexpr std::size_t kNamedFiles = 3;
// What a running server takes over, or does not use.
constexpr std::array<std::string_view, 10> kTakenOver{
    "graphs",           "dependencies",     "requirements",    "env",
    "webhooks.headers", "webhooks.secrets", "server.api_keys", "python_version",
    "pip_config_file",  "pip_installer"};

WatchedPlaces placesOf(const config::Config& config) {
    WatchedPlaces places;
    places.folders.push_back(config.root);
    for (const auto& folder : config.dependencies) places.folders.push_back(folder);
    for (const auto& file : {config.config_path, config.env_path}) {
        if (!file.empty()) places.files.push_back(file);
    }
    places.data_dir = config.data_dir;
    return places;
}

bool samePlaces(const WatchedPlaces& a, const WatchedPlaces& b) {
    return a.folders == b.folders && a.files == b.files;
}

// "graphs.py, lib/state.py", as seen from the project's folder.
std::string named(const std::set<std::string>& paths, const std::string& root) {
    std::string text;
    std::size_t count = 0;
    for (const auto& path : paths) {
        if (++count > kNamedFiles) break;
        const bool inside = path.starts_with(root + "/");
        text += (text.empty() ? "" : ", ") + (inside ? path.substr(root.size() + 1) : path);
    }
    return text;
}

const config::GraphSpec* findSpec(const std::vector<config::GraphSpec>& graphs, const std::string& id) {
    const auto found = std::ranges::find(graphs, id, &config::GraphSpec::graph_id);
    return found == graphs.end() ? nullptr : &*found;
}

}  // namespace

LiveReload::LiveReload(Parts parts, Server::Reload reload)
    : parts_(std::move(parts)), reload_(std::move(reload)) {
    for (const auto& graph : parts_.config.graphs) {
        if (graph.runtime == config::GraphRuntime::kNative) native_.push_back(graph);
    }
    watch();
}

LiveReload::~LiveReload() = default;

void LiveReload::watch() {
    WatchedPlaces places = placesOf(parts_.config);
    if (watch_ && samePlaces(places, places_)) return;
    places_ = std::move(places);
    watch_.reset();
    const auto by = parts_.config.watch_polls ? FileWatch::By::kPolling : FileWatch::suitedFor(places_);
    watch_ = std::make_unique<FileWatch>(parts_.loop, parts_.clock, WatchRules(places_), by,
                                         [this](const std::set<std::string>& paths) { onChange(paths); });
}

void LiveReload::onChange(const std::set<std::string>& paths) {
    const std::size_t more = paths.size() - std::min(paths.size(), kNamedFiles);
    log::info("project.changed", {{"files", named(paths, parts_.config.root)}, {"more", more}});
    again_ = true;
    if (!std::exchange(renewing_, true)) {
        asio::co_spawn(parts_.loop, renew(this, alive_), asio::detached);
    }
}

asio::awaitable<void> LiveReload::renew(LiveReload* self, std::weak_ptr<bool> alive) {
    while (!alive.expired() && std::exchange(self->again_, false)) {
        auto read = self->reload_();
        if (!read) {
            log::error("project.not_reloaded",
                       {{"why", "the configuration has problems; everything stays as it was"}});
            continue;
        }
        try {
            self->adopt(std::move(*read));
            co_await storeSystemAssistants(self->parts_.db, self->parts_.config, self->parts_.clock.now());
            if (alive.expired()) co_return;
            self->parts_.runs.serve(serviceOptions(self->parts_.config).graphs);
            self->parts_.execution.renew(self->parts_.config);
            self->watch();
        } catch (const std::exception& error) {
            log::error("project.not_reloaded", {{"why", error.what()}});
        }
    }
    if (!alive.expired()) self->renewing_ = false;
}

void LiveReload::adopt(config::Config read) {
    auto& config = parts_.config;
    std::vector<std::string> restart = config::changedKeys(config, read);
    std::erase_if(restart, [](const auto& key) {
        return std::ranges::find(kTakenOver, key) != kTakenOver.end() || key.starts_with("graphs.");
    });
    std::vector<config::GraphSpec> graphs;
    for (auto& graph : read.graphs) {
        const auto* native = findSpec(native_, graph.graph_id);
        const bool is_native = graph.runtime == config::GraphRuntime::kNative;
        const bool same =
            native != nullptr && is_native && native->name == graph.name && native->path == graph.path;
        if (is_native == (native != nullptr) && (same || !is_native)) {
            graphs.push_back(std::move(graph));
            continue;
        }
        restart.push_back("graphs." + graph.graph_id);
        if (native != nullptr) graphs.push_back(*native);
    }
    if (restart != told_ && !restart.empty()) {
        log::warning("project.needs_restart", {{"keys", listed(restart, restart.size())}});
    }
    told_ = std::move(restart);
    parts_.credentials(read);
    config.graphs = std::move(graphs);
    config.dependencies = std::move(read.dependencies);
    config.requirements = std::move(read.requirements);
    config.env = std::move(read.env);
    config.env_path = std::move(read.env_path);
}

}  // namespace heddle::app
