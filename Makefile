# Everything here sets itself up: a Python of 3.10 or newer is all that has to be there.

PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11 python3.10 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null && echo $$p && break; done)
VENV ?= .venv
RUN := $(VENV)/bin/python
OUT ?= out
# As they are typed: a $ in a file's name is not make's.
override VIDEO := $(value VIDEO)
override OUT := $(value OUT)
export VIDEO OUT

.PHONY: demo test check serve package bench
.DEFAULT_GOAL := demo

demo: $(VENV)/ready  ## a film in, its pictures out, on this machine: make demo [VIDEO=film.mp4] [OUT=out]
	@$(RUN) -m emulator.demo --out "$$OUT" -- "$$VIDEO"

test: $(VENV)/ready  ## every test
	$(RUN) -m pytest -n auto

check: $(VENV)/ready  ## style, types, every test
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .
	$(RUN) -m mypy
	$(MAKE) test

serve: $(VENV)/ready  ## the cloud and its page, until Ctrl-C
	@$(RUN) -m emulator --port 8000 --bucket examplebucket-1250000000 --function

package: $(VENV)/ready  ## build/snapshot.zip
	@$(RUN) -m ops package

bench: $(VENV)/ready  ## how fast, side by side with what else there is
	$(RUN) -m benchmarks

$(VENV)/ready: requirements.txt requirements-dev.txt
	@test -n "$(PYTHON)" || { echo "No Python of 3.10 or newer was found; install one, or say make PYTHON=/path/to/python3"; exit 1; }
	@echo "Setting up $(VENV) with $(PYTHON); this is done once."
	@$(PYTHON) -m venv $(VENV) || { echo "$(PYTHON) cannot make a virtual environment; on Debian: apt-get install python3-venv"; exit 1; }
	@$(RUN) -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.txt
	@$(RUN) -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@
