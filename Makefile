# make demo: install, and run the flagship here.   make test: all checks and tests.
# Needs git and Python 3.11 or later. Everything is installed into VENV; PYTHON names another interpreter.

VENV ?= .venv
PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check -qq
INSTALLED := $(VENV)/.installed
DEVELOPED := $(VENV)/.installed-dev
SPARKED := $(VENV)/.installed-spark
# Great Expectations, pandera and Feast, each in an environment of its own: they and mlopsc want different libraries.
PEERS := $(or $(MLOPSC_PEERS),.venv-peers)

.PHONY: demo test test-engines lint docs bench bench-peers clean
.DELETE_ON_ERROR:

demo: $(INSTALLED)
	@echo "mlopsc run --local examples/flights/mlops.yaml"
	@$(BIN)/mlopsc run --local examples/flights/mlops.yaml

# Each worker begins with its own stretch of the suite, so that what a module's tests share is mostly made once.
test: lint docs
	$(BIN)/pytest -n auto --dist worksteal -m "not (prefect or kfp or mlflow or postgres or redis or graphviz or browser or docker or peers or spark or slow)"

# Real engines: a Prefect server, kfp's local runner, an MLflow server, PostgreSQL and Redis where MLOPSC_TEST_POSTGRES_URL and
# MLOPSC_TEST_REDIS_URL name servers (tests/engines/postgres.sh and redis.sh start them for a command), containers where
# a Docker engine answers (tests/engines/docker.sh).
# And the peers and PySpark, installed first: a minute or so and 2 GB. Spark wants Java (tests/engines/spark.sh).
test-engines: $(DEVELOPED) $(SPARKED) bench-peers
	$(BIN)/pytest -m "prefect or kfp or mlflow or postgres or redis or graphviz or browser or docker or peers or spark or slow"

lint: $(DEVELOPED)
	$(BIN)/ruff check --quiet
	$(BIN)/ruff format --check --quiet
	$(BIN)/mypy --no-error-summary
	$(BIN)/lint-imports

docs: $(DEVELOPED)
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

bench: $(INSTALLED)
	@$(BIN)/python tests/benchmarks/bench.py

# The peers' environments, for benchmarks and tests that compare with them. What is installed is said by the copy of the
# requirements that each environment keeps, not by times of files.
bench-peers: $(patsubst tests/benchmarks/peers/%.txt,$(PEERS)/%,$(wildcard tests/benchmarks/peers/*.txt))

.PHONY: FORCE
$(PEERS)/%: tests/benchmarks/peers/%.txt FORCE
	@cmp -s $< $@/installed.txt || { set -e; \
		test -x $@/bin/python || { echo "making $@"; $(call make-venv,$@); }; \
		echo "installing $$(grep -v '^#' $< | tr '\n' ' ')into $@"; \
		$@/bin/python -m pip --disable-pip-version-check -qq install -r $<; \
		cp $< $@/installed.txt; }

# Everything that builds and runs leave behind, but for the environment.
clean:
	rm -rf build dist site .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	rm -rf examples/*/.mlopsc examples/*/build
	find src backends tests examples docs -name __pycache__ -type d -prune -exec rm -rf {} +

# Where Python comes without ensurepip (Debian without python3-venv), its pip fills the environment.
make-venv = test -n "$(PYTHON)" || { echo "no Python 3.11 or later found: make PYTHON=/path/to/python" >&2; exit 1; }; \
	$(PYTHON) -m venv $(1) >/dev/null 2>&1 || { \
		$(PYTHON) -m venv --clear --without-pip $(1) && \
		$(PYTHON) -m pip --disable-pip-version-check -qq --python $(1)/bin/python install pip; }

$(BIN)/python:
	@echo "making $(VENV) with $$($(PYTHON) --version)"
	@$(call make-venv,$(VENV))
	@$(PIP) install --upgrade 'pip>=25.1'

$(INSTALLED): pyproject.toml | $(BIN)/python
	@echo "installing mlopsc with the kfp and prefect extras (a minute or so)"
	@$(PIP) install -e '.[kfp,prefect]'
	@$(BIN)/python -m compileall -q src backends/*/mlopsc_*  # as pip does for what it copies
	@touch $@

$(SPARKED): pyproject.toml $(INSTALLED)
	@echo "installing PySpark"
	@$(PIP) install -e '.[spark]'
	@touch $@

$(DEVELOPED): pyproject.toml $(INSTALLED)
	@echo "installing the tools for development"
	@$(PIP) install --group dev
	@touch $@
