# Every command of the project. `make` alone lists them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Two data-parallel BLAS threads per test process would fight over two cores.
export OMP_NUM_THREADS ?= 1
export TF_CPP_MIN_LOG_LEVEL ?= 3
# A file stays with one process; tests/conftest.py says in which order they come.
PARALLEL := -n $${TEST_PROCESSES:-2} --dist loadfile --no-loadscope-reorder

.DEFAULT_GOAL := help
.PHONY: help setup demo up test test-quick test-mlflow test-examples test-accessibility faults fuzz check format examples bench screenshots vendor typescript twins docs catalogue lock clean

help:  ## List the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-19s %s\n", $$1, $$2}'

$(VENV)/.ready: requirements.lock pyproject.toml clients/python/pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Headstock needs Python 3.11 or newer, this is " + sys.version.split()[0]) if sys.version_info < (3, 11) else None'
	@echo "Setting up $(VENV) (TensorFlow is large: the first time takes a minute or two) ..."
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install -qq --disable-pip-version-check -r requirements.lock
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --no-deps --editable clients/python --editable .
	@touch $@
	@echo "Ready: $(BIN)/headstock"

setup: $(VENV)/.ready  ## Make .venv with everything the project needs

demo: $(VENV)/.ready  ## Run a real search on the digits data, from submit to best (about two minutes)
	@$(BIN)/headstock demo

up: $(VENV)/.ready  ## Start the service on this machine (stop it with Ctrl-C)
	@$(BIN)/headstock up

test: $(VENV)/.ready  ## Check style, types and imports, then run the tests on SQLite and PostgreSQL (slow ones have their own commands)
	@PATH="$(CURDIR)/$(BIN):$$PATH" tools/check.sh
	@tools/browser.sh
	@echo "Running the tests ..."
	@$(BIN)/python -m pytest $(PARALLEL) -q -m "not faults and not examples and not accessibility"

test-quick: $(VENV)/.ready  ## Run the tests that train no model and need no browser
	@$(BIN)/python -m pytest $(PARALLEL) -q -m "not keras and not browser"

faults: $(VENV)/.ready  ## Kill, stop and restart real trainers and workers in the middle of trials (2 minutes)
	@$(BIN)/python -m pytest -n $${TEST_PROCESSES:-2} -q -m faults

test-examples: $(VENV)/.ready  ## Run the examples in their short form and read the pages they leave (2 minutes)
	@$(BIN)/python -m pytest -q -m examples

test-accessibility: $(VENV)/.ready  ## Look for barriers on every page of the dashboard, light and dark, wide and narrow (1 minute)
	@tools/browser.sh
	@$(BIN)/python -m pytest -q -m accessibility

fuzz: $(VENV)/.ready  ## Send generated requests to every operation of the API, other ones each time (4 minutes)
	@HEADSTOCK_FUZZ_EXAMPLES=$${EXAMPLES:-100} $(BIN)/python -m pytest -q --timeout 3600 tests/service/test_fuzz.py

test-mlflow: $(VENV)/.ready  ## Run the tests of MLflow runs against MLflow's own server too, in .venv-mlflow (a few minutes)
	@test -x .venv-mlflow/bin/mlflow || ($(PYTHON) -m venv .venv-mlflow && \
		.venv-mlflow/bin/python -m pip install -qq --disable-pip-version-check "mlflow>=3.17,<4")
	@HEADSTOCK_TEST_MLFLOW=$(CURDIR)/.venv-mlflow/bin/mlflow $(BIN)/python -m pytest -q tests/clients/test_mlflow.py tests/clients/test_mlflow_jobs.py

check: $(VENV)/.ready  ## Check style, types, import directions and container files
	@PATH="$(CURDIR)/$(BIN):$$PATH" tools/check.sh

format: $(VENV)/.ready  ## Format the code
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .
	@$(BIN)/python tools/node.py tools/lint install
	@PATH="$(CURDIR)/$(BIN):$$PATH" tools/prettier.sh --write

examples: $(VENV)/.ready  ## Run every example, into pages with tables and pictures in examples-results (15 minutes)
	@$(BIN)/python -m examples $(if $(SHORT),--short)

bench: $(VENV)/.ready  ## Measure speed side by side with what one would run instead (30 minutes)
	@$(BIN)/python -m benchmarks.overhead
	@$(BIN)/python -m benchmarks.ask
	@$(BIN)/python -m benchmarks.epoch_layout
	@$(BIN)/python -m benchmarks.reads
	@$(BIN)/python -m benchmarks.api_start

screenshots: $(VENV)/.ready  ## Make pictures of every dashboard page from the demo's data, in docs/images
	@tools/browser.sh
	@$(BIN)/python tools/screenshots.py
	@$(BIN)/python tools/terminal_picture.py

vendor: $(VENV)/.ready  ## Bundle the dashboard's libraries anew
	@$(BIN)/python tools/node.py tools/vendor install
	@$(BIN)/python tools/node.py tools/vendor node build.mjs

typescript: $(VENV)/.ready  ## Make the TypeScript client's types anew from the API's OpenAPI document
	@$(BIN)/python -m tools.typescript

twins: $(VENV)/.ready  ## Make the waiting Python client anew from the awaiting one
	@$(BIN)/python tools/twins.py

docs: $(VENV)/.ready  ## Build the documentation's site into site/
	@NO_MKDOCS_2_WARNING=1 PYTHONPATH=. $(BIN)/mkdocs build --quiet
	@echo "Open site/index.html"

catalogue: $(VENV)/.ready  ## Regenerate the catalogues from Keras' and scikit-learn's own signatures
	@$(BIN)/python -m tuners.catalogue.generate
	@$(BIN)/python -m tuners.catalogue.generate_sklearn

lock: $(VENV)/.ready  ## Pin new versions of all dependencies in requirements.lock
	@$(BIN)/python -m pip install --quiet uv
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --extra dev --extra postgres --upgrade \
		--no-emit-index-url --no-emit-find-links --no-header --no-annotate --no-emit-package headstock \
		-o requirements.lock pyproject.toml
	@echo "requirements.lock is new: run make test"

clean:  ## Remove the virtual environment, caches and demo data
	@rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache demo-data examples-data examples-results
