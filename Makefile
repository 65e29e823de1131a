# `make train` and `make test` install all that they need, given Python 3.11 to 3.13 (with venv), a C compiler, make, git.
PYTHON ?= $(shell command -v python3.11 || command -v python3.12 || command -v python3.13 || command -v python3)
BIN := .venv/bin
# Containers often set this. Without cached bytecode each command would compile torch and Lightning again: 25 seconds
# instead of 10 on a slow core.
unexport PYTHONDONTWRITEBYTECODE
READY := .venv/ready

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

train: $(READY) ## train a signature on the phantom: python train.py sequence=cet1 slices=max; CHOICES="..." for more
	$(BIN)/python train.py sequence=cet1 slices=max $(CHOICES)

reproduce: $(READY) ## the whole study on the phantom with a small grid; GRID=paper for the paper's
	$(BIN)/npc reproduce --grid $(or $(GRID),smoke)

test: $(READY) ## run all tests except the slow ones
	$(BIN)/pytest -n 2 --dist worksteal -m "not slow"

test-random: $(READY) ## run the property tests on new random draws; a failure prints how to repeat it
	$(BIN)/pytest -n 2 -m hypothesis --hypothesis-profile=random

lint: $(READY) ## run ruff and mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

docs: $(READY) ## build the documentation site into site/
	$(BIN)/mkdocs build --strict

bench: $(READY) ## measure run times; writes docs/benchmarks.md (ARGS='--quick --only pipelines')
	$(BIN)/python benchmarks/bench.py $(ARGS)

setup: $(READY) ## install npc into .venv only

# If the machine has no uv, it is installed into .venv. OpenCV's wheel needs graphics libraries; a machine without them
# gets the headless build of the same release.
$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	{ echo "npc needs Python 3.11 or later (found: $(PYTHON)); give its path: make PYTHON=..." >&2; exit 2; }
	@echo "setting up .venv (torch and its libraries take several gigabytes)"
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@command -v uv >/dev/null || $(BIN)/pip install --quiet --disable-pip-version-check uv
	@PATH="$$PATH:$(BIN)"; export PATH; \
	uv pip install --quiet --python $(BIN)/python --constraint constraints.txt --editable '.[dev]' && \
	{ $(BIN)/python -c 'import cv2' 2>/dev/null || \
	uv pip install --quiet --python $(BIN)/python \
	"$$(sed -n 's/^opencv-python==/opencv-python-headless==/p' constraints.txt)"; }
	@touch $(READY)

.PHONY: help train reproduce test test-random lint docs bench setup
