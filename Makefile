# GNU make. Every target that needs the environment brings it up to date first: about 5 minutes
# the first time (mmcv is compiled; with GPU operators 15), under a second after that.

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint bench coverage clean clean-cache

JOBS ?= 2
ARGS ?=
VENV_PYTHON := .venv/bin/python
CANDIDATES = $(or $(PYTHON),$(VENV_PYTHON) python3.11 python3.12 python3.10 python3)
FITS = import sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 12))

# Runs tools/setup_env.py with the first Python that fits and really starts: a version manager's
# shims are on the PATH for versions that are not there.
define with_python
@for python in $(CANDIDATES); do \
	if "$$python" -c '$(FITS)' 2> /dev/null; then exec "$$python" tools/setup_env.py $(1); fi; \
done; \
echo "No Python 3.10, 3.11 or 3.12 that starts (tried: $(CANDIDATES))." >&2; \
echo "Install one (Debian, Ubuntu: apt-get install python3 python3-venv python3-dev g++)," >&2; \
echo "or name it: make PYTHON=/path/to/python3.11 ..." >&2; \
exit 1
endef

help:
	@echo "make demo         train, test and watch a small tracker on synthetic video"
	@echo "make test         all tests (JOBS=2 processes; ARGS='-k name' goes to pytest)"
	@echo "make lint         ruff and codespell"
	@echo "make bench        all benchmarks, the quick form"
	@echo "make coverage     the tests with line and branch coverage"
	@echo "make setup        only the environment (PYTHON=..., TORCH=... TORCHVISION=...)"
	@echo "make clean        remove .venv, work_dirs and what was built in this clone"
	@echo "make clean-cache  remove the environments that all clones share"

setup:
	$(call with_python,)

demo: setup
	@$(VENV_PYTHON) demo/run_demo.py

test: setup
	@$(VENV_PYTHON) -m pytest -n $(JOBS) $(ARGS)

lint: setup
	@$(VENV_PYTHON) -m ruff check .
	@$(VENV_PYTHON) -m ruff format --check .
	@.venv/bin/codespell

# stdout is for the rows of the benchmarks
bench:
	@$(MAKE) --no-print-directory setup >&2
	@set -e; for script in benchmarks/bench_*.py; do $(VENV_PYTHON) "$$script" --quick; done

coverage: setup
	@$(VENV_PYTHON) -m coverage run -m pytest $(ARGS)
	@$(VENV_PYTHON) -m coverage report

clean:
	rm -rf .venv .venv.lock work_dirs build dist *.egg-info mmpose_temporal/.mim
	rm -rf .pytest_cache .ruff_cache .hypothesis .coverage htmlcov
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

clean-cache:
	$(call with_python,--clean-cache)
