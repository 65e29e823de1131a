# `make train` and `make test` set everything up by themselves: they need Python 3.11 (with venv), make and git.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
READY := .venv/ready

help: ## what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

train: $(READY) ## train a signature on the phantom: python train.py sequence=cet1 slices=max
	$(BIN)/python train.py sequence=cet1 slices=max

test: $(READY) ## the tests but the slow ones
	$(BIN)/pytest -n 2 --dist worksteal -m "not slow"

test-random: $(READY) ## those of properties, on new draws; a failure prints how to repeat it
	$(BIN)/pytest -n 2 -m "hypothesis and not slow" --hypothesis-profile=random

lint: $(READY) ## ruff and mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

setup: $(READY) ## .venv alone

# uv comes into .venv with the machine's Python where there is none. OpenCV's wheel wants the libraries of a screen;
# a machine without them gets the same release without windows.
$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	{ echo "npc needs Python 3.11 or later (found: $(PYTHON)); name one: make PYTHON=..." >&2; exit 2; }
	@echo "setting up .venv (torch and its libraries are some gigabytes)"
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@command -v uv >/dev/null || $(BIN)/pip install --quiet --disable-pip-version-check uv
	@PATH="$$PATH:$(BIN)"; export PATH; \
	uv pip install --quiet --python $(BIN)/python --constraint constraints.txt --editable '.[dev]' && \
	{ $(BIN)/python -c 'import cv2' 2>/dev/null || \
	uv pip install --quiet --python $(BIN)/python \
	"$$(sed -n 's/^opencv-python==/opencv-python-headless==/p' constraints.txt)"; }
	@touch $(READY)

.PHONY: help train test test-random lint setup
