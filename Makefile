# `make report` and `make test` set everything up themselves. On Windows, or without make: the plain commands in README.md.
PYTHON ?= python3
VENV ?= .venv
B12 = $(VENV)/bin/b12
PAGES = reports/build/index.html

report: $(PAGES)
	@echo $(CURDIR)/$(PAGES)

$(PAGES): $(VENV)/.installed $(wildcard notebooks/*.ipynb data/*.csv b12analysis/*.py b12analysis/*/*.py b12analysis/*/*/*)
	@$(B12) report --all --out $(@D) > /dev/null

# What the package is held against, all of it and by area: made anew for each release, which the page names.
validation: $(VENV)/.installed
	@$(B12) batch reports/validation.yaml --out reports/build/validation > /dev/null
	@echo $(CURDIR)/reports/build/validation/index.html

$(VENV)/.installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[test]'
	@touch $@

test: $(VENV)/.installed
	$(VENV)/bin/python -m pytest -n 2 --dist loadfile

test-slow: $(VENV)/.installed
	$(VENV)/bin/python -m pytest -m slow -n 2 --dist loadfile

lint: $(VENV)/.installed
	$(VENV)/bin/ruff check . && $(VENV)/bin/ruff format --check . && $(VENV)/bin/lint-imports

.PHONY: report validation test test-slow lint
