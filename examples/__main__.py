"""`python -m examples [NAME ...] [--short] [--to FOLDER]`: runs the examples, each into a page with pictures."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from rich.console import Console

from examples.report import Report
from examples.running import Run, mnist_file, service
from examples.works import WORKS


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m examples", description="Run the examples.")
    parser.add_argument("names", nargs="*", help=f"which, by number or name ({', '.join(work.name for work in WORKS)})")
    parser.add_argument("--short", action="store_true", help="a small part of each, to see that it runs")
    parser.add_argument("--to", type=Path, default=Path("examples-results"), help="folder of the pages")
    parser.add_argument("--data-dir", type=Path, default=Path("examples-data"), help="folder of the service")
    parser.add_argument("--slots", type=int, default=2)
    options = parser.parse_args()
    console = Console()
    chosen = [work for work in WORKS if not options.names or any(work.name.startswith(n) for n in options.names)]
    if not chosen:
        raise SystemExit(f"no such example; there are {', '.join(work.name for work in WORKS)}")
    mnist = mnist_file()
    console.print(
        f"Data: {'MNIST from ' + str(mnist) if mnist else 'digits (HEADSTOCK_MNIST=mnist.npz runs on MNIST)'}. "
        "Starting a service ...",
        markup=False,
    )
    with service(options.data_dir, slots=options.slots, mnist=mnist) as client:
        for work in chosen:
            began = time.monotonic()
            report = Report(options.to, work.name, work.title, console)
            work.do(
                Run(
                    client,
                    report,
                    short=options.short,
                    mnist=mnist is not None and work.on_mnist,
                )
            )
            page = report.write()
            console.print(f"{page} after {time.monotonic() - began:.0f} s", markup=False)


if __name__ == "__main__":
    main()
