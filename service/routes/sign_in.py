"""The way into the dashboard: a one-time link that becomes a session cookie."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import RedirectResponse

from service import examples
from service.contracts import answers
from service.dependencies import COOKIE, Ctx, Reader, protected_router, strict_query
from service.errors import TooManyRequests, Unauthenticated
from service.schemas.platform import LoginCodeOut
from service.tokens import make_token

router = protected_router("sign-in")
public_router = APIRouter(tags=["sign-in"], dependencies=[Depends(strict_query)])


@router.post(
    "/login-codes",
    status_code=201,
    summary="Make a one-time dashboard link",
    responses=answers(201, examples.LOGIN_CODE, description="A link that works once, for minutes."),
)
def make_login_code(caller: Reader, ctx: Ctx) -> LoginCodeOut:
    """A link that signs a browser in as you, with what your token may do. It works once and only for some minutes."""
    code = ctx.codes.issue(caller)
    return LoginCodeOut(
        path=f"/login?code={code}", expires_at=ctx.clock.now() + timedelta(seconds=ctx.limits.login_code_s)
    )


@public_router.get(
    "/login",
    status_code=303,
    summary="Sign a browser in",
    response_class=RedirectResponse,
    responses=answers(
        303, None, Unauthenticated, TooManyRequests, description="Signed in; on to the dashboard.", public=True
    ),
)
def login(
    request: Request,
    ctx: Ctx,
    code: Annotated[str, Query(min_length=1, max_length=200, description="From a one-time link.", examples=["Zk3..."])],
) -> Response:
    """Turn a one-time code into a session cookie. The cookie is a token of its own: it expires, can be revoked, and no
    page's script can read it.
    """
    caller = ctx.codes.redeem(code)
    if caller is None:
        if ctx.brake.failed(request.client.host if request.client else "unknown"):
            raise TooManyRequests("too many wrong codes from this address")
        raise Unauthenticated("the link has been used or is too old; make a new one")
    token, text = make_token(
        owner=caller.owner,
        name="dashboard session",
        scopes=caller.scopes,
        now=ctx.clock.now(),
        lasts_s=ctx.limits.session_s,
    )
    ctx.repository.add_token(token)
    response = RedirectResponse("/", status_code=303, headers={"Cache-Control": "no-store"})
    response.set_cookie(
        COOKIE,
        text,
        max_age=int(ctx.limits.session_s),
        httponly=True,
        samesite="strict",
        secure=ctx.settings.behind_tls_proxy,
        path="/",
    )
    return response


@router.post(
    "/logout", status_code=204, summary="Sign a browser out", responses=answers(204, None, description="Signed out.")
)
def logout(caller: Reader, ctx: Ctx, response: Response) -> Response:
    """End the session whose cookie came with this request. A bearer token is left as it is."""
    response = Response(status_code=204)
    if caller.by_cookie:
        ctx.repository.revoke_token(caller.token_id)
        response.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")
    return response
