# Two commands: `make demo` and `make test`. Both first run `make setup`, which installs into .venv, once.
PYTHON ?= $(firstword $(foreach p,python3.11 python3.12 python3.13 python3.10 python3,$(shell $(p) -c "" 2>/dev/null && echo $(p))))
TORCH  ?= torch==2.13.0
BIN    := .venv/bin
STAMP  := .venv/.installed

.PHONY: setup demo test test-slow lint clean

setup: $(STAMP)

# torch first, then this package and what BasicTS imports, then BasicTS without its pins: setuptools 59.5.0 conflicts
# with torch 2.13. In this order pip reports no conflict.
$(STAMP): setup.cfg pyproject.toml requirements/basicts.txt Makefile
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10) and "basicts-elin needs Python 3.10 or newer, found " + sys.version.split()[0] + "; choose another one: make PYTHON=python3.11")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --disable-pip-version-check -q "$(TORCH)"
	$(BIN)/python -m pip install --disable-pip-version-check -q -r requirements/basicts.txt -e '.[test]'
	$(BIN)/python -m pip install --disable-pip-version-check -q --no-deps basicts==1.1.0 easy-torch==1.3.3
	touch $(STAMP)

demo: setup
	$(BIN)/python -m basicts_elin.cli demo -c baselines_cfg/ELinFormer_small/SyntheticTraffic.py

# two tests at a time; those of one file stay together, because they share what is slow to make
test: setup
	$(BIN)/python -m pytest -n 2 --dist loadscope

test-slow: setup
	$(BIN)/python -m pytest -m "slow or not slow"

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

clean:
	rm -rf .venv demo build *.egg-info
