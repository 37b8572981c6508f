"""What routes ask for: the context, the caller, a guarded body, ids that have the right form."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from typing import Annotated, Any, get_args, get_origin
from urllib.parse import parse_qsl, urlsplit

from fastapi import APIRouter, Depends, Header, Path, Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from starlette.requests import ClientDisconnect

from service.context import Context
from service.errors import (
    BodyTooLarge,
    CrossSite,
    InsufficientScope,
    InvalidHeader,
    InvalidRequest,
    RequestTimeout,
    TooManyRequests,
    Unauthenticated,
    UnsupportedEncoding,
    UnsupportedMediaType,
)
from service.json_body import parse_object
from service.tokens import Caller, identify
from storage.errors import FieldFault, NotFound
from storage.ids import DatasetId, SearchId, TrialId, WeightsId
from storage.records import Scope

COOKIE = "headstock_session"
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_IDEMPOTENCY_KEY = re.compile(r"[\x21-\x7e]{1,128}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def context(request: Request) -> Context:
    """The app's parts."""
    found = request.app.state.context
    assert isinstance(found, Context)
    return found


Ctx = Annotated[Context, Depends(context)]


def authenticate(request: Request, ctx: Ctx) -> Caller:
    """The caller, from the bearer token or the session cookie.

    Raises:
        Unauthenticated: No token, or not a good one.
        TooManyRequests: The address has shown too many bad ones within a minute.
        CrossSite: A cookie came with a write that another site's page has caused.
    """
    headers = request.headers.getlist("authorization")
    if len(headers) > 1:
        raise InvalidHeader("send one Authorization header")
    if headers:
        scheme, _, text = headers[0].partition(" ")
        if scheme.lower() != "bearer":
            raise Unauthenticated("send the token as `Authorization: Bearer hs_...`")
        caller = identify(text.strip(), tokens=ctx.repository, now=ctx.clock.now())
        if caller is not None:
            return caller
    else:
        cookie = request.cookies.get(COOKIE)
        if cookie is None:
            raise Unauthenticated("send the token as `Authorization: Bearer hs_...`")
        caller = identify(cookie, tokens=ctx.repository, now=ctx.clock.now())
        if caller is not None:
            refuse_cross_site(request)
            return Caller(caller.owner, caller.token_id, caller.scopes, by_cookie=True)
    ctx.measures.refused_tokens.inc()
    if ctx.brake.failed(request.client.host if request.client else "unknown"):
        raise TooManyRequests("too many wrong tokens from this address")
    raise Unauthenticated("the token is unknown, wrong, expired or revoked")


def refuse_cross_site(request: Request) -> None:
    """Refuse a write with a cookie unless the browser says that our own pages caused it.

    The rule of Go 1.25's CrossOriginProtection: Sec-Fetch-Site decides where it is sent; else Origin must be this host;
    with neither, no browser is involved. Bearer tokens need no such rule, since no page can add them.
    """
    if request.method in _SAFE_METHODS:
        return
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        if site in ("same-origin", "none"):
            return
        raise CrossSite("writes from other sites' pages are refused")
    origin = request.headers.get("origin")
    if origin is None:
        return
    try:
        host = urlsplit(origin).netloc
    except ValueError:
        host = ""
    if not host or host.lower() != request.headers.get("host", "").lower():
        raise CrossSite("writes from other sites' pages are refused")


def needs(scope: Scope) -> Callable[..., Caller]:
    """A dependency that lets only callers with `scope` pass."""

    def check(caller: Annotated[Caller, Depends(authenticate)]) -> Caller:
        if not caller.may(scope):
            raise InsufficientScope(f"this needs a token with the scope `{scope}`")
        return caller

    check.__name__ = f"needs_{scope}"
    return check


read_scope = needs("read")
submit_scope = needs("submit")
Reader = Annotated[Caller, Depends(read_scope)]
Submitter = Annotated[Caller, Depends(submit_scope)]


def strict_query(request: Request) -> None:
    """Refuse query parameters that the route does not know, that come twice, or hold control characters.

    A misspelt filter would otherwise answer with unfiltered data.
    """
    raw = request.scope["query_string"].decode("latin-1")
    if not raw:
        return
    single, many = _declared(request.scope["route"])
    seen: set[str] = set()
    faults: list[FieldFault] = []
    for name, value in parse_qsl(raw, keep_blank_values=True):
        if name not in single and name not in many:
            known = ", ".join(sorted(single | many)) or "none"
            faults.append(FieldFault("query", "unknown_parameter", f"the parameters here are: {known}"))
        elif name in seen and name not in many:
            faults.append(FieldFault(f"query:{name}", "repeated_parameter", "give it once"))
        elif _CONTROL.search(value):
            faults.append(FieldFault(f"query:{name}", "control_character", "must not hold control characters"))
        seen.add(name)
    if faults:
        raise InvalidRequest("a parameter is wrong", tuple(faults))


