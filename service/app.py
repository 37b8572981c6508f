"""Makes the API from its parts. Importing this module does nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.routing import APIRoute

from service import openapi, problems
from service.context import Analysing, Checker, Context, Drawer, Exporter, Preparer, Previewing
from service.dashboard import dashboard_routes
from service.dependencies import authenticate
from service.docs_page import docs_routes
from service.edge import Edge
from service.exporter import ChildExporter
from service.gate import Gate
from service.hosts import HostList, is_loopback
from service.limits import Limits
from service.measures import Measures
from service.plots import make_painter
from service.routes import (
    analysis,
    epochs,
    events,
    exports,
    finals,
    health,
    imports,
    platform,
    plots,
    range_tests,
    results,
    searches,
    sign_in,
    trends,
    trials,
)
from service.routes import datasets as datasets_routes
from service.routes import weights as weights_routes
from service.routes import workers as workers_routes
from service.sign_in import Brake, LoginCodes
from service.streams import EventHub
from service.trends.kept import KeptAnswers
from service.upload_slots import UploadSlots
from storage.artifacts.store import ArtifactStore
from storage.clock import Clock
from storage.repository import Repository
from storage.settings import Settings
from tuners.analysis.client import Analyst
from tuners.datasets.preview import Previewer
from tuners.weights.client import WeightsClient

OPEN_TO_ALL = frozenset({"/healthz", "/readyz", "/login"})
"""The only API routes that need no token (the dashboard's static files need none either)."""


def create_app(
    settings: Settings,
    *,
    repository: Repository,
    store: ArtifactStore,
    planner: Checker,
    datasets: Preparer,
    clock: Clock,
    exporter: Exporter | None = None,
    painter: Drawer | None = None,
    analyst: Analysing | None = None,
    previewer: Previewing | None = None,
    limits: Limits | None = None,
) -> FastAPI:
    """The API over these parts; they stay the caller's to close.

    Args:
        exporter: What makes `.keras` files; None takes the one that runs a child process with Keras.
        painter: What draws pictures; None takes one that runs child processes with matplotlib, when asked.
        analyst: What works out importance and surfaces; None takes one that runs child processes, when asked.
        previewer: What looks into data sets; None takes one that runs a child process, when asked.
        limits: Bounds on requests; None takes the defaults.

    Raises:
        RuntimeError: A route was made that anybody could call. That is a fault of the code, found at start.
    """
    limits = limits or Limits()
    measures = Measures()
    hub = EventHub(repository, limits=limits, measures=measures)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        try:
            yield
        finally:
            await asyncio.to_thread(hub.stop)

    app = FastAPI(
        title="Headstock",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=lifespan,
    )
    app.state.context = Context(
        settings=settings,
        limits=limits,
        repository=repository,
        store=store,
        planner=planner,
        datasets=datasets,
        weights=WeightsClient(settings, store, clock),
        clock=clock,
        codes=LoginCodes(clock, lasts_s=limits.login_code_s),
        brake=Brake(clock, per_minute=limits.bad_tokens_per_minute),
        hub=hub,
        measures=measures,
        uploads=UploadSlots(),
        checks=Gate("checks of definitions", places=limits.checks, wait_s=limits.gate_wait_s),
        exports=Gate("model downloads", places=limits.exports, wait_s=limits.gate_wait_s),
        exporter=exporter or ChildExporter(settings),
        pictures=Gate("pictures", places=limits.pictures, wait_s=limits.gate_wait_s),
        tables=Gate("Parquet and event files", places=limits.tables, wait_s=limits.gate_wait_s),
        painter=painter or make_painter(settings, clock),
        analyses=Gate("analyses", places=limits.analyses, wait_s=limits.gate_wait_s),
        answers=KeptAnswers(),
        analyst=analyst or Analyst(clock, idle_s=settings.planner_idle_s),
        previews=Gate("previews", places=limits.previews, wait_s=limits.gate_wait_s),
        previewer=previewer or Previewer(store, clock, idle_s=settings.planner_idle_s),
    )
    of_searches = (analysis, searches, trials, epochs, results, trends, plots, exports, imports, finals, range_tests)
    for module in (*of_searches, datasets_routes, weights_routes, platform, workers_routes, events, sign_in, health):
        app.router.routes.extend(module.router.routes)
    for module in (sign_in, health):
        app.router.routes.extend(module.public_router.routes)
    _refuse_open_routes(app)
    # On loopback the document that describes the API (nothing in it is anybody's) can be read without a token.
    open_docs = is_loopback(settings.host) and not settings.behind_tls_proxy
    openapi.install(app)
    app.router.routes.extend(docs_routes(app, open_to_all=open_docs))
    app.router.routes.extend(dashboard_routes(settings.dashboard_dir))
    problems.install(app)
    app.add_middleware(Edge, hosts=HostList(settings.allowed_hosts), limits=limits, measures=measures)
    return app


def needs_token(route: APIRoute) -> bool:
    """Whether a route's dependencies include the check of the token."""
    pending = [route.dependant]
    while pending:
        dependant = pending.pop()
        if dependant.call is authenticate:
            return True
        pending.extend(dependant.dependencies)
    return False


def _refuse_open_routes(app: FastAPI) -> None:
    for route in app.routes:
        if isinstance(route, APIRoute) and route.path not in OPEN_TO_ALL and not needs_token(route):
            raise RuntimeError(f"the route {route.path} needs no token")
