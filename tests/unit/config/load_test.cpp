// SPDX-License-Identifier: Apache-2.0
#include "base/json.hpp"
#include "base/limits.hpp"
#include "unit/config/support.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

namespace heddle::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

TEST_F(ConfigLoad, HasDefaults) {
    const auto loaded = loadText(R"({"graphs":{"agent":"./graphs.py:agent"}})");
    EXPECT_THAT(loaded.findings, IsEmpty());
    EXPECT_TRUE(loaded.usable());
    const auto& config = loaded.config;
    EXPECT_EQ(config.config_path, inFolder("langgraph.json"));
    EXPECT_EQ(config.root, folder_.string());
    EXPECT_EQ(config.host, "127.0.0.1");
    EXPECT_EQ(config.port, 2024);
    EXPECT_EQ(config.data_dir, inFolder(".heddle"));
    EXPECT_EQ(config.database_path, inFolder(".heddle/heddle.db"));
    EXPECT_TRUE(config.webhooks.loopback_only);
    EXPECT_FALSE(config.webhooks.dev);
    EXPECT_FALSE(config.http.disable_webhooks);
    EXPECT_FALSE(config.http.cors);
    EXPECT_EQ(config.webhooks.max_url_length, limits::kWebhookUrlChars);
}

TEST_F(ConfigLoad, ReadsEveryKindOfGraph) {
    write("src/factory.py", "");
    const auto loaded = loadText(R"({"graphs":{
        "agent": "./graphs.py:agent",
        "made": {"path": "src/factory.py:make.graph", "description": "Made by a factory"},
        "imported": "pkg.mod:graph",
        "echo": "heddle:echo"}})");
    EXPECT_THAT(loaded.findings, IsEmpty());
    const auto& graphs = loaded.config.graphs;
    ASSERT_EQ(graphs.size(), 4U);
    EXPECT_EQ(graphs[0].graph_id, "agent");
    EXPECT_EQ(graphs[0].runtime, GraphRuntime::kPython);
    EXPECT_EQ(graphs[0].path, inFolder("graphs.py"));
    EXPECT_EQ(graphs[0].name, "agent");
    EXPECT_EQ(graphs[0].description, std::nullopt);
    EXPECT_EQ(graphs[1].path, inFolder("src/factory.py"));
    EXPECT_EQ(graphs[1].name, "make.graph");
    EXPECT_EQ(graphs[1].description, "Made by a factory");
    EXPECT_EQ(graphs[2].module, "pkg.mod");
    EXPECT_EQ(graphs[2].path, "");
    EXPECT_EQ(graphs[3].runtime, GraphRuntime::kNative);
    EXPECT_EQ(graphs[3].name, "echo");
}

TEST_F(ConfigLoad, AGraphOfASharedLibraryIsNative) {
    write("libmine.so", "");
    const auto loaded = loadText(R"({"graphs":{
        "mine": "./libmine.so:make_graph",
        "bare": "libmine.so:make_graph",
        "missing": "./lib/libnone.so:make_graph",
        "odd": "./libmine.so:make-graph"}})");
    EXPECT_THAT(
        problems(loaded),
        ElementsAre(
            "graphs.missing: the library does not exist: " + inFolder("lib/libnone.so") + "; build it first",
            "graphs.odd: the name after \":\" must be that of HEDDLE_GRAPH(name) in the library"));
    for (std::size_t i : {0U, 1U}) {
        const auto& graph = loaded.config.graphs[i];
        EXPECT_EQ(graph.runtime, GraphRuntime::kNative);
        EXPECT_EQ(graph.path, inFolder("libmine.so"));
        EXPECT_EQ(graph.name, "make_graph");
    }
}

