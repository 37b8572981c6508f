"""What is sent again and what never is, and which error an answer becomes."""

from __future__ import annotations

import pickle

import headstock
import httpx
import pytest
from headstock.errors import BY_CODE

from tests.clients.service_double import Script, Time, client_of, ok, problem, search

SEARCH = "/v1/searches/s_1"


def busy(**more: object) -> httpx.Response:
    return problem(503, "storage_unavailable", retryable=True, **more)


def test_read_is_repeated_until_the_service_is_back_with_growing_waits() -> None:
    time = Time()
    script = Script().on("GET", SEARCH, busy(), httpx.ConnectError("refused"), busy(), ok(search()))
    assert client_of(script, time=time).search("s_1").id == "s_1"
    assert time.slept == [0.25, 0.5, 1.0]


def test_waits_are_jittered_within_their_upper_half() -> None:
    time = Time()
    script = Script().on("GET", SEARCH, busy(), busy(), ok(search()))
    client_of(script, time=time, draw=0.0).search("s_1")
    assert time.slept == [0.125, 0.25]


def test_repeats_end_and_the_last_refusal_is_raised() -> None:
    time = Time()
    script = Script().on("GET", SEARCH, busy())
    with pytest.raises(headstock.ServiceUnavailable) as caught:
        client_of(script, time=time, retries=headstock.Retries(attempts=3)).search("s_1")
    assert caught.value.retryable
    assert len(script.requests) == 3
    assert len(time.slept) == 2


def test_waits_stop_growing_at_the_longest() -> None:
    time = Time()
    script = Script().on("GET", SEARCH, busy())
    with pytest.raises(headstock.ServiceUnavailable):
        client_of(script, time=time, retries=headstock.Retries(attempts=6, longest_wait_s=1.0)).search("s_1")
    assert time.slept == [0.25, 0.5, 1.0, 1.0, 1.0]


@pytest.mark.parametrize("value", ["7", "Thu, 01 Jan 2026 00:00:07 GMT"], ids=["seconds", "date"])
def test_retry_after_is_honoured_in_both_forms(value: str) -> None:
    time = Time()
    script = Script().on("GET", SEARCH, busy(headers={"Retry-After": value}), ok(search()))
    client_of(script, time=time).search("s_1")
    assert time.slept == [7.0]


def test_retry_after_is_bounded_and_nonsense_in_it_ignored() -> None:
    time = Time()
    refusals = [busy(headers={"Retry-After": "86400"}), busy(headers={"Retry-After": "soon"})]
    script = Script().on("GET", SEARCH, *refusals, ok(search()))
    client_of(script, time=time).search("s_1")
    assert time.slept == [20.0, 0.5]


def test_refusal_that_is_not_retryable_is_raised_at_once() -> None:
    script = Script().on("GET", SEARCH, problem(404, "not_found"))
    with pytest.raises(headstock.NotFound):
        client_of(script).search("s_1")
    assert len(script.requests) == 1


def test_submission_is_repeated_with_the_same_key() -> None:
    lost = httpx.ReadTimeout("slow")
    pending = problem(409, "request_in_progress", retryable=True)
    script = Script().on("POST", "/v1/searches", lost, pending, ok(search(), status=201))
    client_of(script).submit({"name": "digits-mlp"})
    keys = {request.headers["Idempotency-Key"] for request in script.requests}
    assert len(script.requests) == 3
    assert len(keys) == 1


def test_each_submission_has_a_key_of_its_own() -> None:
    script = Script().on("POST", "/v1/searches", ok(search(), status=201))
    client = client_of(script)
    client.submit({})
    client.submit({})
    assert len({request.headers["Idempotency-Key"] for request in script.requests}) == 2


def test_given_key_is_sent() -> None:
    script = Script().on("POST", "/v1/searches", ok(search(), status=201))
    client_of(script).submit({}, idempotency_key="nightly-7")
    assert script.requests[0].headers["Idempotency-Key"] == "nightly-7"


@pytest.mark.parametrize("fault", [busy(), httpx.ConnectError("refused")], ids=["busy", "lost"])
@pytest.mark.parametrize("verb", ["pause", "resume", "cancel", "delete"])
def test_changes_without_a_key_are_sent_once(verb: str, fault: httpx.Response | httpx.ConnectError) -> None:
    script = Script().on("GET", SEARCH, ok(search()))
    script.on("POST", f"{SEARCH}/{verb}", fault).on("DELETE", SEARCH, fault)
    found = client_of(script).search("s_1")
    with pytest.raises((headstock.ServiceUnavailable, headstock.Unreachable)):
        getattr(found, verb)()
    assert len(script.requests) == 2


