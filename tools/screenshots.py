"""Pictures of every dashboard page, light and dark, and two of a phone.

python tools/screenshots.py [--data-dir demo-data] [--to docs/images] [--trials 90]

Everything in them is real: a copy of what `make demo` left behind, and two searches that are run for the pictures, of
which one is still under way in those of the list and of the search. It takes about five minutes on two cores.
"""

from __future__ import annotations

import argparse
import io
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import headstock
import numpy as np
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

OPTIONS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
READY_S = 60.0
SETTLED_MS = 700
COLOURS = 256
EACH_BYTES = 250_000
ALL_BYTES = 4_000_000
WIDE, HIGH = 1280, 960
# A lazy image that has not begun to load calls itself complete: what counts is that it has a size.
IMAGES_DRAWN = """[...document.images].every((image) => image.offsetParent === null || image.naturalWidth > 0
    || image.getBoundingClientRect().top > innerHeight)"""
PHONE = {"width": 390, "height": 1500}


@dataclass(frozen=True)
class Shot:
    """A picture: its name, the page's address, and what is there once the page has been drawn."""

    name: str
    place: str
    sign: str
    height: int = HIGH


def main() -> None:
    parser = argparse.ArgumentParser(description="Pictures of every dashboard page.")
    parser.add_argument("--data-dir", type=Path, default=Path("demo-data"), help="what `make demo` left behind")
    parser.add_argument("--to", type=Path, default=Path("docs/images"))
    parser.add_argument("--trials", type=int, default=90, help="trials of the search that is shown")
    options = parser.parse_args()
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if chromium is None:
        raise SystemExit("no Chromium here: install the package 'chromium'")
    if not (options.data_dir / "headstock.db").exists():
        raise SystemExit(f"there is no data in {options.data_dir}: run `make demo` first")
    options.to.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix="headstock-pictures-") as name,
        served(options.data_dir, Path(name)) as client,
    ):
        shown, other = submit(client, trials=options.trials)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=OPTIONS)
            wait(lambda: ended(shown) >= options.trials * 0.6, "the search to get on", 900)
            take(browser, client, options.to, under_way(shown.id))
            other.resume()
            wait(lambda: {shown.refresh().state, other.refresh().state} == {"COMPLETED"}, "both searches to end", 900)
            final = shown.finalize()
            wait(lambda: final.refresh().state == "COMPLETED", "the final training", 300)
            rates = client.lr_range_test(client.template("convnet"))
            wait(lambda: rates.refresh().state == "COMPLETED", "the range test", 300)
            take(browser, client, options.to, at_rest(client, shown, other, final.id, rates.id))
            phone(browser, client, options.to, shown.id)
            stranger(browser, client, options.to)
            browser.close()
    weigh(options.to)