TEST_F(ConfigLoad, RefusesGraphsWithTheirKeys) {
    const auto loaded = loadText(R"({"graphs":{
        "number": 5,
        "no_colon": "./graphs.py",
        "no_name": "./graphs.py:",
        "missing": "./nope.py:agent",
        "bad_name": "./graphs.py:a b",
        "js": "./graph.ts:agent",
        "module_js": {"path": "graph.mjs:agent"},
        "native": "heddle:ecko",
        "empty": {},
        "typed": {"path": 1, "description": 2},
        "046b5dc7-2108-582c-9c6c-31d556d138f0": "heddle:echo"}})");
    EXPECT_THAT(
        problems(loaded),
        ElementsAre("graphs.number: expected a string or an object, found a number",
                    "graphs.no_colon: expected \"FILE:NAME\", as in \"./graphs.py:agent\"",
                    "graphs.no_name: expected \"FILE:NAME\", as in \"./graphs.py:agent\"",
                    "graphs.missing: the file does not exist: " + inFolder("nope.py"),
                    "graphs.bad_name: the name after \":\" must be a Python name",
                    "graphs.js: JavaScript graphs are not supported yet",
                    "graphs.module_js: JavaScript graphs are not supported yet",
                    "graphs.native: no such native graph; did you mean \"heddle:echo\"?",
                    "graphs.empty: has no path", "graphs.typed.path: expected a string, found a number",
                    "graphs.typed.description: expected a string, found a number",
                    "graphs.046b5dc7-2108-582c-9c6c-31d556d138f0: a graph's name must not look like a UUID: "
                    "those are assistants' ids"));
    EXPECT_EQ(loaded.config.graphs[5].runtime, GraphRuntime::kNode);
    EXPECT_FALSE(loaded.usable());
}

TEST_F(ConfigLoad, WantsAGraph) {
    EXPECT_THAT(problems(loadText("{}")), ElementsAre("graphs: is missing: name at least one graph"));
    EXPECT_THAT(problems(loadText(R"({"graphs":null})")),
                ElementsAre("graphs: is missing: name at least one graph"));
    EXPECT_THAT(problems(loadText(R"({"graphs":{}})")),
                ElementsAre("graphs: is empty: name at least one graph"));
    EXPECT_THAT(problems(loadText(R"({"graphs":[]})")),
                ElementsAre("graphs: expected an object, found a list"));
    EXPECT_THAT(problems(loadText(R"({"graphs":{"a":"heddle:fail"},"graphs":{"b":"heddle:sleep"}})")),
                IsEmpty());
}

TEST_F(ConfigLoad, PointsAtTheMistakeInTheFile) {
    EXPECT_THAT(problems(loadText("{\n  \"graphs\": {,}\n}")),
                ElementsAre(HasSubstr("langgraph.json is not valid JSON: line 2, column 14: ")));
    EXPECT_THAT(problems(loadText("")), ElementsAre(HasSubstr("is not valid JSON")));
    EXPECT_THAT(problems(loadText("[]")), ElementsAre(HasSubstr("must hold a JSON object")));
    EXPECT_THAT(problems(loadText(std::string(limits::kConfigFile + 1, ' '))),
                ElementsAre(HasSubstr("cannot be read")));
    EXPECT_THAT(problems(loadText("\xEF\xBB\xBF{\"graphs\":{\"a\":\"heddle:echo\"}}")), IsEmpty());
}

TEST_F(ConfigLoad, FindsTheFile) {
    EXPECT_THAT(problems(load(sources_)),
                ElementsAre("--config: there is no langgraph.json here (" + folder_.string() +
                            "); name one with --config FILE, or make a project: heddle init FOLDER"));
    sources_.config_path = "project";
    EXPECT_THAT(problems(load(sources_)),
                ElementsAre("--config: the file does not exist: " + inFolder("project")));
    write("project/langgraph.json", R"({"graphs":{"a":"../graphs.py:a"}})");
    const auto loaded = load(sources_);
    EXPECT_THAT(loaded.findings, IsEmpty());
    EXPECT_EQ(loaded.config.root, inFolder("project"));
    EXPECT_EQ(loaded.config.graphs.at(0).path, inFolder("graphs.py"));
    EXPECT_EQ(loaded.config.data_dir, inFolder("project/.heddle"));
}

