# Plain make and Python 3.11 or newer are enough; everything else goes into .venv.
# Another Python for a fresh .venv:  PYTHON=python3.12 make test

PYTHON ?=
BIN = .venv/bin
DEMO = specs/digits_darts.nas
DEMO_TEXT = specs/text_darts.nas
DEMO_RATINGS = specs/ratings_sif.nas
TOOLS = .venv/tools/bin
RESOLVE = $(TOOLS)/uv pip compile --quiet --no-header --no-annotate pyproject.toml \
    --extra fast --extra heic --extra lsp --extra parquet --extra png --extra tensorboard
FUZZ_MINUTES = 60
SEED = $(shell date +%Y%m%d)

.PHONY: help demo demo-text demo-ratings test test-scale fuzz check docs clean same-python
.PHONY: nightly test-slow parity kills matrix constraints wheel audit

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
	@$(BIN)/python -m pip install --quiet --only-binary atheris -c constraints.txt -e '.[fuzz]' || \
	    echo "    There is no Atheris for this Python: inputs are made without looking at coverage."
	$(BIN)/python -m tests.fuzz --minutes $(FUZZ_MINUTES) --seed $(SEED)

nightly: ## Run all that takes hours, one after another, with other random numbers every day
	@echo "==> A part that fails does not keep the others from running: make says so at the end."
	$(MAKE) --keep-going --jobs 1 test-slow parity kills fuzz matrix

test-slow: same-python .venv/loops ## From nothing: run the tests that are marked slow
	PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -m slow

parity: same-python .venv/installed ## Compare all backends on 1,000 random architectures
	$(BIN)/python -m tests.parity --architectures 1000 --seed $(SEED)

kills: same-python .venv/loops ## Kill 200 processes, and let 200 calls fail: runs come to the same
	$(BIN)/python -m tests.kills --kills 200 --faults 200 --seed $(SEED)
	$(BIN)/python -m tests.kills.races --races 20 --seed $(SEED)

matrix: same-python .venv/installed ## Run on other Pythons and versions, without packages, as another user
	@echo "==> Making environments; gigabytes are downloaded where torch comes with CUDA."
	$(BIN)/python -m tests.matrix

constraints: .venv/tools/installed ## Resolve the lowest versions and the hashes anew
	@mkdir -p build
	$(RESOLVE) --resolution lowest-direct --python-version 3.11 -o build/lowest.txt
	$(RESOLVE) --universal --python-version 3.11 -c constraints.txt --generate-hashes -o build/hashed.txt
	@for name in lowest hashed; do \
	    { sed '/^[^#]/,$$d' constraints-$$name.txt; cat build/$$name.txt; } >build/$$name.new && \
	    mv build/$$name.new constraints-$$name.txt; done

wheel: same-python .venv/installed .venv/tools/installed ## Build the sdist, the wheel and its SBOM in dist/
	rm -rf dist
	$(BIN)/python -m build --outdir dist .
	$(TOOLS)/cyclonedx-py requirements constraints-hashed.txt --pyproject pyproject.toml \
	    --output-reproducible --of JSON -o "$$(echo dist/*.whl | sed 's/-py3.*//').cdx.json"

audit: same-python .venv/installed .venv/tools/installed ## List licences; look for known vulnerabilities
	@echo "==> Licences of all that is installed with dslnas; one without is an error."
	$(BIN)/python -m tests.supply.licences
	@echo "==> Known vulnerabilities of the hashed versions; without its database this fails."
	@$(TOOLS)/pip-audit --strict --disable-pip --require-hashes -r constraints-hashed.txt \
	    --progress-spinner off || { echo "Not audited, or with findings: see above. Offline, or at" \
	    "an index without advisories, nothing is known of any vulnerability." >&2; exit 1; }

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

# Programs that only make releases: apart, so that what they need is not among what is tested.
.venv/tools/installed: .venv/installed
	@echo "==> Installing uv, pip-audit and cyclonedx-bom in .venv/tools."
	$(BIN)/python -m venv .venv/tools
	$(TOOLS)/pip install --quiet 'uv>=0.13' 'pip-audit>=2.10' 'cyclonedx-bom>=7.5'
	@touch .venv/tools/installed
