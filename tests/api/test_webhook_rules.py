# SPDX-License-Identifier: Apache-2.0
"""Which webhook URLs are accepted. Webhooks are disabled here: URLs are judged all the same, and nothing is dialled."""
import pytest

from server import Server, native_config

ALWAYS_REFUSED = [
    "ftp://example.com/x", "file:///etc/passwd", "javascript:alert(1)", "notaurl", "http://", "http:///x", "https://?x",
    "//evil.example/x", "http://127.0.0.1:99999/x", "http://127.0.0.1:-1/x", "http://127.0.0.1:x/", "http://exa mple.com/",
    "http://169.254.169.254/latest", "http://169.254.1.1/", "http://metadata.google.internal/", "http://100.100.100.200/",
    "http://[fd00:ec2::254]/", "http://[fe80::1]/", "http://[::ffff:169.254.169.254]/", "http://2852039166/", "http://0xa9fea9fe/",
    "http://0251.0376.0251.0376/", "http://0.0.0.0:1/", "http://[::]/", "http://224.0.0.1/", "http://255.255.255.255/",
    "http://example.com/\r\nX-Evil: 1", "http://example.com/\x00", "http://ex\u200bample.com:80:80/", "http://[::1/x",
    "https://user:pw@example.com/", "http://@example.com/", "http://example.com@127.0.0.1/", "http://168.63.129.16/",
    "http://[64:ff9b::7f00:1]/", "http://[2002:7f00:1::]/", "http://[fec0::1]/", "http://[100::1]/",
]
LOOPBACK = ["http://127.0.0.1:9/x", "http://127.8.7.6/x", "http://localhost:9/x", "http://LOCALHOST./x", "http://[::1]:9/x",
            "http://127.1:9/x", "http://2130706433:9/x", "http://0x7f.1/x", "http://[::ffff:127.0.0.1]:9/x"]
PRIVATE = ["http://10.0.0.1/x", "http://192.168.1.1:1/x", "http://172.16.5.4/x", "http://[fd12::1]/x", "http://100.64.0.1/x"]
PUBLIC = ["https://example.com/hook?token=a", "http://example.com", "https://example.com:8443/a/b?c=d#e", "https://bücher.example/x",
          "HTTPS://EXAMPLE.COM/X", "http://127.0.0.1.evil.example/", "https://8.8.8.8/x"]


@pytest.fixture(scope="module")
def rules(tmp_path_factory):
    """rules(url={…}, args=[…]) gives a server with these rules; one for each set in the module."""
    servers = {}

    def make(url=None, args=()):
        key = (repr(url), tuple(args))
        if key not in servers:
            config = native_config(http={"disable_webhooks": True}, **({"webhooks": {"url": url}} if url is not None else {}))
            servers[key] = Server(tmp_path_factory.mktemp("rules"), config, args=args).start()
        return servers[key]

    yield make
    for server in servers.values():
        server.stop()


def judge(server, url):
    """None when accepted, else the detail of the 422."""
    answer = server.post("/runs", {"assistant_id": "native_echo", "input": {"text": "x"}, "webhook": url})
    if answer.status_code == 200:
        return None
    assert answer.status_code == 422, (url, answer.status_code, answer.text)
    detail = answer.json()["detail"]
    assert "webhook" in detail.lower(), detail
    return detail


@pytest.mark.parametrize("url", ALWAYS_REFUSED)
def test_never_accepted(rules, url):
    assert judge(rules(), url)
    assert judge(rules(args=["--dev"]), url)


@pytest.mark.parametrize("url", [*PUBLIC, *LOOPBACK, "/relative?x=1"])
def test_accepted_by_default_on_a_loopback_server(rules, url):
    assert judge(rules(), url) is None


@pytest.mark.parametrize("url", PRIVATE)
def test_private_addresses_need_a_word(rules, url):
    assert judge(rules(), url)
    assert judge(rules(args=["--dev"]), url) is None
    assert judge(rules(url={"allowed_networks": ["10.0.0.0/8", "192.168.0.0/16", "172.16.0.0/12", "fd00::/8", "100.64.0.0/10"]}), url) is None