TEST_F(ConfigLoad, TakesBlocksFromTheEnvironment) {
    sources_.environment = {{"LANGSERVE_GRAPHS", R"({"a":"heddle:echo","b":{"path":"heddle:fail"}})"},
                            {"LANGGRAPH_WEBHOOKS", R"({"url":{"allowed_ports":[443,0]}})"},
                            {"LANGGRAPH_HTTP", R"({"disable_webhooks":true})"}};
    const auto alone = load(sources_);
    EXPECT_THAT(
        problems(alone),
        ElementsAre("LANGGRAPH_WEBHOOKS.url.allowed_ports[1]: must be a whole number from 1 to 65535"));
    EXPECT_EQ(alone.config.graphs.size(), 2U);
    EXPECT_EQ(alone.config.config_path, "");
    EXPECT_TRUE(alone.config.http.disable_webhooks);

    // With a file too, the environment's blocks replace the file's as a whole.
    const auto both =
        loadWith(R"("webhooks":{"headers":{"A":"1"}},"http":{"disable_webhooks":false,"cors":{}})");
    EXPECT_THAT(notices(both),
                ElementsAre("graphs: replaced by the environment variable LANGSERVE_GRAPHS",
                            "webhooks: replaced by the environment variable LANGGRAPH_WEBHOOKS",
                            "http: replaced by the environment variable LANGGRAPH_HTTP"));
    EXPECT_THAT(both.config.webhook_headers, IsEmpty());
    EXPECT_FALSE(both.config.http.cors);

    sources_.environment = {{"LANGSERVE_GRAPHS", "{bad"}, {"LANGGRAPH_HTTP", "5"}};
    EXPECT_THAT(problems(load(sources_)), ElementsAre(HasSubstr("LANGSERVE_GRAPHS: Invalid JSON at byte"),
                                                      "LANGGRAPH_HTTP: expected an object, found a number"));
}

TEST_F(ConfigLoad, ReadsTheEnvironmentOfTheWorkers) {
    sources_.environment = {{"BOTH", "process"}, {"OTHER", "x"}};
    const auto object = loadWith(R"("env":{"ONLY":"file","BOTH":"file"})");
    EXPECT_THAT(object.findings, IsEmpty());
    EXPECT_EQ(object.config.env.size(), 2U);
    EXPECT_EQ(revealed(object.config.env, "ONLY"), "file");
    EXPECT_EQ(revealed(object.config.env, "BOTH"), "process");

    write(".env", "export ONLY='dot env'\nBOTH=file\n");
    const auto file = loadWith(R"("env":".env")");
    EXPECT_THAT(file.findings, IsEmpty());
    EXPECT_EQ(revealed(file.config.env, "ONLY"), "dot env");
    EXPECT_EQ(revealed(file.config.env, "BOTH"), "process");
}

TEST_F(ConfigLoad, ReportsTheEnvironmentWithoutItsValues) {
    EXPECT_THAT(problems(loadWith(R"("env":{"A":5,"B C":"x","D":"a\u0000b"})")),
                ElementsAre("env.A: expected a string, found a number", "env.B C: not a variable's name",
                            "env.D: must not contain a NUL character"));
    EXPECT_THAT(problems(loadWith(R"("env":[])")),
                ElementsAre("env: expected an object or the path of a .env file, found a list"));
    EXPECT_THAT(warnings(loadWith(R"("env":".env")")),
                ElementsAre("env: the file does not exist: " + inFolder(".env")));
    write(".env", "A=1\nhunter2\n");
    EXPECT_THAT(problems(loadWith(R"("env":".env")")), ElementsAre("env: .env line 2: expected NAME=value"));
    EXPECT_THAT(problems(loadWith(R"("env":".")")), ElementsAre(HasSubstr("env: the file cannot be read: ")));
}

TEST_F(ConfigLoad, TellsLocalDependenciesFromPackages) {
    write("lib/x.py", "");
    const auto loaded = loadWith(R"("dependencies":[".","./lib/","langchain-openai","./nope",5,"lib"])");
    EXPECT_THAT(loaded.config.requirements, ElementsAre("langchain-openai", "lib"));
    EXPECT_THAT(loaded.config.dependencies, ElementsAre(folder_.string(), inFolder("lib"), inFolder("nope")));
    EXPECT_THAT(warnings(loaded),
                ElementsAre("dependencies[5]: taken as the name of a package; the folder would "
                            "be \"./lib\""));
    EXPECT_THAT(problems(loaded),
                ElementsAre("dependencies[3]: the folder does not exist: " + inFolder("nope"),
                            "dependencies[4]: expected a string, found a number"));
}