def _declared(route: object) -> tuple[frozenset[str], frozenset[str]]:
    assert isinstance(route, APIRoute)
    single: set[str] = set()
    many: set[str] = set()
    pending: list[Dependant] = [route.dependant]
    while pending:
        dependant = pending.pop()
        pending.extend(dependant.dependencies)
        for field in dependant.query_params:
            annotation = field.field_info.annotation
            kinds = (annotation, *get_args(annotation))
            repeatable = any(get_origin(kind) in (list, tuple) for kind in kinds)
            (many if repeatable else single).add(field.alias)
    return frozenset(single), frozenset(many)


def protected_router(tag: str) -> APIRouter:
    """A router whose every route needs a token and strict parameters: nothing under /v1 is made without it."""
    return APIRouter(
        prefix="/v1", tags=[tag], dependencies=[Depends(authenticate), Depends(read_scope), Depends(strict_query)]
    )


async def body_bytes(request: Request, _caller: Submitter, ctx: Ctx) -> bytes:
    """The JSON body's bytes, at most `limits.body_bytes` of them. Nobody's body is read who may not write."""
    check_media_type(request, "application/json")
    return b"".join([chunk async for chunk in guarded_stream(request, ctx, most=ctx.limits.body_bytes)])


def check_media_type(request: Request, wanted: str) -> None:
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise UnsupportedEncoding("send the body without a content encoding")
    given = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if given != wanted:
        raise UnsupportedMediaType(f"send the body as {wanted}")


async def guarded_stream(request: Request, ctx: Context, *, most: int) -> AsyncIterator[bytes]:
    """The body in pieces; ends in BodyTooLarge or RequestTimeout instead of going on for ever."""
    declared = request.headers.get("content-length", "0")
    if not declared.isascii() or not declared.isdigit():
        raise InvalidHeader("Content-Length must be a number")
    if len(declared) > 18 or int(declared) > most:
        raise BodyTooLarge(f"bodies here may have {most} bytes")
    received = 0
    stream = request.stream()
    while True:
        try:
            async with asyncio.timeout(ctx.limits.idle_s):
                chunk = await anext(stream)
        except StopAsyncIteration:
            return
        except TimeoutError as error:
            raise RequestTimeout("the body stopped coming") from error
        except ClientDisconnect as error:
            # Nobody reads this answer; but it is the client's doing, and no fault of ours to be logged as one.
            raise RequestTimeout("the connection ended before the body did") from error
        received += len(chunk)
        if received > most:
            raise BodyTooLarge(f"bodies here may have {most} bytes")
        yield chunk


def json_object(raw: Annotated[bytes, Depends(body_bytes)], ctx: Ctx) -> dict[str, object]:
    """The body as a JSON object that is safe to go on with."""
    return parse_object(raw, limits=ctx.limits)


JsonBody = Annotated[dict[str, Any], Depends(json_object)]


def idempotency_key(
    idempotency_key: Annotated[
        str | None,
        Header(
            description="1 to 128 visible ASCII characters of your choice. A repeated post with the same key gives the "
            "first one's search."
        ),
    ] = None,
) -> str | None:
    """The key, checked for form."""
    if idempotency_key is not None and not _IDEMPOTENCY_KEY.fullmatch(idempotency_key):
        raise InvalidHeader("Idempotency-Key must be 1 to 128 visible ASCII characters")
    return idempotency_key


def _checked_id(text: str, letter: str) -> str:
    # What has not our form cannot exist; asking the database would only risk its dislike of odd characters.
    if not re.fullmatch(rf"{letter}_[0-9a-f]{{32}}", text):
        raise NotFound("no such id")
    return text


def search_id(search_id: Annotated[str, Path(examples=["s_019a5c3f2b1e4d5c6b7a8f9e0d1c2b3a"])]) -> SearchId:
    return SearchId(_checked_id(search_id, "s"))


def trial_id(trial_id: Annotated[str, Path(examples=["t_019a5c3f2b1e4d5c6b7a8f9e0d1c2b3a"])]) -> TrialId:
    return TrialId(_checked_id(trial_id, "t"))


def dataset_id(dataset_id: Annotated[str, Path(examples=["d_019a5c3f2b1e4d5c6b7a8f9e0d1c2b3a"])]) -> DatasetId:
    return DatasetId(_checked_id(dataset_id, "d"))


def job_id(
    job_id: Annotated[
        str, Path(examples=["s_019a5c3f2b1e4d5c6b7a8f9e0d1c2b3a"], description="Also the job's id as a search.")
    ],
) -> SearchId:
    return SearchId(_checked_id(job_id, "s"))


def weights_id(weights_id: Annotated[str, Path(examples=["w8_019a5c3f2b1e4d5c6b7a8f9e0d1c2b3a"])]) -> WeightsId:
    return WeightsId(_checked_id(weights_id, "w8"))


SearchPath = Annotated[SearchId, Depends(search_id)]
JobPath = Annotated[SearchId, Depends(job_id)]
TrialPath = Annotated[TrialId, Depends(trial_id)]
DatasetPath = Annotated[DatasetId, Depends(dataset_id)]
WeightsPath = Annotated[WeightsId, Depends(weights_id)]
