// SPDX-License-Identifier: Apache-2.0
#include "base/base64.hpp"
#include "base/limits.hpp"
#include "unit/config/support.hpp"

#include <gmock/gmock.h>

#include <filesystem>

namespace heddle::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class ConfigWebhooks : public ConfigLoad {
  protected:
    // The problems of a `webhooks` block with this key.
    std::vector<std::string> problemsOf(const std::string& key, const std::string& value) {
        return problems(loadWebhooks("{\"" + key + "\":" + value + "}"));
    }
};

std::string secretOf(char byte, std::size_t bytes = 24) {
    return "whsec_" + base64Encode(std::string(bytes, byte));
}

std::vector<std::string> keysOf(const Loaded& loaded) {
    std::vector<std::string> keys;
    for (const auto& key : loaded.config.webhook_secrets) keys.push_back(key.reveal());
    return keys;
}

std::string key(char byte) {
    return std::string(24, byte);
}

TEST_F(ConfigWebhooks, HaveDefaults) {
    const auto config = loadWebhooks("{}").config;
    EXPECT_THAT(config.webhook_secrets, IsEmpty());
    EXPECT_EQ(config.webhooks.timeout_s, 30);
    EXPECT_EQ(config.webhooks.connect_timeout_s, 10);
    EXPECT_EQ(config.webhooks.rate_per_s, std::nullopt);
    EXPECT_THAT(config.webhooks.fields.allowed, IsEmpty());
    EXPECT_EQ(config.webhooks.fields.body_bytes_max, 8U * 1024 * 1024);
    EXPECT_EQ(config.webhooks.tls.ca_file, "");
    EXPECT_FALSE(config.webhooks.proxy);
}

TEST_F(ConfigWebhooks, TakeSecretsFromTextsTemplatesAndFiles) {
    sources_.environment = {{"LG_WEBHOOK_SECRET", secretOf('b')}};
    write("keys/one", "\n  " + secretOf('c') + "\r\n\n");
    write("keys/two", secretOf('d') + "\n" + secretOf('e'));
    const auto loaded =
        loadWebhooks("{\"secrets\":[\"" + secretOf('a') + "\",\"${{ env.LG_WEBHOOK_SECRET }}\"," +
                     R"("file:keys/one","file:)" + inFolder("keys/two") + "\"]}");
    EXPECT_THAT(loaded.findings, IsEmpty());
    EXPECT_THAT(keysOf(loaded), ElementsAre(key('a'), key('b'), key('c'), key('d'), key('e')));
}

TEST_F(ConfigWebhooks, ReadSecretFilesAndDotEnvAgainAtEveryLoad) {
    write("key", secretOf('a'));
    write(".env", "LG_WEBHOOK_SECRET=" + secretOf('b') + "\nLG_WEBHOOK_TOKEN=old\n");
    const std::string keys =
        R"("env":".env","webhooks":{"secrets":["file:key","${{ env.LG_WEBHOOK_SECRET }}"],)"
        R"("headers":{"X-T":"${{ env.LG_WEBHOOK_TOKEN }}"}})";
    const auto before = loadWith(keys);
    EXPECT_THAT(keysOf(before), ElementsAre(key('a'), key('b')));
    write("key", secretOf('c') + "\n" + secretOf('a'));
    write(".env", "LG_WEBHOOK_SECRET=" + secretOf('d') + "\nLG_WEBHOOK_TOKEN=new\n");
    const auto after = load(sources_);
    EXPECT_THAT(after.findings, IsEmpty());
    EXPECT_THAT(keysOf(after), ElementsAre(key('c'), key('a'), key('d')));
    EXPECT_EQ(revealed(after.config.webhook_headers, "X-T"), "new");
}