TEST_F(ConfigLoad, ResolvesHeadersFromTheProcessAndThenFromEnv) {
    sources_.environment = {{"LG_WEBHOOK_TOKEN", "process"}};
    const auto loaded = loadWith(R"("webhooks":{"headers":{
        "X-Custom-Header":"my-value",
        "Authorization":"Bearer ${{ env.LG_WEBHOOK_TOKEN }}",
        "X-Two":"${{ env.LG_WEBHOOK_TOKEN }}-${{env.LG_WEBHOOK_FILE}}"}},
        "env":{"LG_WEBHOOK_TOKEN":"file","LG_WEBHOOK_FILE":"from env"})");
    EXPECT_THAT(loaded.findings, IsEmpty());
    const auto& headers = loaded.config.webhook_headers;
    EXPECT_EQ(headers.size(), 3U);
    EXPECT_EQ(revealed(headers, "X-Custom-Header"), "my-value");
    EXPECT_EQ(revealed(headers, "Authorization"), "Bearer process");
    EXPECT_EQ(revealed(headers, "X-Two"), "process-from env");
}

TEST_F(ConfigLoad, TakesAnotherPrefixWhereverItStandsInTheBlock) {
    sources_.environment = {{"MY_APP_KEY", "k"}, {"LG_WEBHOOK_TOKEN", "t"}};
    const auto loaded =
        loadWebhooks(R"({"headers":{"X-K":"${{ env.MY_APP_KEY }}","X-T":"${{ env.LG_WEBHOOK_TOKEN }}"},
                                         "env_prefix":"MY_APP_"})");
    EXPECT_EQ(revealed(loaded.config.webhook_headers, "X-K"), "k");
    EXPECT_THAT(problems(loaded),
                ElementsAre("webhooks.headers.X-T: may only name variables that start with MY_APP_ "
                            "(webhooks.env_prefix), not LG_WEBHOOK_TOKEN"));
    EXPECT_THAT(problems(loadWebhooks(R"({"env_prefix":""})")),
                ElementsAre("webhooks.env_prefix: must not be empty"));
    EXPECT_THAT(problems(loadWebhooks(R"({"env_prefix":"A-B"})")),
                ElementsAre("webhooks.env_prefix: must be the start of a variable's name"));
    EXPECT_THAT(problems(loadWebhooks(R"({"env_prefix":1})")),
                ElementsAre("webhooks.env_prefix: expected a string, found a number"));
}

TEST_F(ConfigLoad, RefusesHeadersByNameAndNeverShowsTheirValues) {
    sources_.environment = {{"LG_WEBHOOK_BAD", "hunter2\r\nX-Evil: 1"}};
    const auto loaded = loadWebhooks(R"({"headers":{
        "X-Number": 5, "X-Missing":"${{ env.LG_WEBHOOK_NOPE }}", "X-Home":"${{ env.HOME }}",
        "X-Secret":"hunter2 ${{ secrets.X }}", "X-Accent":"hunt\u00e9r2", "X-Lines":"${{ env.LG_WEBHOOK_BAD }}", "Host":"hunter2", "a b":"hunter2",
        "Webhook-Signature":"x", "X-Twice":"1", "x-twice":"2"}})");
    EXPECT_THAT(
        problems(loaded),
        ElementsAre(
            "webhooks.headers.X-Number: expected a string, found a number",
            "webhooks.headers.X-Missing: the environment variable LG_WEBHOOK_NOPE is not set; set it, or "
            "name it in env",
            "webhooks.headers.X-Home: may only name variables that start with LG_WEBHOOK_ "
            "(webhooks.env_prefix), not HOME",
            "webhooks.headers.X-Secret: character 13: a template must be ${{ env.NAME }}",
            "webhooks.headers.X-Accent: character 5: a character that is not ASCII",
            "webhooks.headers.X-Lines: the environment variable LG_WEBHOOK_BAD has a line break or another "
            "control character",
            "webhooks.headers.Host: this header is set by the server",
            "webhooks.headers.a b: not a header name",
            "webhooks.headers.Webhook-Signature: this header is set by the server",
            "webhooks.headers.x-twice: given twice: header names do not differ by case"));
    for (const auto& problem : problems(loaded)) EXPECT_THAT(problem, Not(HasSubstr("hunter2")));
}

