"""Pictures of every dashboard page, light and dark, from the data that `make demo` left behind.

python tools/screenshots.py [--data-dir demo-data] [--to docs/images]
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import time
from pathlib import Path

import headstock
from playwright.sync_api import Page, sync_playwright

OPTIONS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
READY_S = 60.0


def connect(data_dir: Path) -> headstock.Client:
    deadline = time.monotonic() + READY_S
    while time.monotonic() < deadline:
        try:
            client = headstock.Client.local(data_dir)
            if client.workers():
                return client
        except (headstock.HeadstockError, OSError):
            pass
        time.sleep(0.2)
    raise SystemExit("the service did not start")


def take(page: Page, client: headstock.Client, folder: Path, *, scheme: str) -> None:
    search = next(iter(client.searches()))
    ending = "" if scheme == "light" else "-dark"
    for name, place, sign in (
        ("searches", "", "Searches"),
        ("search", f"searches/{search.id}", "Trials"),
        ("datasets", "datasets", "Data sets"),
        ("workers", "workers", "Workers"),
    ):
        page.goto(f"{client.url}/#/{place}")
        page.get_by_role("heading", name=sign, exact=True).wait_for()
        page.wait_for_load_state("networkidle") if place.startswith("data") else page.wait_for_timeout(800)
        page.set_viewport_size({"width": 1280, "height": 1280 if name == "search" else 480})
        page.screenshot(path=str(folder / f"{name}{ending}.png"))


def main() -> None:
    parser = argparse.ArgumentParser(description="Pictures of every dashboard page.")
    parser.add_argument("--data-dir", type=Path, default=Path("demo-data"))
    parser.add_argument("--to", type=Path, default=Path("docs/images"))
    options = parser.parse_args()
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if chromium is None:
        raise SystemExit("no Chromium here: install the package 'chromium'")
    if not (options.data_dir / "headstock.db").exists():
        raise SystemExit(f"there is no data in {options.data_dir}: run `make demo` first")
    options.to.mkdir(parents=True, exist_ok=True)
    (options.data_dir / "server.json").unlink(missing_ok=True)
    process = subprocess.Popen(
        [sys.executable, "-m", "headstock", "up", "--data-dir", str(options.data_dir), "--port", "0"],
        stdout=subprocess.DEVNULL,
    )
    try:
        client = connect(options.data_dir)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=OPTIONS)
            for scheme in ("light", "dark"):
                page = browser.new_page(viewport={"width": 1280, "height": 560}, color_scheme=scheme)  # type: ignore[arg-type]
                page.goto(client.dashboard_link())
                take(page, client, options.to, scheme=scheme)
            browser.close()
    finally:
        process.terminate()
        process.wait(timeout=60)
    print(f"pictures are in {options.to}")


if __name__ == "__main__":
    main()
