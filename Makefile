# Everything here sets itself up: a Python of 3.10 or newer is all that has to be there. `make help` lists what there is.

PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11 python3.10 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null && echo $$p && break; done)
VENV ?= .venv
RUN := $(VENV)/bin/python
OUT ?= out
PORT ?= 8000
# As they are typed: a $ in a file's name is not make's.
override VIDEO := $(value VIDEO)
override OUT := $(value OUT)
export VIDEO OUT

TARGETS := demo serve test check package bench soak help
.PHONY: $(TARGETS)
.DEFAULT_GOAL := demo

# A goal or a variable that does not exist is refused: `make demo video=a.mp4` must not quietly do something else.
VARIABLES := VIDEO OUT PORT PYTHON VENV RUN POSTER_CLIPS
unknown_goals := $(filter-out $(TARGETS) $(VENV)/ready%,$(MAKECMDGOALS))
ifneq ($(unknown_goals),)
$(error There is no target "$(unknown_goals)". A video is named by VIDEO: make demo VIDEO=film.mp4. `make help` lists the targets)
endif
given := $(foreach name,$(.VARIABLES),$(if $(filter command,$(word 1,$(origin $(name)))),$(name)))
unknown_names := $(filter-out $(VARIABLES) SNAPSHOT_% MAKE% SHELL,$(given))
ifneq ($(unknown_names),)
$(error There is no variable $(unknown_names). Variables are $(VARIABLES) and the function's settings, such as SNAPSHOT_TIMES; capital letters matter)
endif

demo: $(VENV)/ready  ## make the pictures of videos in a local cloud, and a page that shows them: VIDEO="a.mp4 b.mov" or a folder, OUT=out
	@$(RUN) -m studio demo --out "$$OUT" -- "$$VIDEO"

serve: $(VENV)/ready  ## run the local cloud and its page until Ctrl-C: PORT=8000
	@$(RUN) -m studio serve --port $(PORT)

test: $(VENV)/ready-test  ## run every test
	$(RUN) -m pytest -n auto

check: $(VENV)/ready-check  ## check style, types and imports, and run every test
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .
	$(RUN) -m mypy
	$(VENV)/bin/lint-imports
	$(MAKE) test

package: $(VENV)/ready-ops  ## build build/snapshot.zip, which SCF runs
	@$(RUN) -m ops package

bench: $(VENV)/ready-ops  ## run the benchmarks; rewrites benchmarks/results and docs/benchmarks.md
	$(RUN) -m benchmarks

soak: $(VENV)/ready  ## upload, overwrite and delete 2,000 times under faults, then audit
	$(RUN) -m benchmarks.soak

help:  ## show this
	@echo "make TARGET [VARIABLE=value]"
	@echo
	@sed -n 's/^\([a-z]*\):[^#]*##  *\(.*\)/  \1  \2/p' $(firstword $(MAKEFILE_LIST)) | awk '{ name = $$1; $$1 = ""; printf "  %-8s%s\n", name, $$0 }'
	@echo
	@echo "Settings of the function are variables too: make demo SNAPSHOT_TIMES=6x SNAPSHOT_FORMAT=webp"
	@echo "PYTHON names the Python that sets up VENV ($(VENV)). If anything fails, make exits with 2."

# Each set-up adds to the one before it, so that the demo waits for no tool of the tests.
setup = @p="$(PYTHON)"; command -v "$${p:-none}" >/dev/null || { echo "There is no $${p:-Python of 3.10 or newer here}; install one, or name it: make PYTHON=/path/to/python3" >&2; exit 1; }; \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 10) and "%s is Python %d.%d; 3.10 or newer is needed. Name one: make PYTHON=/path/to/python3" % (sys.executable, sys.version_info[0], sys.version_info[1]))' \
	&& "$$p" requirements/install.py $(VENV) $(1) && touch $@

$(VENV)/ready: requirements.txt requirements/demo.txt
	$(call setup,requirements.txt requirements/demo.txt)

$(VENV)/ready-ops: requirements/ops.txt $(VENV)/ready
	$(call setup,requirements/ops.txt)

$(VENV)/ready-test: requirements/test.txt $(VENV)/ready-ops
	$(call setup,requirements/test.txt)

$(VENV)/ready-check: requirements/check.txt $(VENV)/ready-test
	$(call setup,requirements/check.txt)