TEST_F(ConfigLoad, ReadsTheUrlRules) {
    const auto loaded = loadWebhooks(R"({"url":{
        "allowed_domains":["*.MyCompany.com","api.trusted-service.com","127.0.0.1"],"allowed_ports":[443,8443],
        "allowed_networks":["10.0.0.0/8"],"max_url_length":60,"require_https":true,"disable_loopback":true},
        "stateless_values":true,"retry":{"schedule":[1,60]}})");
    EXPECT_THAT(loaded.findings, IsEmpty());
    const auto& settings = loaded.config.webhooks;
    EXPECT_THAT(settings.allowed_domains,
                ElementsAre("*.mycompany.com", "api.trusted-service.com", "127.0.0.1"));
    EXPECT_THAT(settings.allowed_ports, ElementsAre(443, 8443));
    EXPECT_THAT(settings.allowed_networks, ElementsAre("10.0.0.0/8"));
    EXPECT_EQ(settings.max_url_length, 60U);
    EXPECT_TRUE(settings.require_https);
    EXPECT_TRUE(settings.disable_loopback);
    EXPECT_TRUE(settings.stateless_values);
    EXPECT_THAT(settings.retry_schedule_s, ElementsAre(1, 60));
}

TEST_F(ConfigLoad, RefusesUrlRulesWithTheirKeys) {
    EXPECT_THAT(
        problems(loadWebhooks(R"({"url":{
        "allowed_domains":["a*.com",5,"https://x.com","*"],"allowed_ports":[0,65536,"443",1.5],
        "allowed_networks":["10.0.0.1/8"],"max_url_length":0,"require_https":"yes","disable_loopback":1},
        "retry":{"schedule":[-1,"5s"]},"stateless_values":0})")),
        ElementsAre("webhooks.url.allowed_domains[0]: expected a host: \"*\" may only stand at the start, as "
                    "in \"*.example.com\"",
                    "webhooks.url.allowed_domains[1]: expected a string, found a number",
                    "webhooks.url.allowed_domains[2]: expected a host: a host without its scheme",
                    "webhooks.url.allowed_domains[3]: leave allowed_domains out to allow every host",
                    "webhooks.url.allowed_ports[0]: must be a whole number from 1 to 65535",
                    "webhooks.url.allowed_ports[1]: must be a whole number from 1 to 65535",
                    "webhooks.url.allowed_ports[2]: expected a whole number, found a string",
                    "webhooks.url.allowed_ports[3]: must be a whole number from 1 to 65535",
                    "webhooks.url.allowed_networks[0]: the address has bits beyond the network's length",
                    "webhooks.url.max_url_length: must be a whole number from 1 to 65536",
                    "webhooks.url.require_https: expected true or false, found a string",
                    "webhooks.url.disable_loopback: expected true or false, found a number",
                    "webhooks.retry.schedule[0]: must be a whole number from 0 to 604800",
                    "webhooks.retry.schedule[1]: expected a whole number, found a string",
                    "webhooks.stateless_values: expected true or false, found a number"));
}

TEST_F(ConfigLoad, ReadsCors) {
    const auto loaded =
        loadWith(R"("http":{"disable_webhooks":true,"cors":{"allow_origins":["https://a.example"],
        "allow_origin_regex":"^https://.*$","allow_methods":["GET"],"allow_headers":["X-A"],"expose_headers":["X-B"],
        "allow_credentials":true,"max_age":5}})");
    EXPECT_THAT(loaded.findings, IsEmpty());
    EXPECT_TRUE(loaded.config.http.disable_webhooks);
    const auto& cors = loaded.config.http.cors.value();
    EXPECT_THAT(cors.allow_origins, ElementsAre("https://a.example"));
    EXPECT_EQ(cors.allow_origin_regex, "^https://.*$");
    EXPECT_THAT(cors.allow_methods, ElementsAre("GET"));
    EXPECT_THAT(cors.allow_headers, ElementsAre("X-A"));
    EXPECT_THAT(cors.expose_headers, ElementsAre("X-B"));
    EXPECT_TRUE(cors.allow_credentials);
    EXPECT_EQ(cors.max_age_s, 5);
}

