// SPDX-License-Identifier: Apache-2.0
// The order of reading: env, the file's other blocks, the blocks of the environment, settings.
#include "base/file.hpp"
#include "base/limits.hpp"
#include "config/env_file.hpp"
#include "config/loading.hpp"

#include <algorithm>
#include <array>
#include <filesystem>

namespace heddle::config {
namespace {

using Severity = Finding::Severity;

// A block that may also come as JSON in a variable, which then replaces the file's.
struct Block {
    std::string_view key;
    std::string_view variable;
    void (*read)(const Field& field, Loading& loading);
};

constexpr std::array<Block, 6> kBlocks{{
    {"graphs", "LANGSERVE_GRAPHS", readGraphs},
    {"webhooks", "LANGGRAPH_WEBHOOKS", readWebhooks},
    {"http", "LANGGRAPH_HTTP", readHttp},
    {"checkpointer", "LANGGRAPH_CHECKPOINTER", readCheckpointer},
    {"store", "LANGGRAPH_STORE", readStore},
    {"", "LANGGRAPH_CONFIG", readAssistants},  // after the graphs; langgraph.json has no such key
}};

template <std::size_t index>
void readUnlessReplaced(const Field& field, Loading& loading) {
    const auto& block = kBlocks[index];
    if (loading.variable(block.variable)) {
        field.notice("replaced by the environment variable " + std::string(block.variable));
    } else {
        block.read(field, loading);
    }
}

constexpr std::array<Key<Loading>, 10> kKeys{{
    {"graphs", readUnlessReplaced<0>, "object, required", "what can be run, see [Graphs](#graphs)"},
    {"env", [](const Field&, Loading&) {}, "object or path, `{}`",
     "variables for the graphs: `{\"NAME\": \"value\"}`, or the path of a [.env "
     "file](#env-files)"},  // read before the others: headers name its variables
    {"dependencies", readDependencies, "list, `[]`",
     "local packages as folders (`\".\"`, `\"./lib\"`) and packages as pip names them, see "
     "[Dependencies](#dependencies)"},
    {"python_version", readPythonVersion, "string, any",
     "`\"3.12\"`: which Python [`heddle install`](#dependencies) makes `.venv` with when it is there; it and "
     "`heddle doctor` warn of another"},
    {"pip_config_file", readPipConfigFile, "path, pip's own",
     "pip's configuration (index, proxy, certificate) for `heddle install`"},
    {"pip_installer", readPipInstaller, "`auto`, `pip` or `uv`, `auto`",
     "what `heddle install` installs with; `auto` is pip, and uv in an environment without pip"},
    {"webhooks", readUnlessReplaced<1>, {}, {}, webhookTexts},
    {"http", readUnlessReplaced<2>, {}, {}, httpTexts},
    {"checkpointer", readUnlessReplaced<3>, {}, {}, checkpointerTexts},
    {"store", readUnlessReplaced<4>, {}, {}, storeTexts},
}};

constexpr std::string_view kImages = "only used to build images";
constexpr std::array<OtherKey, 14> kOthers{{
    {"$schema", Severity::kNotice, ""},
    {"node_version", Severity::kNotice, kImages},
    {"base_image", Severity::kNotice, kImages},
    {"image_distro", Severity::kNotice, kImages},
    {"dockerfile_lines", Severity::kNotice, kImages},
    {"keep_pkg_tools", Severity::kNotice, kImages},
    {"api_version", Severity::kNotice, kImages},
    {"source", Severity::kNotice, kImages},
    {"_INTERNAL_docker_tag", Severity::kNotice, kImages},
    {"internal_docker_tag", Severity::kNotice, kImages},
    {"auth", Severity::kWarning, "not supported yet: requests are not authenticated"},
    {"encryption", Severity::kWarning, "not supported yet: data is stored as it is"},
    {"ui"},
    {"ui_config"},
}};

// "line 3, column 5: " for a position that counts bytes from 1.
std::string placeOf(std::string_view text, std::size_t position) {
    if (position == 0) return {};
    const auto before = text.substr(0, std::min(position - 1, text.size()));
    const auto line = std::count(before.begin(), before.end(), '\n') + 1;
    const auto column = before.size() - (before.rfind('\n') + 1) + 1;  // npos + 1 is 0
    return "line " + std::to_string(line) + ", column " + std::to_string(column) + ": ";
}

// The file to read; empty when there is none and none was asked for.
std::string findFile(Loading& loading) {
    const auto& sources = loading.sources;
    const bool named = !sources.config_path.empty();
    auto path = absolutePath(sources.working_dir, named ? sources.config_path : "langgraph.json");
    std::error_code ignored;
    if (std::filesystem::is_directory(path, ignored)) path = absolutePath(path, "langgraph.json");
    if (std::filesystem::exists(path, ignored)) return path;
    if (named) {
        loading.findings.problem("--config", "the file does not exist: " + path);
    } else if (!loading.variable("LANGSERVE_GRAPHS")) {
        loading.findings.problem("--config",
                                 "there is no langgraph.json here (" + loading.sources.working_dir +
                                     "); name one with --config FILE, or make a project: heddle init FOLDER");
    }
    return {};
}

// Puts the findings in the order of the file's top-level keys; others stay behind them.
void sortFindings(std::vector<Finding>& findings, const std::vector<JsonField>& fields) {
    const auto rank = [&](const Finding& finding) {
        const std::string_view key = finding.key;
        const auto root = key.substr(0, key.find_first_of(".["));
        const auto place =
            std::find_if(fields.begin(), fields.end(), [&](const JsonField& f) { return f.key == root; });
        return place - fields.begin();
    };
    std::stable_sort(findings.begin(), findings.end(),
                     [&](const Finding& a, const Finding& b) { return rank(a) < rank(b); });
}

void readConfigFile(Loading& loading) {
    const auto path = findFile(loading);
    loading.config.root = absolutePath(loading.sources.working_dir, ".");
    if (path.empty()) return;
    loading.config.config_path = path;
    loading.config.root = std::filesystem::path(path).parent_path().string();
    auto text = readFile(path);
    if (!text) {
        loading.findings.problem("--config", "the file cannot be read: " + path);
        return;
    }
    if (text->starts_with("\xEF\xBB\xBF")) text->erase(0, 3);
    if (const auto fault = validateJson(*text)) {
        loading.findings.problem(
            "--config", path + " is not valid JSON: " + placeOf(*text, fault->position) + fault->reason);
        return;
    }
    const auto json = RawJson::parse(*std::move(text)).value();
    if (const auto env = json.view().get("env"); env && !env->isNull()) {
        readEnv(Field{"env", *env, &loading.findings}, loading);
    }
    if (!json.view().isObject()) {
        loading.findings.problem("--config", path + " must hold a JSON object");
        return;
    }
    readBlock<Loading>(Field{"", json.view(), &loading.findings}, kKeys, kOthers, loading);
    if (json.view().get("graphs").value_or(JsonView()).isNull() && !loading.variable("LANGSERVE_GRAPHS")) {
        loading.findings.problem("graphs", "is missing: name at least one graph");
    }
    sortFindings(loading.findings.list, json.view().fields());
}

// Variables of LangGraph's images that mean nothing here, or nothing yet.
constexpr std::array<OtherKey, 4> kOtherVariables{{
    {"LANGGRAPH_AUTH", Severity::kWarning,
     "not supported yet: nobody is asked who he is (see HEDDLE_API_KEYS)"},
    {"LANGGRAPH_ENCRYPTION", Severity::kWarning, "not supported yet: nothing is encrypted"},
    {"LANGGRAPH_CHECKPOINT_ENCRYPTION", Severity::kWarning, "not supported yet: nothing is encrypted"},
    {"REDIS_URI", Severity::kNotice, "not used: Heddle needs no Redis"},
}};

void readVariableBlocks(Loading& loading) {
    for (const auto& other : kOtherVariables) {
        if (!loading.variable(other.name)) continue;
        if (other.severity == Severity::kWarning) {
            loading.findings.warning(std::string(other.name), std::string(other.text));
        } else {
            loading.findings.notice(std::string(other.name), std::string(other.text));
        }
    }
    for (const auto& block : kBlocks) {
        const auto text = loading.variable(block.variable);
        if (!text) continue;
        const std::string key(block.variable);
        const auto json = RawJson::parse(*text);
        if (json) {
            block.read(Field{key, json->view(), &loading.findings}, loading);
        } else {
            loading.findings.problem(key, json.error().detail);
        }
    }
}

void addVariable(Loading& loading, std::string name, std::string value) {
    const auto winner = loading.sources.environment.find(name);
    if (winner != loading.sources.environment.end()) value = winner->second;
    loading.config.env.emplace_back(std::move(name), Secret(std::move(value)));
}

void readEnvObject(const Field& field, Loading& loading) {
    for (const auto& [name, value, key_text] : field.value.fields()) {
        const Field member{field.key + "." + name, value, field.findings};
        auto text = value.string();
        if (!isVariableName(name)) {
            member.problem("not a variable's name");
        } else if (!text) {
            member.wrongType("a string");
        } else if (text->find('\0') != std::string::npos) {
            member.problem("must not contain a NUL character");
        } else {
            addVariable(loading, name, *std::move(text));
        }
    }
}

void readEnvPath(const Field& field, Loading& loading) {
    const auto name = field.text();
    if (!name) return;
    const auto path = absolutePath(loading.config.root, *name);
    loading.config.env_path = path;
    std::error_code ignored;
    if (!std::filesystem::exists(path, ignored)) {
        field.warning("the file does not exist: " + path);
        return;
    }
    const auto text = readFile(path);
    if (!text || text->find('\0') != std::string::npos) {
        field.problem("the file cannot be read: " + path +
                      "; it must be a text file that this user may read");
        return;
    }
    auto file = parseEnvFile(*text);
    for (const auto& wrong : file.problems) field.problem(*name + " " + wrong);
    for (auto& [variable, value] : file.variables)
        addVariable(loading, std::move(variable), std::move(value));
}

}  // namespace

std::optional<std::string> Loading::variable(std::string_view name) const {
    const auto found = sources.environment.find(std::string(name));
    if (found == sources.environment.end() || found->second.empty()) return std::nullopt;
    return found->second;
}

std::optional<std::string> Loading::variableOrEnv(std::string_view name) const {
    if (auto found = variable(name)) return found;
    for (const auto& [known, value] : config.env) {
        if (known == name) return value.reveal();
    }
    return std::nullopt;
}

std::string absolutePath(std::string_view base, std::string_view path) {
    auto whole = (std::filesystem::path(base) / path).lexically_normal();
    if (!whole.has_filename() && whole.has_relative_path()) whole = whole.parent_path();
    return whole.string();
}

std::optional<std::string> readFile(const std::string& path) {
    return heddle::readFile(path, limits::kConfigFile);
}

void readEnv(const Field& field, Loading& loading) {
    if (field.value.isObject()) {
        readEnvObject(field, loading);
    } else if (field.value.isString()) {
        readEnvPath(field, loading);
    } else {
        field.wrongType("an object or the path of a .env file");
    }
}

bool Loaded::usable() const {
    return std::none_of(findings.begin(), findings.end(),
                        [](const Finding& finding) { return finding.severity == Severity::kProblem; });
}

Loaded load(const Sources& sources) {
    Loading loading{sources, {}, {}};
    readConfigFile(loading);
    readVariableBlocks(loading);
    readSettings(loading);
    return Loaded{std::move(loading.config), std::move(loading.findings.list)};
}

Loaded locateData(const Sources& sources) {
    Loading loading{sources, {}, {}};
    loading.config.root = absolutePath(sources.working_dir, ".");
    if (!isDataPlaceGiven(loading)) {
        const auto path = findFile(loading);
        if (!path.empty()) loading.config.root = std::filesystem::path(path).parent_path().string();
    }
    readDataPlace(loading);
    return Loaded{std::move(loading.config), std::move(loading.findings.list)};
}

KeyTexts keyTexts() {
    KeyTexts texts;
    addTexts<Loading>("", kKeys, texts);
    return texts;
}

}  // namespace heddle::config
