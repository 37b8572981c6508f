"""Who may do what: tokens, scopes, owners, cookies, hosts and headers."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from fastapi.routing import APIRoute
from starlette.testclient import TestClient

from service.app import OPEN_TO_ALL, create_app, needs_token
from service.context import Context
from service.hosts import HostList, is_loopback
from storage.ids import SearchId, TokenId
from storage.records import Scope
from storage.settings import Settings
from tests.service.assembled import Service
from tests.service.problem_shape import assert_problem
from tests.service.scenes import start_trials

DASHBOARD_FREE = {"/", "/index.html", "/style.css"}
IDS = {
    "search_id": "s_" + "0" * 32,
    "trial_id": "t_" + "0" * 32,
    "dataset_id": "d_" + "0" * 32,
    "weights_id": "w8_" + "0" * 32,
    "job_id": "s_" + "0" * 32,
    "name": "x",
    "kind": "objective",
}


def _operations(service: Service) -> list[tuple[str, str]]:
    return [
        (method, route.path.format(**IDS))
        for route in service.app.routes
        if isinstance(route, APIRoute)
        for method in route.methods or ()
    ]


def test_every_route_needs_a_token_but_the_named_ones(service: Service) -> None:
    routes = [route for route in service.app.routes if isinstance(route, APIRoute)]
    assert len(routes) > 30
    docs = {"/openapi.json", "/docs", "/docs/style.css"}
    open_routes = {route.path for route in routes if not needs_token(route)}
    assert open_routes == OPEN_TO_ALL | docs
    anybody = service.client()
    for method, path in _operations(service):
        if path in OPEN_TO_ALL | docs:
            continue
        answer = anybody.request(method, path)
        assert answer.status_code == 401, (method, path)
        assert_problem(answer)


def test_everything_that_is_no_api_route_is_a_file_of_the_dashboard(service: Service) -> None:
    others = [route for route in service.app.routes if not isinstance(route, APIRoute)]
    assert all(str(getattr(route, "name", "")).startswith("dashboard:") for route in others)


def test_the_documents_need_a_token_where_others_can_reach_them(service: Service) -> None:
    ctx: Context = service.app.state.context
    app = create_app(
        Settings(data_dir=service.settings.data_dir, host="0.0.0.0", behind_tls_proxy=True),
        repository=service.repository,
        store=service.store,
        planner=ctx.planner,
        datasets=ctx.datasets,
        clock=service.clock,
        exporter=ctx.exporter,
    )
    client = TestClient(app, base_url="http://127.0.0.1:8000")
    for path in ("/openapi.json", "/docs", "/metrics"):
        assert client.get(path).status_code == 401
        assert client.get(path, headers={"Authorization": f"Bearer {service.token('read')}"}).status_code == 200
    assert client.get("/healthz").status_code == 200


WRITES = [
    ("POST", "/v1/searches"),
    ("POST", "/v1/searches/plan"),
    ("PATCH", "/v1/searches/{search_id}"),
    ("POST", "/v1/searches/{search_id}/pause"),
    ("POST", "/v1/searches/{search_id}/resume"),
    ("POST", "/v1/searches/{search_id}/cancel"),
    ("DELETE", "/v1/searches/{search_id}"),
    ("POST", "/v1/trials/{trial_id}/stop"),
    ("POST", "/v1/trials/{trial_id}/retry"),
    ("POST", "/v1/datasets"),
    ("DELETE", "/v1/datasets/{dataset_id}"),
    ("POST", "/v1/weights"),
    ("DELETE", "/v1/weights/{weights_id}"),
    ("POST", "/v1/searches/{search_id}/finalize"),
    ("POST", "/v1/lr-range-tests"),
    ("POST", "/v1/searches/import"),
]


def test_a_read_token_reads_and_writes_nothing(service: Service) -> None:
    client = service.client(service.token("read"))
    for method, path in product(("GET",), ("/v1/searches", "/v1/datasets", "/v1/workers", "/v1/catalog", "/metrics")):
        assert client.request(method, path).status_code == 200
    for method, path in WRITES:
        answer = client.request(method, path.format(**IDS))
        assert (answer.status_code, answer.json()["code"]) == (403, "insufficient_scope"), path
    unsafe = {
        (method, route.path)
        for route in service.app.routes
        if isinstance(route, APIRoute)
        for method in route.methods or ()
        if method != "GET"
    }
    # Signing oneself in and out is all that a reader may post.
    assert unsafe == {*WRITES, ("POST", "/v1/login-codes"), ("POST", "/v1/logout")}


@pytest.mark.parametrize("scopes", [("submit",), ("admin",), ("read", "submit")])
def test_tokens_that_may_write(service: Service, definition: dict[str, Any], scopes: tuple[Scope, ...]) -> None:
    assert service.client(service.token(*scopes)).post("/v1/searches", json=definition).status_code == 201


def test_owners_see_nothing_of_each_other(service: Service, definition: dict[str, Any]) -> None:
    ada, bob = service.client(service.token()), service.client(service.token(owner="bob"))
    search_id = bob.post("/v1/searches", json=definition).json()["id"]
    (trial,) = start_trials(service.repository, SearchId(search_id), [{"units": 32, "learning_rate": 0.001}])
    assert ada.get("/v1/searches").json()["items"] == []
    strange, unknown = (ada.get(f"/v1/trials/{trial_id}").json() for trial_id in (trial.id, "t_" + "0" * 32))
    for problem in (strange, unknown):
        del problem["request_id"], problem["instance"]
    assert strange == unknown
    assert bob.get(f"/v1/trials/{trial.id}").status_code == 200


def test_expired_and_revoked_tokens_are_refused(service: Service) -> None:
    text = service.token(lasts_s=60.0)
    client = service.client(text)
    assert client.get("/v1/searches").status_code == 200
    service.clock.advance(61)
    assert client.get("/v1/searches").status_code == 401
    revoked = service.token()
    service.repository.revoke_token(TokenId(revoked.split("_", 1)[1].rsplit("_", 1)[0]))
    assert service.client(revoked).get("/v1/searches").status_code == 401


def test_a_wrong_secret_is_refused_like_an_unknown_id(service: Service) -> None:
    text = service.token()
    wrong = text[:-1] + ("0" if text[-1] != "0" else "1")
    unknown = f"hs_k_{'0' * 32}_{'0' * 64}"
    answers = [service.client(token).get("/v1/searches") for token in (wrong, unknown)]
    assert {answer.status_code for answer in answers} == {401}
    assert answers[0].json()["detail"] == answers[1].json()["detail"]


def test_the_eleventh_wrong_token_within_a_minute_has_to_wait(service: Service) -> None:
    good = service.token()
    wrong = service.client(f"hs_k_{'0' * 32}_{'0' * 64}")
    assert [wrong.get("/v1/searches").status_code for _ in range(10)] == [401] * 10
    braked = wrong.get("/v1/searches")
    assert (braked.status_code, assert_problem(braked).code) == (429, "too_many_requests")
    assert service.client(good).get("/v1/searches").status_code == 200
    service.clock.advance(61)
    assert wrong.get("/v1/searches").status_code == 401


def test_secrets_are_nowhere_but_with_their_owner(
    service: Service, capsys: pytest.CaptureFixture[str], definition: dict[str, Any]
) -> None:
    text = service.token()
    secret = text.rsplit("_", 1)[1]
    client = service.client(text)
    seen = [client.post("/v1/searches", json=definition).text, client.get("/metrics").text]
    seen += [client.get(f"/v1/searches?token={text}").text, client.get(f"/v1/searches/{text}").text]
    output = capsys.readouterr()
    database = b"".join(path.read_bytes() for path in service.settings.data_dir.parent.glob("*.db*"))
    assert secret not in "".join(seen) + output.out + output.err
    assert secret.encode() not in database


# Sessions of browsers


@pytest.fixture
def browser(service: Service) -> TestClient:
    """A signed-in browser."""
    path = service.client(service.token()).post("/v1/login-codes").json()["path"]
    client = service.client()
    answer = client.get(path)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    return client


def test_a_link_signs_in_once(service: Service, browser: TestClient) -> None:
    assert browser.get("/v1/searches").status_code == 200
    path = service.client(service.token()).post("/v1/login-codes").json()["path"]
    assert service.client().get(path).status_code == 303
    used = service.client().get(path)
    assert (used.status_code, used.json()["code"]) == (401, "unauthenticated")


def test_a_link_and_a_session_end(service: Service, browser: TestClient) -> None:
    path = service.client(service.token()).post("/v1/login-codes").json()["path"]
    service.clock.advance(601)
    assert service.client().get(path).status_code == 401
    assert browser.get("/v1/searches").status_code == 200
    service.clock.advance(12 * 3600)
    assert browser.get("/v1/searches").status_code == 401


def test_signing_out_ends_the_session_for_good(service: Service, browser: TestClient) -> None:
    cookie = browser.cookies["headstock_session"]
    assert browser.post("/v1/logout").status_code == 204
    thief = service.client(Cookie=f"headstock_session={cookie}")
    assert thief.get("/v1/searches").status_code == 401


def test_a_link_of_a_read_token_only_reads(service: Service, definition: dict[str, Any]) -> None:
    client = service.client()
    client.get(service.client(service.token("read")).post("/v1/login-codes").json()["path"])
    assert client.get("/v1/searches").status_code == 200
    assert client.post("/v1/searches", json=definition).status_code == 403


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "http://127.0.0.1:9999"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "http://127.0.0.1:8000"}, 403),
        ({"Sec-Fetch-Site": "same-origin"}, 201),
        ({"Sec-Fetch-Site": "none"}, 201),
        ({"Origin": "http://127.0.0.1:8000"}, 201),
        ({}, 201),
    ],
)
def test_only_our_own_pages_write_with_a_cookie(
    browser: TestClient, definition: dict[str, Any], headers: dict[str, str], status: int
) -> None:
    answer = browser.post("/v1/searches", json=definition, headers=headers)
    assert answer.status_code == status
    if status == 403:
        assert assert_problem(answer).code == "cross_site"
        assert browser.get("/v1/searches").json()["items"] == []


def test_only_administrators_go_before_others(service: Service, definition: dict[str, Any]) -> None:
    everyday = service.client(token=service.token("read", "submit"))
    answer = everyday.post("/v1/searches", json={**definition, "priority": 1})
    assert answer.status_code == 403
    assert assert_problem(answer).code == "forbidden_field"
    search = everyday.post("/v1/searches", json={**definition, "priority": -1})
    assert search.status_code == 201
    path = f"/v1/searches/{search.json()['id']}"
    assert everyday.patch(path, json={"priority": 5}).status_code == 403
    assert everyday.get(path).json()["priority"] == -1
    assert service.client(token=service.token("admin", "submit")).patch(path, json={"priority": 5}).status_code == 200


@pytest.mark.parametrize("service", [{"max_open_searches": 2}], indirect=True)
def test_open_searches_have_a_bound(service: Service, definition: dict[str, Any]) -> None:
    ada = service.client(token=service.token())
    stored = [ada.post("/v1/searches", json=definition).json()["id"] for _ in range(2)]
    answer = ada.post("/v1/searches", json=definition)
    assert answer.status_code == 429
    assert assert_problem(answer).code == "quota_exceeded"
    assert answer.headers["Retry-After"]
    assert ada.post(f"/v1/searches/{stored[0]}/cancel").status_code == 200
    assert ada.post("/v1/searches", json=definition).status_code == 201


def test_a_bearer_token_needs_no_such_rule(ada: TestClient, definition: dict[str, Any]) -> None:
    assert ada.post("/v1/searches", json=definition, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 201


# Hosts and headers


@pytest.mark.parametrize(
    ("host", "accepted"),
    [
        ("localhost", True),
        ("LOCALHOST:8000", True),
        ("127.0.0.1:1", True),
        ("[::1]:8000", True),
        ("headstock.example", True),
        ("headstock.example:443", True),
        ("ported.example:8443", True),
        ("ported.example", False),
        ("ported.example:1", False),
        ("evil.example", False),
        ("localhost.evil.example", False),
        ("localhost:8000@evil", False),
        ("localhost:", False),
        ("localhost:999999", False),
        ("localhost/healthz", False),
        ("", False),
    ],
)
def test_host_list(host: str, accepted: bool) -> None:
    hosts = HostList(("headstock.example", "ported.example:8443"))
    assert hosts.accepts([host.encode()]) is accepted


def test_two_hosts_or_none_are_refused() -> None:
    assert not HostList(()).accepts([])
    assert not HostList(()).accepts([b"localhost", b"localhost"])


@pytest.mark.parametrize(("host", "expected"), [("127.0.0.5", True), ("::1", True), ("0.0.0.0", False), ("a.b", False)])
def test_loopback(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected


def test_every_answer_has_the_security_headers_and_no_cors(service: Service, ada: TestClient) -> None:
    for path in ("/", "/docs", "/healthz", "/v1/searches", "/nothing"):
        answer = ada.get(path, headers={"Origin": "https://evil.example"})
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert not [name for name in answer.headers if name.startswith("access-control-")]
    preflight = ada.options(
        "/v1/searches", headers={"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    )
    assert preflight.status_code == 405
    assert not [name for name in preflight.headers if name.startswith("access-control-")]


def test_pages_load_nothing_from_elsewhere_and_run_nothing_inline(ada: TestClient) -> None:
    for path in ("/", "/docs"):
        page = ada.get(path).text
        assert "//" not in page.replace("<!doctype html>", "").replace("http://127.0.0.1", "").replace(
            "http://www.w3.org", ""
        ), path
        assert " style=" not in page
        assert "onclick" not in page
        assert "<script>" not in page