TEST_F(ConfigLoad, RefusesCorsWithItsKeys) {
    const auto loaded = loadWith(
        R"("http":{"cors":{"allow_origins":"*","expose_headers":["X-A\r\nX-Evil: 1","X B"],"max_age":-1,
        "allow_origin":[],"allow_origin_regex":"("}})");
    EXPECT_THAT(problems(loaded),
                ElementsAre("http.cors.allow_origins: expected a list, found a string",
                            "http.cors.expose_headers[0]: must not contain control characters",
                            "http.cors.expose_headers[1]: must be a name without spaces and commas",
                            "http.cors.max_age: must be a whole number from 0 to 86400",
                            "http.cors.allow_origin_regex: not a POSIX extended regular expression"));
    EXPECT_THAT(warnings(loaded),
                ElementsAre("http.cors.allow_origin: unknown key; did you mean \"allow_origins\"?"));
}

TEST_F(ConfigLoad, WarnsAboutUnknownKeysWithTheNearest) {
    const auto loaded =
        loadWith(R"("webhook":{},"zzzzzzzzzz":1,"webhooks":{"header":{},"url":{"require_http":true}},
        "http":{"disable_webhook":true})");
    EXPECT_TRUE(loaded.usable());
    EXPECT_THAT(warnings(loaded),
                ElementsAre("webhook: unknown key; did you mean \"webhooks\"?", "zzzzzzzzzz: unknown key",
                            "webhooks.header: unknown key; did you mean \"headers\"?",
                            "webhooks.url.require_http: unknown key; did you mean \"require_https\"?",
                            "http.disable_webhook: unknown key; did you mean \"disable_webhooks\"?"));
}

TEST_F(ConfigLoad, AcceptsTheOtherKeysOfLangGraph) {
    const auto loaded = loadWith(
        R"("$schema":"https://langgra.ph/schema.json","node_version":"20","store":{"path":"./store.py:store"},
        "checkpointer":null,"auth":{"path":"./auth.py:auth"},"http":{"app":"./app.py:app","disable_mcp":true,
        "disable_store":false,"disable_runs":true})");
    EXPECT_TRUE(loaded.usable());
    EXPECT_THAT(notices(loaded), ElementsAre("node_version: only used to build images"));
    EXPECT_THAT(warnings(loaded),
                ElementsAre("store.path: not supported: Heddle keeps the store itself",
                            "auth: not supported yet: requests are not authenticated",
                            "http.app: not supported: Heddle serves no routes of your own"));
}

TEST_F(ConfigLoad, ReadsWhatAnInstallationGoesBy) {
    const auto loaded =
        loadWith(R"("python_version":"3.12","pip_installer":"uv","pip_config_file":"graphs.py")");
    EXPECT_THAT(loaded.findings, IsEmpty());
    EXPECT_EQ(loaded.config.packages.python_version, "3.12");
    EXPECT_EQ(loaded.config.packages.installer, PackageSettings::Installer::kUv);
    EXPECT_EQ(loaded.config.packages.pip_config_file, inFolder("graphs.py"));
}

TEST_F(ConfigLoad, SaysWhatAnInstallationCannotGoBy) {
    const auto loaded = loadWith(
        R"("python_version":"latest","pip_installer":"conda","pip_config_file":"nope.conf","dependencies":["-e ."])");
    EXPECT_THAT(problems(loaded),
                ElementsAre("pip_installer: must be auto, pip or uv",
                            "dependencies[0]: expected a package or a folder, not an option of pip"));
    EXPECT_THAT(warnings(loaded),
                ElementsAre("python_version: has no effect: expected MAJOR.MINOR, as in \"3.12\"",
                            "pip_config_file: the file does not exist: " + inFolder("nope.conf")));
}

TEST_F(ConfigLoad, ReportsAllProblemsAtOnceInTheOrderOfTheFile) {
    sources_.environment = {{"PORT", "x"}};
    EXPECT_THAT(problems(loadText(R"({"http":5,"graphs":{"a":1},"env":{"B":2},"webhooks":{"url":[]}})")),
                ElementsAre("http: expected an object, found a number",
                            "graphs.a: expected a string or an object, found a number",
                            "env.B: expected a string, found a number",
                            "webhooks.url: expected an object, found a list",
                            "PORT: must be a whole number from 0 to 65535"));
}