@contextmanager
def served(data_dir: Path, folder: Path) -> Iterator[headstock.Client]:
    """The service on a copy of the data."""
    here = folder / "data"
    shutil.copytree(data_dir, here, ignore=shutil.ignore_patterns("server.json", "*.lock", "scratch"))
    command = [sys.executable, "-m", "headstock", "up", "--data-dir", str(here), "--port", "0", "--slots", "2"]
    with (folder / "up.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            yield connect(here)
        finally:
            process.terminate()
            process.wait(timeout=60)


def connect(data_dir: Path) -> headstock.Client:
    deadline = time.monotonic() + READY_S
    while time.monotonic() < deadline:
        try:
            client = headstock.Client.local(data_dir)
            if list(client.workers()):
                return client
        except (headstock.HeadstockError, OSError):
            pass
        time.sleep(0.2)
    raise SystemExit("the service did not start")


def submit(client: headstock.Client, *, trials: int) -> tuple[headstock.Search, headstock.Search]:
    """The search that is shown, which begins at once, and a paused one to compare it with."""
    definition = client.template("mlp")
    definition["fit"] |= {"epochs": 15}
    definition["dataset"] |= {"test_split": 0.2}
    definition |= {"parallelism": 2, "seed": 11}
    shown = client.submit(
        definition
        | {
            "name": "digits, dense nets",
            "tuner": {"type": "random"},
            "limits": {"max_trials": trials},
            "tags": {"team": "vision", "stage": "explore"},
        }
    )
    other = client.submit(
        definition
        | {
            "name": "digits, dense nets, bayesian",
            "tuner": {"type": "bayesian", "num_initial_points": 8},
            "limits": {"max_trials": max(12, trials // 3)},
            "tags": {"team": "vision", "stage": "refine"},
        }
    )
    other.pause()
    return shown, other


def ended(search: headstock.Search) -> int:
    trials = search.refresh().counts
    return trials.completed + trials.stopped + trials.failed


def wait(there: Callable[[], bool], what: str, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not there():
        if time.monotonic() > deadline:
            raise SystemExit(f"waited {seconds:.0f} s in vain for {what}")
        time.sleep(0.5)


def under_way(search_id: str) -> list[Shot]:
    return [
        Shot("searches", "", "main a[href*='#/searches/']", 620),
        Shot("search", f"searches/{search_id}", ".best-card h2 a", 1180),
        Shot("workers", "workers", "main h1", 620),
    ]


def at_rest(
    client: headstock.Client, shown: headstock.Search, other: headstock.Search, final_id: str, rates_id: str
) -> list[Shot]:
    best, *others = shown.best(3)
    several = "&".join(f"trial={trial.id}" for trial in (best, *others))
    here, drawn, high = f"searches/{shown.id}", ".figure canvas", 1180
    dataset = next(iter(client.datasets()))
    return [
        Shot("trials", f"{here}/trials?sort=score", "tr[data-row]"),
        Shot("curves", f"{here}/curves", drawn, high),
        Shot("hyperparameters", f"{here}/hyperparameters", drawn, high),
        Shot("hyperparameter", f"{here}/hyperparameters?hp=learning_rate", drawn, high),
        Shot("importance", f"{here}/importance", drawn, high),
        Shot("parallel", f"{here}/parallel", drawn, high),
        Shot("contour", f"{here}/contour", drawn, high),
        Shot("tradeoff", f"{here}/tradeoff", drawn, high),
        Shot("diagnosis", f"{here}/diagnosis", ".figure canvas", high),
        Shot("definition", f"{here}/definition", ".definition pre", high),
        Shot("trial", f"trials/{best.id}", ".verdict", 1400),
        Shot("compare", f"compare?id={shown.id}&id={other.id}", drawn, high),
        Shot("compare-trials", f"compare?{several}", drawn, high),
        Shot("final", f"final/{final_id}", "main h1", 1600),
        Shot("range-test", f"range-tests/{rates_id}", drawn, high),
        Shot("new", "new?template=mlp", "button:enabled:has-text('Submit search')", high),
        Shot("datasets", "datasets", "main h1", 620),
        Shot("dataset", f"datasets/{dataset.id}", "main h1"),
    ]


def take(browser: Browser, client: headstock.Client, folder: Path, shots: list[Shot]) -> None:
    for scheme, ending in (("light", ""), ("dark", "-dark")):
        page = browser.new_page(viewport={"width": WIDE, "height": HIGH}, color_scheme=scheme)  # type: ignore[arg-type]
        page.goto(client.dashboard_link())
        for shot in shots:
            page.set_viewport_size({"width": WIDE, "height": shot.height})
            draw(page, client, shot)
            keep(page, folder / f"{shot.name}{ending}.png")
        page.close()


def phone(browser: Browser, client: headstock.Client, folder: Path, search_id: str) -> None:
    page = browser.new_page(viewport=PHONE, device_scale_factor=2, is_mobile=True, color_scheme="light")  # type: ignore[arg-type]
    page.goto(client.dashboard_link())
    for shot in (
        Shot("phone-search", f"searches/{search_id}", ".best-card h2 a"),
        Shot("phone-trials", f"searches/{search_id}/trials?sort=score", "tr[data-row]"),
    ):
        draw(page, client, shot)
        keep(page, folder / f"{shot.name}.png")
    page.close()


def stranger(browser: Browser, client: headstock.Client, folder: Path) -> None:
    """What somebody sees who has not signed in."""
    for scheme, ending in (("light", ""), ("dark", "-dark")):
        page = browser.new_page(viewport={"width": WIDE, "height": 420}, color_scheme=scheme)  # type: ignore[arg-type]
        draw(page, client, Shot("sign-in", "", "main h1:has-text('sign in')"))
        keep(page, folder / f"sign-in{ending}.png")
        page.close()


def draw(page: Page, client: headstock.Client, shot: Shot) -> None:
    page.goto(f"{client.url}/#/{shot.place}")
    page.locator(shot.sign).first.wait_for(timeout=60_000)
    page.locator("[aria-busy=true]").first.wait_for(state="detached", timeout=60_000)
    # Asked again from here: a page under this Content-Security-Policy may not be given a function to wait for.
    wait(lambda: bool(page.evaluate(IMAGES_DRAWN)), "the images of a page", READY_S)
    page.wait_for_timeout(SETTLED_MS)


def keep(page: Page, path: Path) -> None:
    reduced(Image.open(io.BytesIO(page.screenshot())).convert("RGB")).save(path, optimize=True)


def reduced(picture: Image.Image) -> Image.Image:
    """The picture in 256 colours: the commonest as they are, so that no ground is tinted, and others for the rest."""
    counted = Counter(np.asarray(picture).reshape(-1, 3).view("V3").ravel().tolist())
    common = [part for colour, _ in counted.most_common(COLOURS // 2) for part in colour]
    rest = picture.quantize(COLOURS // 2, method=Image.Quantize.MAXCOVERAGE).getpalette() or []
    palette = Image.new("P", (1, 1))
    palette.putpalette(common + rest)
    return picture.quantize(palette=palette, dither=Image.Dither.NONE)


def weigh(folder: Path) -> None:
    sizes = {path.name: path.stat().st_size for path in folder.glob("*.png")}
    print(f"{len(sizes)} pictures in {folder}, {sum(sizes.values()) / 1e6:.1f} MB")
    heavy = [name for name, size in sizes.items() if size > EACH_BYTES]
    if heavy or sum(sizes.values()) > ALL_BYTES:
        raise SystemExit(f"too heavy: {', '.join(heavy) or 'all of them together'}")


if __name__ == "__main__":
    main()
