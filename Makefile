# Plain make and Python 3.11 or newer are enough; everything else goes into .venv.
# Another Python for a fresh .venv:  PYTHON=python3.12 make test

PYTHON ?=
BIN = .venv/bin
DEMO = specs/digits_darts.nas
DEMO_TEXT = specs/text_darts.nas
DEMO_RATINGS = specs/ratings_sif.nas
FUZZ_MINUTES = 60

.PHONY: help demo demo-text demo-ratings test test-scale fuzz check docs clean same-python

help: ## List the targets (this text)
	@echo "Usage: make TARGET"
	@awk 'BEGIN { FS = ":.*## " } /^[a-z-]+:.*## / { printf "  %-12s %s\n", $$1, $$2 }' Makefile

demo: same-python .venv/installed ## From nothing: search a small network on digits and export it
	@echo "==> Searching an architecture for the digits of $(DEMO); well under a minute."
	@echo "    The results go to a new folder below exported/."
	$(BIN)/dslnas compile $(DEMO) --search

demo-text: same-python .venv/installed ## From nothing: search a recurrent cell for a novel's letters
	@echo "==> Searching a recurrent cell for the letters of $(DEMO_TEXT); about two minutes."
	@echo "    The results go to a new folder below exported/."
	$(BIN)/dslnas compile $(DEMO_TEXT) --search

demo-ratings: same-python .venv/installed ## From nothing: search how users and items make ratings
	@echo "==> Searching the interaction that made the ratings of $(DEMO_RATINGS); under a minute."
	@echo "    The results go to a new folder below exported/."
	$(BIN)/dslnas compile $(DEMO_RATINGS) --search

test: same-python .venv/loops ## From nothing: run the tests
	@echo "==> Running the tests with $$($(BIN)/python --version)."
	@# Python keeps what it compiles, or every process of the tests compiles all anew.
	PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest

test-scale: same-python .venv/loops ## From nothing: run the tests of several processes, and of Ray
	@echo "==> Installing Ray, and testing several processes and a cluster of two nodes."
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[ray]'
	PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -m slow tests/ranks tests/cluster

fuzz: same-python .venv/installed ## From nothing: feed broken input to all readers, FUZZ_MINUTES=60
	@echo "==> Feeding broken specs and files to all that reads some, for $(FUZZ_MINUTES) minutes."
	@echo "    Inputs that fail are kept in tests/fuzz/corpus, and the tests read them from then on."
	$(BIN)/python -m tests.fuzz --minutes $(FUZZ_MINUTES)

check: same-python .venv/installed ## Lint, format, types, import rules (nothing is changed)
	@echo "==> Checking style, types and import rules."
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy --strict dslnas tests benchmarks docs/site
	$(BIN)/lint-imports

docs: same-python .venv/installed ## From nothing: build the documentation as a site
	@echo "==> Building the documentation; a warning is an error."
	$(BIN)/python -m docs.site.build

clean: ## Remove caches and built packages; .venv and results stay
	@echo "==> Removing caches, build/ and dist/; results in exported/ stay."
	rm -rf .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	rm -rf build dist
	find dslnas docs tests -name __pycache__ -type d -prune -exec rm -rf {} +

# Refuses to use a .venv of one Python when PYTHON asks for another.
same-python:
	@test -z "$(PYTHON)" || test ! -x $(BIN)/python || { \
	    show='import sys; print("%d.%d" % sys.version_info[:2])'; \
	    have=$$($(BIN)/python -c "$$show"); want=$$($(PYTHON) -c "$$show") || exit 1; \
	    test "$$have" = "$$want" || { \
	        echo ".venv holds Python $$have, PYTHON asks for $$want. Remove .venv first." >&2; \
	        exit 1; }; }

# Set-up, done again only when the dependencies change.
.venv/installed: pyproject.toml constraints.txt
	@python="$(PYTHON)"; python=$${python:-python3}; \
	command -v "$$python" >/dev/null || { \
	    echo "There is no $$python here; dslnas needs Python 3.11 or newer." >&2; exit 1; }; \
	"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	    echo "dslnas needs Python 3.11 or newer; $$python is $$("$$python" --version 2>&1)." >&2; \
	    echo "Name a newer one:  PYTHON=python3.12 make test" >&2; exit 1; }; \
	"$$python" -c 'import ensurepip, venv' 2>/dev/null || { \
	    echo "$$python comes without venv (Debian and Ubuntu: apt install python3-venv)." >&2; \
	    exit 1; }; \
	test -x $(BIN)/pip || { \
	    echo "==> Making a virtual environment in .venv with $$("$$python" --version)."; \
	    "$$python" -m venv .venv; }
	@echo "==> Installing dslnas and the tested versions of what it needs."; \
	    echo "    This downloads several hundred megabytes and is silent for some minutes."
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[dev]'
	@$(BIN)/python -m compileall -q dslnas # pip does so for wheels, not for an editable install
	@touch .venv/installed

# Done again when loops change, or every process of the tests compiles them; those need both
# precisions. Demos run without, or compile the few that they need.
.venv/loops: .venv/installed $(wildcard dslnas/backends/torch/kernels/*.py)
	@$(BIN)/dslnas loops --precision float32 --precision float64
	@touch .venv/loops
