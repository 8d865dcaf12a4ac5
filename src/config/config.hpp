// SPDX-License-Identifier: Apache-2.0
// The effective configuration: defaults < langgraph.json < environment < flags. Immutable once made.
#pragma once

#include "base/json.hpp"
#include "base/limits.hpp"
#include "base/log.hpp"
#include "base/secret.hpp"
#include "config/http_settings.hpp"
#include "domain/thread.hpp"
#include "domain/webhook_settings.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace heddle::config {

enum class GraphRuntime { kNative, kPython, kNode };

// One entry of `graphs`.
struct GraphSpec {
    std::string graph_id;
    GraphRuntime runtime = GraphRuntime::kPython;
    std::string path;    // absolute file path; empty for built-in graphs
    std::string module;  // instead of path when the config names an import path ("pkg.mod:graph")
    std::string name;    // the export ("agent"), or the built-in graph ("echo", "burst"…)
    std::optional<std::string> description;
    // Of its system assistant, objects: what LANGGRAPH_CONFIG says. May hold secrets.
    RawJson config = RawJson::trusted("{}");
    RawJson context = RawJson::trusted("{}");
};

// `checkpointer.ttl`
struct ThreadTtlSettings {
    TtlStrategy strategy = TtlStrategy::kDelete;
    std::optional<double> default_ttl_min;  // of new threads; nothing: they stay
    double sweep_interval_min = 5;
    std::int64_t sweep_limit = 1000;  // threads in one sweep

    [[nodiscard]] std::optional<ThreadTtl> forNewThreads() const {
        if (!default_ttl_min) return std::nullopt;
        return ThreadTtl{microseconds(static_cast<std::int64_t>(*default_ttl_min * 60e6)), strategy};
    }
};

// `store.ttl`
struct StoreTtlSettings {
    std::optional<double> default_ttl_min;  // of items that come without one; nothing: they stay
    bool refresh_on_read = true;            // unless the request says otherwise

    [[nodiscard]] std::optional<microseconds> forNewItems() const {
        if (!default_ttl_min) return std::nullopt;
        return microseconds(static_cast<std::int64_t>(*default_ttl_min * 60e6));
    }
};

// `store.index`: the vectors of items, for searches by meaning. What makes them is either `model` or `name`
// in `path`.
struct StoreIndexSettings {
    std::int64_t dims = 1;
    std::string model;                        // "provider:model", for langchain's init_embeddings
    std::string path;                         // an absolute file, or an import path ("pkg.mod")
    std::string name;                         // the function or object there
    std::vector<std::string> fields = {"$"};  // paths of the texts; "$": the whole value
};

// What `heddle install` goes by; a server does not look at it.
struct PackageSettings {
    enum class Installer { kAuto, kPip, kUv };
    std::string python_version;   // "3.12"; empty: any
    std::string pip_config_file;  // absolute; empty: pip's own
    Installer installer = Installer::kAuto;
};

struct Config {
    std::string config_path;  // absolute; empty when the graphs came from the environment
    std::string root;         // the folder relative paths start from
    std::vector<GraphSpec> graphs;
    std::vector<std::string> dependencies;  // absolute folders of local packages
    std::vector<std::string> requirements;  // packages to be installed, as pip names them
    PackageSettings packages;
    std::string env_path;  // the absolute .env file that `env` names, which may be missing; empty: none
    std::vector<std::pair<std::string, Secret>> env;  // for the workers: `env` of langgraph.json
    WebhookSettings webhooks;
    std::vector<std::pair<std::string, Secret>> webhook_headers;  // resolved
    std::vector<Secret> webhook_secrets;  // decoded keys; all of them sign, in this order
    ThreadTtlSettings thread_ttl;
    StoreTtlSettings store_ttl;
    std::optional<StoreIndexSettings> store_index;  // nothing: searches look at filters only
    HttpSettings http;

    std::string host = "127.0.0.1";
    std::uint16_t port = 2024;
    std::vector<std::string> allowed_hosts;  // lower case, IPv6 in brackets as in a Host header; "*": any
    std::string data_dir;                    // absolute
    std::string database_path;               // absolute file of the SQLite database
    std::vector<Secret> api_keys;            // clients must show one of them; empty: nobody must
    bool dev = false;
    bool watch_polls = false;  // with `dev`: files are looked at every second on every file system
    std::string python;        // interpreter; empty: search (see docs/configuration.md)
    int python_workers = 2;
    std::size_t runs_per_worker = limits::kWorkerRuns;
    int cron_catch_up_s = 300;         // how late a cron that was missed still fires
    std::optional<int> run_timeout_s;  // of each attempt of a run; nothing: none
    log::Format log_format = log::Format::kText;
    log::Level log_level = log::Level::kInfo;
};

// One thing wrong or worth saying, with the key it is about ("webhooks.url.allowed_ports[1]").
struct Finding {
    enum class Severity { kNotice, kWarning, kProblem };
    Severity severity = Severity::kProblem;
    std::string key;
    std::string text;
};

// What flags and environment give. Flags that were not given are empty.
struct Sources {
    std::string config_path;                   // --config: a file or its folder
    std::map<std::string, std::string> flags;  // "host" → "0.0.0.0", "dev" → "true", …
    std::map<std::string, std::string> environment;
    std::string working_dir;  // absolute
    std::vector<std::string> native_graphs = {"echo", "sleep", "fail",
                                              "burst"};  // what "heddle:NAME" may name
};

struct Loaded {
    Config config;
    std::vector<Finding> findings;      // in the order of the file, then of environment and flags
    [[nodiscard]] bool usable() const;  // no problem among them
};

// Reads langgraph.json (the one of `config_path`, else of `working_dir`), .env and the files of secrets and
// certificates, and looks whether the other files they name exist; touches nothing else. All problems are
// found at once; never throws for input. Nothing is remembered: a second call (SIGHUP) sees what the files
// hold then.
Loaded load(const Sources& sources);

// Only where the data is (`data_dir`, `database_path`), for those who need nothing else: whatever else is
// wrong in langgraph.json does not matter, and it is not needed at all when the place is given. Never throws
// for input.
Loaded locateData(const Sources& sources);

// What describe() says of two configurations differently: paths of keys, one or two names long ("http.cors").
std::vector<std::string> changedKeys(const Config& before, const Config& after);

// The effective configuration as indented JSON, secrets masked ("********"), for `heddle check-config`.
std::string describe(const Config& config);

}  // namespace heddle::config