def test_token_is_sent_as_bearer_and_in_no_repr() -> None:
    script = Script().on("GET", SEARCH, ok(search()))
    client = client_of(script)
    client.search("s_1")
    assert script.requests[0].headers["Authorization"] == "Bearer hs_secret"
    assert "secret" not in repr(client) + repr(client._http.connection)


def test_redirects_are_not_followed_with_the_token() -> None:
    script = Script().on("GET", SEARCH, httpx.Response(307, headers={"Location": "http://elsewhere.test/"}))
    with pytest.raises(headstock.ApiError):
        client_of(script).search("s_1")
    assert len(script.requests) == 1


@pytest.mark.parametrize("code", sorted(BY_CODE))
def test_code_becomes_its_own_class(code: str) -> None:
    script = Script().on("GET", SEARCH, problem(400, code))
    with pytest.raises(BY_CODE[code]) as caught:
        client_of(script).search("s_1")
    assert (caught.value.code, caught.value.status, caught.value.detail) == (code, 400, "it is so")


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (401, headstock.Unauthenticated),
        (403, headstock.Forbidden),
        (404, headstock.NotFound),
        (409, headstock.Conflict),
        (422, headstock.Invalid),
        (418, headstock.Invalid),
        (429, headstock.TooManyRequests),
        (500, headstock.ServerFault),
        (504, headstock.ServiceUnavailable),
    ],
)
def test_code_of_the_future_falls_back_to_the_status(status: int, kind: type[headstock.ApiError]) -> None:
    script = Script().on("POST", f"{SEARCH}/pause", problem(status, "newer_than_this_library"))
    script.on("GET", SEARCH, ok(search()))
    with pytest.raises(kind) as caught:
        client_of(script).search("s_1").pause()
    assert caught.value.code == "newer_than_this_library"


@pytest.mark.parametrize("body", [b"<html>Bad gateway</html>", b"", b"[1]", b"\xff\xfe"])
def test_answer_of_a_proxy_is_an_error_all_the_same(body: bytes) -> None:
    script = Script().on("GET", SEARCH, httpx.Response(502, content=body))
    with pytest.raises(headstock.ServiceUnavailable) as caught:
        client_of(script).search("s_1")
    assert caught.value.code == "http_502"


def test_places_are_listed_one_a_line() -> None:
    faults = [
        {"pointer": "/tuner/type", "code": "unknown", "detail": "must be one of random, grid"},
        {"pointer": "", "code": "missing", "detail": "has no objective"},
    ]
    script = Script().on("POST", "/v1/searches", problem(422, "invalid_definition", errors=faults))
    with pytest.raises(headstock.InvalidDefinition) as caught:
        client_of(script).submit({})
    assert str(caught.value).splitlines() == [
        "it is so (invalid_definition)",
        "  /tuner/type: must be one of random, grid",
        "  (whole document): has no objective",
    ]
    assert caught.value.errors[0] == headstock.FieldError("/tuner/type", "unknown", "must be one of random, grid")


def test_fault_of_the_service_names_the_request_to_look_up() -> None:
    script = Script().on("GET", SEARCH, problem(500, "internal", request_id="r_7"))
    with pytest.raises(headstock.ServerFault) as caught:
        client_of(script).search("s_1")
    assert (str(caught.value), caught.value.request_id) == ("it is so (internal, request r_7)", "r_7")


def test_errors_survive_pickling() -> None:
    before = headstock.InvalidDefinition(
        "no", status=422, code="invalid_definition", errors=(headstock.FieldError("/a", "b", "c"),)
    )
    after = pickle.loads(pickle.dumps(before))
    assert type(after) is headstock.InvalidDefinition
    assert (str(after), after.status, after.errors) == (str(before), 422, before.errors)


def test_answer_that_is_not_ours_is_named_as_such() -> None:
    script = Script().on("GET", SEARCH, ok({"hello": "world"}))
    with pytest.raises(headstock.UnexpectedAnswer, match="SearchRecord"):
        client_of(script).search("s_1")


def test_service_that_is_down_is_unreachable_with_advice() -> None:
    script = Script().on("GET", SEARCH, httpx.ConnectError("[Errno 111] Connection refused"))
    with pytest.raises(headstock.Unreachable, match=r"headstock\.test.*is its address right") as caught:
        client_of(script).search("s_1")
    assert caught.value.url == "http://headstock.test"


@pytest.mark.parametrize("name", ["a/b", "..", ".", "x?y=1#z", "ä b"])
def test_names_stay_within_their_part_of_the_path(name: str) -> None:
    seen: list[bytes] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.url.raw_path)
        return ok({})

    client = headstock.Client("http://headstock.test", transport=httpx.MockTransport(answer))
    client.template(name)
    assert seen[0].startswith(b"/v1/templates/")
    assert seen[0].count(b"/") == 3
    assert b"?" not in seen[0]