TEST_F(ConfigLoad, LetsFlagsWinOverTheEnvironment) {
    sources_.environment = {{"HEDDLE_HOST", "0.0.0.0"},
                            {"PORT", "8000"},
                            {"HEDDLE_DATA_DIR", "data"},
                            {"HEDDLE_PYTHON", "python3"},
                            {"LOG_JSON", "true"},
                            {"LOG_LEVEL", "WARNING"},
                            {"HEDDLE_WATCH", "poll"},
                            {"HEDDLE_PYTHON_WORKERS", "4"},
                            {"HEDDLE_ALLOWED_HOSTS", "A.example, b.example,::1,[fd00::1]"}};
    const auto environment = loadWith(R"("env":{})").config;
    EXPECT_EQ(environment.host, "0.0.0.0");
    EXPECT_FALSE(environment.webhooks.loopback_only);
    EXPECT_EQ(environment.port, 8000);
    EXPECT_EQ(environment.data_dir, inFolder("data"));
    EXPECT_EQ(environment.database_path, inFolder("data/heddle.db"));
    EXPECT_EQ(environment.python, "python3");
    EXPECT_EQ(environment.python_workers, 4);
    EXPECT_TRUE(environment.watch_polls);
    EXPECT_EQ(environment.log_format, log::Format::kJson);
    EXPECT_EQ(environment.log_level, log::Level::kWarning);
    EXPECT_THAT(environment.allowed_hosts, ElementsAre("a.example", "b.example", "[::1]", "[fd00::1]"));

    sources_.flags = {{"host", "::1"},
                      {"port", "0"},
                      {"data-dir", "/tmp/elsewhere/"},
                      {"dev", "true"},
                      {"python", "venv/bin/python"},
                      {"log-format", "text"},
                      {"log-level", "debug"},
                      {"python-workers", "1"},
                      {"allowed-hosts", "*"}};
    const auto flags = loadWith(R"("env":{})").config;
    EXPECT_EQ(flags.host, "::1");
    EXPECT_TRUE(flags.webhooks.loopback_only);
    EXPECT_EQ(flags.port, 0);
    EXPECT_EQ(flags.data_dir, "/tmp/elsewhere");
    EXPECT_TRUE(flags.dev);
    EXPECT_TRUE(flags.webhooks.dev);
    EXPECT_EQ(flags.python, inFolder("venv/bin/python"));
    EXPECT_EQ(flags.python_workers, 1);
    EXPECT_EQ(flags.log_format, log::Format::kText);
    EXPECT_EQ(flags.log_level, log::Level::kDebug);
    EXPECT_THAT(flags.allowed_hosts, ElementsAre("*"));
}

TEST_F(ConfigLoad, RefusesSettingsByTheirFlagOrVariable) {
    sources_.flags = {{"host", "http://x"},  {"port", "70000"},       {"log-format", "xml"},
                      {"log-level", "loud"}, {"python-workers", "0"}, {"allowed-hosts", "a:80,*.b"}};
    EXPECT_THAT(problems(loadWith(R"("env":{})")),
                ElementsAre("--host: expected an address or a host name, as in 127.0.0.1 or 0.0.0.0",
                            "--port: must be a whole number from 0 to 65535",
                            "--python-workers: must be a whole number from 1 to 256",
                            "--allowed-hosts: expected hosts separated by commas: a host without its port",
                            "--allowed-hosts: expected hosts separated by commas: no wildcards",
                            "--log-format: must be text or json",
                            "--log-level: must be debug, info, warning or error"));
    sources_.flags.clear();
    sources_.environment = {{"LOG_JSON", "maybe"}, {"PORT", ""}, {"HEDDLE_WATCH", "inotify"}};
    EXPECT_THAT(problems(loadWith(R"("env":{})")),
                ElementsAre("HEDDLE_WATCH: must be auto or poll", "LOG_JSON: must be true or false"));
}

