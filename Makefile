# One line each: what to do with this checkout. Everything stays inside it (.venv, build, dist).
SHELL := /bin/sh
PYTHON ?= python3
export PYTHON
VENV := .venv/bin
JOBS ?= $(shell nproc)

help: ## this list
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 18

.venv/ready: pyproject.toml scripts/venv scripts/requirements
	@scripts/need
	@echo "Setting up .venv (the first time downloads about 150 MB) …"
	@scripts/venv build demo
	@touch $@

.venv/ready-dev: .venv/ready
	@scripts/venv build test check
	@touch $@

build/build.ninja: CMakeLists.txt .venv/ready
	@mkdir -p build
	@$(VENV)/cmake -S . -B build -G Ninja \
	  -DCMAKE_MAKE_PROGRAM=$(CURDIR)/$(VENV)/ninja $(CMAKE_FLAGS) >build/configure.log 2>&1 \
	  || { cat build/configure.log; exit 1; }

build: build/build.ninja ## developer build: .venv/bin/cenote runs from this checkout
	@$(VENV)/ninja -C build -j $(JOBS)

demo: build ## a server, an unmodified program on it, and the program natively beside it
	@$(VENV)/python scripts/demo.py

native-tests: .venv/ready-dev
	@$(VENV)/cmake -S . -B build -G Ninja -DCENOTE_TESTS=ON >/dev/null
	@$(VENV)/ninja -C build -j $(JOBS)
	@$(VENV)/ctest --test-dir build --output-on-failure -j $(JOBS)

test: build native-tests ## all tests, installing what they need
	@scripts/test-programs
	@$(VENV)/pytest $(ARGS)

check: build .venv/ready-dev ## style, types, and likely mistakes
	@scripts/check

format: .venv/ready-dev ## rewrites all sources in the project's style
	@$(VENV)/ruff check --fix --quiet .; $(VENV)/ruff format --quiet .
	@git ls-files 'native/*.[ch]pp' 'tests/*.[ch]pp' 'benchmarks/*.[ch]pp' | xargs $(VENV)/clang-format -i

pages: .venv/ready ## regenerates docs/opencl-coverage.md, docs/differences.md and docs/api.md
	@$(VENV)/python -m cenote.codegen --pages .

bench: build ## every figure of the README
	@$(VENV)/python -m benchmarks $(ARGS)

suites: build .venv/ready-dev ## other people's test suites, native and remote: make suites ARGS="--cts CHECKOUT --driver NAME"
	@scripts/test-programs
	@tests/suites/run all $(ARGS)

fuzz: build ## feeds the worker what the specification's grammar allows and forbids
	@tests/fuzz/run $(ARGS)

soak: build ## hours of mixed programs; looks for leaks
	@tests/soak/run $(ARGS)

sanitize: .venv/ready-dev ## native tests under AddressSanitizer, UndefinedBehaviorSanitizer and ThreadSanitizer
	@JOBS=$(JOBS) tests/native/sanitize $(ARGS)

wheel: .venv/ready ## release build: a wheel for every Linux with glibc 2.28 or later
	@scripts/venv build demo release
	@scripts/wheel

clean: ## removes everything that was built
	rm -rf build dist .venv

.PHONY: help build demo native-tests test check format pages bench suites fuzz soak sanitize wheel clean