@pytest.mark.parametrize("url", LOOPBACK)
def test_loopback_is_refused_where_others_can_reach_the_server(rules, url):
    assert judge(rules(args=["--host", "0.0.0.0"]), url)
    assert judge(rules(url={"allowed_networks": ["127.0.0.0/8", "::1/128"]}, args=["--host", "0.0.0.0"]), url) is None


@pytest.mark.parametrize("url", [*LOOPBACK, "/relative", "/"])
def test_disable_loopback(rules, url):
    detail = judge(rules(url={"disable_loopback": True}), url)
    assert detail and "disable_loopback" in detail


def test_require_https(rules):
    server = rules(url={"require_https": True})
    for url in ("http://example.com/x", "HTTP://example.com/x", "http://localhost:9/"):
        assert "https" in judge(server, url)
    assert judge(server, "https://example.com/x") is None and judge(server, "HTTPS://example.com/x") is None


@pytest.mark.parametrize("url, accepted", [
    ("https://hooks.mycompany.com/x", True), ("https://a.b.mycompany.com/x", True), ("https://HOOKS.MyCompany.COM/x", True),
    ("https://api.trusted-service.com/x", True), ("https://api.trusted-service.com:8443/x", True), ("https://mycompany.com/x", False),
    ("https://evilmycompany.com/x", False), ("https://mycompany.com.evil.example/x", False), ("https://x.api.trusted-service.com/", False),
    ("https://evil.example/?hooks.mycompany.com", False),
    ("https://evil.example#.mycompany.com", False), ("https://hooks.mycompany.com.:443/x", True), ("http://127.0.0.1:9/x", False)])
def test_allowed_domains(rules, url, accepted):
    detail = judge(rules(url={"allowed_domains": ["*.mycompany.com", "api.trusted-service.com"]}), url)
    assert (detail is None) == accepted, detail
    assert accepted or "allowed_domains" in detail or "domain" in detail


@pytest.mark.parametrize("url, accepted", [
    ("https://example.com/x", True), ("https://example.com:443/x", True), ("https://example.com:8443/x", True), ("http://example.com/x", False),
    ("http://example.com:443/x", True), ("https://example.com:80/x", False), ("http://example.com:8080/x", False)])
def test_allowed_ports(rules, url, accepted):
    detail = judge(rules(url={"allowed_ports": [443, 8443]}), url)
    assert (detail is None) == accepted, detail
    assert accepted or "port" in detail


def test_max_url_length_counts_characters(rules):
    server = rules(url={"max_url_length": 60})
    base = "https://example.com/"
    assert judge(server, base + "a" * (60 - len(base))) is None
    assert "max_url_length" in judge(server, base + "a" * (61 - len(base)))
    assert judge(server, base + "ü" * (60 - len(base))) is None
    assert judge(rules(), base + "a" * (65536 - len(base))) is None
    assert judge(rules(), base + "a" * (65537 - len(base)))


def test_a_url_block_changes_nothing_it_does_not_name(rules):
    server = rules(url={"allowed_ports": [80, 443]})
    assert judge(server, "http://example.com/x") is None and judge(server, "https://example.com/" + "a" * 5000) is None


@pytest.mark.parametrize("path", ["/threads/{}/runs", "/threads/{}/runs/wait", "/threads/{}/runs/stream", "/runs", "/runs/wait", "/runs/stream"])
def test_every_way_to_start_a_run_judges_and_leaves_nothing_behind(rules, path):
    server = rules()
    thread = server.thread()
    body = {"assistant_id": "native_echo", "input": {"text": "x"}, "webhook": "http://169.254.169.254/secret?token=s3cret"}
    answer = server.post(path.format(thread), body)
    assert answer.status_code == 422 and "s3cret" not in answer.text
    assert server.post("/runs/batch", [body]).status_code == 422
    assert server.get(f"/threads/{thread}/runs").json() == []
    assert "s3cret" not in server.log()