TEST_F(ConfigLoad, TakesTheDatabaseFromItsUri) {
    sources_.environment = {{"DATABASE_URI", "sqlite:other/runs.db"}};
    EXPECT_EQ(loadWith(R"("env":{})").config.database_path, inFolder("other/runs.db"));
    sources_.environment = {{"DATABASE_URI", "sqlite:///tmp/runs.db"}};
    EXPECT_EQ(loadWith(R"("env":{})").config.database_path, "/tmp/runs.db");
    for (const auto* uri : {"mysql://u:hunter2@h/d", "sqlite:", "hunter2"}) {
        sources_.environment = {{"DATABASE_URI", uri}};
        EXPECT_THAT(problems(loadWith(R"("env":{})")), ElementsAre("DATABASE_URI: expected sqlite:FILE"));
    }
    sources_.environment = {{"DATABASE_URI", "postgresql://u:hunter2@h/d"}};
    EXPECT_THAT(problems(loadWith(R"("env":{})")),
                ElementsAre("DATABASE_URI: PostgreSQL comes with a later version; use sqlite:FILE"));
    sources_.environment = {{"DATABASE_URI", "sqlite::memory:"}};
    EXPECT_THAT(problems(loadWith(R"("env":{})")), ElementsAre("DATABASE_URI: the database must be a file"));
}

TEST_F(ConfigLoad, DescribesTheEffectiveConfigurationWithSecretsMasked) {
    sources_.environment = {{"LG_WEBHOOK_TOKEN", "hunter2"}};
    const auto loaded = loadWith(
        R"("env":{"KEY":"hunter2"},"webhooks":{"headers":{"Authorization":"Bearer ${{ env.LG_WEBHOOK_TOKEN }}",
        "X-Plain":"hunter2"},"url":{"allowed_ports":[443]}},"http":{"cors":{"max_age":7}})");
    EXPECT_THAT(loaded.findings, IsEmpty());
    const auto text = describe(loaded.config);
    EXPECT_THAT(text, Not(HasSubstr("hunter2")));
    EXPECT_THAT(text, HasSubstr("\"Authorization\": \"********\""));
    EXPECT_THAT(text, HasSubstr("\"KEY\": \"********\""));
    EXPECT_THAT(text, HasSubstr("\"runtime\": \"native\""));
    EXPECT_THAT(text, HasSubstr("\"max_age\": 7"));
    EXPECT_THAT(text, HasSubstr("\"port\": 2024"));
    EXPECT_THAT(text, HasSubstr("443"));
}

TEST(ConfigExample, LoadsWithoutAProblemOrWarning) {
    Sources sources;
    sources.working_dir = HEDDLE_TEST_SOURCE_DIR;
    sources.config_path = "langgraph.json.example";
    const auto loaded = load(sources);
    EXPECT_THAT(loaded.findings, IsEmpty());
    EXPECT_EQ(loaded.config.graphs.size(), 5U);
}

// Every key we read is in the example, and each of them has a row in docs/configuration.md.
TEST(ConfigExample, HoldsTheKeysOfTheDocument) {
    std::ifstream document(std::string(HEDDLE_TEST_SOURCE_DIR) + "/docs/configuration.md");
    std::ifstream example(std::string(HEDDLE_TEST_SOURCE_DIR) + "/langgraph.json.example");
    const std::string rows{std::istreambuf_iterator<char>(document), {}};
    const auto json = RawJson::parse({std::istreambuf_iterator<char>(example), {}}).value();
    std::vector<std::string> keys;
    const auto collect = [&](const auto& self, const std::string& path, JsonView value) -> void {
        for (const auto& field : value.fields()) {
            const auto key = path.empty() ? field.key : path + "." + field.key;
            const bool names_inside = key == "graphs" || key == "env" || key == "webhooks.headers";
            if (field.value.isObject() && !names_inside) {
                self(self, key, field.value);
            } else if (key != "$schema") {
                keys.push_back(key);
            }
        }
    };
    collect(collect, "", json.view());
    EXPECT_EQ(keys.size(), 55U);
    for (const auto& key : keys) EXPECT_THAT(rows, HasSubstr("| `" + key + "` |"));
}

}  // namespace
}  // namespace heddle::config
