"""The service's OpenAPI document, without a running service.

python tools/openapi_document.py > openapi.json
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from service.app import create_app
from storage.artifacts import open_store
from storage.clock import SystemClock
from storage.settings import Settings
from storage.sql import open_repository
from tuners.datasets.client import DatasetClient
from tuners.planner.client import Planner


def openapi_document() -> dict[str, Any]:
    """What `GET /openapi.json` answers."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data_dir=Path(folder))
        repository = open_repository(f"sqlite:///{folder}/none.db")
        store = open_store(settings.artifacts)
        clock = SystemClock()
        try:
            app = create_app(
                settings,
                repository=repository,
                store=store,
                planner=Planner(settings, clock),
                datasets=DatasetClient(settings, store, repository, clock),
                clock=clock,
            )
            return app.openapi()
        finally:
            repository.close()


if __name__ == "__main__":
    print(json.dumps(openapi_document(), indent=2))