TEST_F(ConfigWebhooks, RefuseSecretsWithoutRepeatingThem) {
    sources_.environment = {{"LG_WEBHOOK_SECRET", "hunter2"}, {"OTHER", secretOf('x')}};
    write("bad", secretOf('a') + "\nhunter2");
    write("empty", " \n");
    const auto loaded = loadWebhooks(
        R"({"secrets":["hunter2","${{ env.LG_WEBHOOK_SECRET }}","${{ env.OTHER }}","whsec_aHVudGVyMg==",5,)"
        R"("file:bad","file:empty","file:nope","file:","whsec_hunter2!!","${{ hunter2"]})");
    EXPECT_THAT(
        problems(loaded),
        ElementsAre(
            "webhooks.secrets[0]: a secret must start with whsec_; `heddle secret` prints a new one",
            "webhooks.secrets[1]: a secret must start with whsec_; `heddle secret` prints a new one",
            "webhooks.secrets[2]: may only name variables that start with LG_WEBHOOK_ (webhooks.env_prefix), "
            "not OTHER",
            "webhooks.secrets[3]: the base64 after whsec_ must stand for 24 to 64 bytes, not 7",
            "webhooks.secrets[4]: expected a string, found a number",
            "webhooks.secrets[5]: " + inFolder("bad") +
                " line 2: a secret must start with whsec_; `heddle secret` prints a new one",
            "webhooks.secrets[6]: the file is empty: " + inFolder("empty"),
            "webhooks.secrets[7]: the file cannot be read: " + inFolder("nope"),
            "webhooks.secrets[8]: expected \"file:PATH\"",
            "webhooks.secrets[9]: what follows whsec_ must be base64, without white space",
            "webhooks.secrets[10]: character 1: the template that begins here is never closed with }}"));
    for (const auto& problem : problems(loaded)) EXPECT_THAT(problem, Not(HasSubstr("hunter2")));
    EXPECT_THAT(problemsOf("secrets", "\"" + secretOf('a') + "\""),
                ElementsAre("webhooks.secrets: expected a list, found a string"));
}

TEST_F(ConfigWebhooks, HaveAFewSecretsAndEachOnce) {
    std::string list;
    for (std::size_t i = 0; i < limits::kWebhookSecrets; ++i) {
        list += (i == 0 ? "\"" : ",\"") + secretOf(static_cast<char>('a' + i)) + "\"";
    }
    EXPECT_THAT(loadWebhooks("{\"secrets\":[" + list + "]}").findings, IsEmpty());
    EXPECT_THAT(problemsOf("secrets", "[" + list + ",\"" + secretOf('Z') + "\"]"),
                ElementsAre("webhooks.secrets: at most 10 secrets"));
    const auto twice = loadWebhooks("{\"secrets\":[\"" + secretOf('a') + "\",\"" + secretOf('a') + "\"]}");
    EXPECT_THAT(warnings(twice), ElementsAre("webhooks.secrets[1]: given twice: it signs once"));
    EXPECT_THAT(keysOf(twice), ElementsAre(key('a')));
}

TEST_F(ConfigWebhooks, ReadTimesAndRates) {
    const auto loaded = loadWebhooks(
        R"({"connect_timeout_seconds":20,"timeout_seconds":20,"rate_per_second":0.5,"max_payload_bytes":1024})");
    EXPECT_THAT(loaded.findings, IsEmpty());
    EXPECT_EQ(loaded.config.webhooks.timeout_s, 20);
    EXPECT_EQ(loaded.config.webhooks.connect_timeout_s, 20);
    EXPECT_EQ(loaded.config.webhooks.rate_per_s, 0.5);
    EXPECT_EQ(loaded.config.webhooks.fields.body_bytes_max, 1024U);

    const auto brief = loadWebhooks(R"({"timeout_seconds":3})");
    EXPECT_THAT(brief.findings, IsEmpty());
    EXPECT_EQ(brief.config.webhooks.connect_timeout_s, 3);
    EXPECT_EQ(loadWebhooks(R"({"rate_per_second":10000})").config.webhooks.rate_per_s, 10'000);
    EXPECT_EQ(loadWebhooks(R"({"max_payload_bytes":67108864})").config.webhooks.fields.body_bytes_max,
              limits::kWebhookBodyMost);
}

TEST_F(ConfigWebhooks, RefuseNumbersBeyondTheirBounds) {
    struct Case {
        std::string key;
        std::string value;
        std::string problem;
    };
    const std::string timeout = "must be a whole number from 1 to 300";
    const std::string connect = "must be a whole number from 1 to 30";
    const std::string rate = "must be a number above 0, at most 10000";
    const std::string bytes = "must be a whole number from 1024 to 67108864";
    const std::vector<Case> cases = {
        {"timeout_seconds", "0", timeout},
        {"timeout_seconds", "301", timeout},
        {"timeout_seconds", "1.5", timeout},
        {"timeout_seconds", "\"30\"", "expected a whole number, found a string"},
        {"connect_timeout_seconds", "0", connect},
        {"connect_timeout_seconds", "31", connect},
        {"connect_timeout_seconds", "true", "expected a whole number, found true or false"},
        {"rate_per_second", "0", rate},
        {"rate_per_second", "-1", rate},
        {"rate_per_second", "10000.1", rate},
        {"rate_per_second", "\"5\"", "expected a number, found a string"},
        {"max_payload_bytes", "1023", bytes},
        {"max_payload_bytes", "67108865", bytes},
        {"max_payload_bytes", "\"8MB\"", "expected a whole number, found a string"},
    };
    for (const auto& [name, value, problem] : cases) {
        EXPECT_THAT(problemsOf(name, value), ElementsAre("webhooks." + name + ": " + problem)) << value;
    }
    EXPECT_THAT(problems(loadWebhooks(R"({"connect_timeout_seconds":6,"timeout_seconds":5})")),
                ElementsAre("webhooks.connect_timeout_seconds: must be a whole number from 1 to 5"));
}

TEST_F(ConfigWebhooks, MayCarryOnlySomeFields) {
    const auto loaded = loadWebhooks(R"({"allowed_fields":["status","run_id","status","webhook_sent_at"]})");
    EXPECT_THAT(loaded.findings, IsEmpty());
    EXPECT_THAT(loaded.config.webhooks.fields.allowed, ElementsAre("status", "run_id", "webhook_sent_at"));
    EXPECT_THAT(
        problemsOf("allowed_fields", R"(["run_id","input"])"),
        ElementsAre("webhooks.allowed_fields[1]: no such field of a webhook; there are run_id, thread_id, "
                    "assistant_id, metadata, status, kwargs, multitask_strategy, created_at, updated_at, "
                    "run_started_at, run_ended_at, webhook_sent_at, values, error"));
    EXPECT_THAT(
        problemsOf("allowed_fields", "[]"),
        ElementsAre(
            "webhooks.allowed_fields: is empty: name at least one field, or leave it out to send all"));
    EXPECT_THAT(problemsOf("allowed_fields", R"("run_id")"),
                ElementsAre("webhooks.allowed_fields: expected a list, found a string"));
    EXPECT_THAT(problemsOf("allowed_fields", "[1]"),
                ElementsAre("webhooks.allowed_fields[0]: expected a string, found a number"));
}

TEST_F(ConfigWebhooks, ReadTlsFiles) {
    const std::string begin = "-----BEGIN ";
    write("tls/ca.pem", "# ours\n" + begin + "CERTIFICATE-----\n");
    write("tls/cert.pem", begin + "CERTIFICATE-----\n");
    write("tls/key.pem", begin + "EC PRIVATE" + " KEY-----\n");
    const auto loaded = loadWebhooks(
        R"({"tls":{"ca_file":"tls/ca.pem","cert_file":"./tls/cert.pem","key_file":"tls/key.pem"}})");
    EXPECT_THAT(loaded.findings, IsEmpty());
    const auto& tls = loaded.config.webhooks.tls;
    EXPECT_EQ(tls.ca_file, inFolder("tls/ca.pem"));
    EXPECT_EQ(tls.cert_file, inFolder("tls/cert.pem"));
    EXPECT_EQ(tls.key_file, inFolder("tls/key.pem"));
}

TEST_F(ConfigWebhooks, RefuseTlsFilesThatCannotWork) {
    const std::string begin = "-----BEGIN ";
    write("cert.pem", begin + "CERTIFICATE-----\n");
    write("key.pem", begin + "PRIVATE" + " KEY-----\n");
    write("locked.pem", begin + "ENCRYPTED PRIVATE" + " KEY-----\n");
    write("text", "hello");
    struct Case {
        std::string tls;
        std::string problem;
    };
    const std::vector<Case> cases = {
        {R"({"ca_file":"nope.pem"})", ".ca_file: the file cannot be read: " + inFolder("nope.pem")},
        {R"({"ca_file":"."})", ".ca_file: the file cannot be read: " + folder_.string()},
        {R"({"ca_file":"text"})", ".ca_file: holds no PEM certificate: " + inFolder("text")},
        {R"({"ca_file":5})", ".ca_file: expected a string, found a number"},
        {R"({"cert_file":"cert.pem"})", ": cert_file needs key_file"},
        {R"({"key_file":"key.pem","cert_file":null})", ": key_file needs cert_file"},
        {R"({"cert_file":"key.pem","key_file":"key.pem"})",
         ".cert_file: holds no PEM certificate: " + inFolder("key.pem")},
        {R"({"cert_file":"cert.pem","key_file":"cert.pem"})",
         ".key_file: holds no PEM private key: " + inFolder("cert.pem")},
        {R"({"cert_file":"cert.pem","key_file":"locked.pem"})",
         ".key_file: the key must not be encrypted: " + inFolder("locked.pem")},
        {R"("ca.pem")", ": expected an object, found a string"},
    };
    for (const auto& [tls, problem] : cases)
        EXPECT_THAT(problemsOf("tls", tls), ElementsAre("webhooks.tls" + problem)) << tls;
}

TEST_F(ConfigWebhooks, ReadAProxyFromItsUrl) {
    sources_.environment = {{"LG_WEBHOOK_PROXY_PASSWORD", "s%3Acret"}};
    struct Case {
        std::string url;
        std::string host;
        std::uint16_t port;
        std::string authorization;
    };
    const std::vector<Case> cases = {
        {"http://proxy.example:8080", "proxy.example", 8080, ""},
        {"http://Proxy.Example/", "proxy.example", 3128, ""},
        {"http://10.0.0.1:65535", "10.0.0.1", 65535, ""},
        {"http://[fd00::0001]", "fd00::1", 3128, ""},
        {"http://[::1]:1/", "::1", 1, ""},
        {"http://user:pass@h:3129", "h", 3129, "Basic " + base64Encode("user:pass")},
        {"http://token@h", "h", 3128, "Basic " + base64Encode("token:")},
        {"http://us%40er:p%2Fa:ss@h", "h", 3128, "Basic " + base64Encode("us@er:p/a:ss")},
        {"http://u:${{ env.LG_WEBHOOK_PROXY_PASSWORD }}@h", "h", 3128, "Basic " + base64Encode("u:s:cret")},
    };
    for (const auto& [url, host, port, authorization] : cases) {
        const auto loaded = loadWebhooks("{\"proxy\":\"" + url + "\"}");
        EXPECT_THAT(loaded.findings, IsEmpty()) << url;
        ASSERT_TRUE(loaded.config.webhooks.proxy) << url;
        const auto& proxy = *loaded.config.webhooks.proxy;
        EXPECT_EQ(proxy.host, host);
        EXPECT_EQ(proxy.port, port);
        EXPECT_EQ(proxy.authorization.reveal(), authorization) << url;
        EXPECT_EQ(proxy.resolve, WebhookProxy::Resolve::kHere);
        EXPECT_THAT(proxy.except, IsEmpty());
    }
}

TEST_F(ConfigWebhooks, ReadAProxyWithItsExceptions) {
    const auto loaded = loadWebhooks(
        R"({"proxy":{"url":"http://h:1","no_proxy":["*.Internal.example","[::1]","10.0.0.1"],"resolve":"proxy"}})");
    EXPECT_THAT(loaded.findings, IsEmpty());
    const auto& proxy = loaded.config.webhooks.proxy.value();
    EXPECT_EQ(proxy.host, "h");
    EXPECT_THAT(proxy.except, ElementsAre("*.internal.example", "::1", "10.0.0.1"));
    EXPECT_EQ(proxy.resolve, WebhookProxy::Resolve::kProxy);
}

TEST_F(ConfigWebhooks, RefuseProxiesWithoutRepeatingThem) {
    const std::string kinds = "expected http://HOST:PORT; other kinds of proxies are not supported";
    const std::string path =
        "expected http://HOST:PORT without a path; write / ? # in a password as %2F %3F %23";
    const std::string host = "not a host name or an address";
    const std::string port = "the port must be a number from 1 to 65535";
    struct Case {
        std::string url;
        std::string problem;
    };
    const std::vector<Case> cases = {
        {"https://hunter2@h", kinds},
        {"socks5://hunter2@h:1080", kinds},
        {"hunter2:3128", kinds},
        {"", kinds},
        {"http://", host},
        {"http://u:hunter2@", host},
        {"http://hunter_2!", host},
        {"http://*.hunter2", host},
        {"http://[hunter2", "not a host name"},
        {"http://h:0", port},
        {"http://h:65536", port},
        {"http://h:", port},
        {"http://h:hunter2", port},
        {"http://h:1/hunter2", path},
        {"http://h?hunter2", path},
        {"http://u:hunter2/x@h", path},
        {"http://u:hunter 2@h", path},
        {"http://u:hunter2@x@h", "write @ in a password as %40"},
        {"http://u:hunter2%zz@h", "the user or password is malformed"},
        {"http://u:hunter2%@h", "the user or password is malformed"},
        {"http://u%3Ax:hunter2@h", "the user or password is malformed"},
        {"http://u:hunter2%0D%0A@h", "the user or password is malformed"},
        {"http://u:${{ env.HUNTER2 }}@h",
         "may only name variables that start with LG_WEBHOOK_ (webhooks.env_prefix), not HUNTER2"},
    };
    for (const auto& [url, problem] : cases) {
        EXPECT_THAT(problemsOf("proxy", "\"" + url + "\""), ElementsAre("webhooks.proxy: " + problem)) << url;
        EXPECT_THAT(problemsOf("proxy", R"({"url":")" + url + "\"}"),
                    ElementsAre("webhooks.proxy.url: " + problem));
        EXPECT_THAT(problem, Not(HasSubstr("hunter2")));
    }
    EXPECT_THAT(
        problems(loadWebhooks(R"({"proxy":{"no_proxy":["*","a:1"],"resolve":"there"}})")),
        ElementsAre("webhooks.proxy.no_proxy[0]: expected a host: \"*\" may only stand at the start, as in "
                    "\"*.example.com\"",
                    "webhooks.proxy.no_proxy[1]: expected a host: a host without its port",
                    "webhooks.proxy.resolve: must be \"here\" or \"proxy\"", "webhooks.proxy: has no url"));
    EXPECT_THAT(problemsOf("proxy", "5"),
                ElementsAre("webhooks.proxy: expected a string or an object, found a number"));
}

TEST_F(ConfigWebhooks, AreDescribedWithSecretsMasked) {
    const auto loaded = loadWebhooks("{\"secrets\":[\"" + secretOf('a') + "\",\"" + secretOf('b') +
                                     R"("],"proxy":"http://user:hunter2@h:1","rate_per_second":2.5,)" +
                                     R"("allowed_fields":["run_id"],"timeout_seconds":7})");
    EXPECT_THAT(loaded.findings, IsEmpty());
    const auto text = describe(loaded.config);
    for (const auto& secret : {secretOf('a').substr(6), key('a'), std::string("hunter2"), std::string("user"),
                               base64Encode("user:hunter2")}) {
        EXPECT_THAT(text, Not(HasSubstr(secret)));
    }
    for (const auto* line :
         {"\"secrets\": [\n      \"********\",\n      \"********\"\n    ]", "\"url\": \"http://h:1\"",
          "\"authorization\": \"********\"", "\"resolve\": \"here\"", "\"rate_per_second\": 2.5",
          "\"timeout_seconds\": 7", "\"connect_timeout_seconds\": 7", "\"max_payload_bytes\": 8388608",
          "\"allowed_fields\": [\n      \"run_id\"\n    ]", "\"ca_file\": null"}) {
        EXPECT_THAT(text, HasSubstr(line));
    }
}

}  // namespace
}  // namespace heddle::config
