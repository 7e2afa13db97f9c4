# Every target sets up what it needs; nothing is rebuilt that is up to date.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# `make test PYTEST_ARGS="tests/unit -k packets"` runs a part.
PYTEST_ARGS ?=
CRATES := --workspace
RELEASE := $(or $(CARGO_TARGET_DIR),target)/release
# A new file each time, never written over: the old one may be mapped by a running program.
place = cmp --silent $(1) $(2) || install -m 755 $(1) $(2)

export PIP_DISABLE_PIP_VERSION_CHECK = 1

.PHONY: help setup native toolchains inferiors build vscode test-vscode test-dap-npm fmt lint type test soak flakes guard-death-table bench docs demo demo-async all clean fuzz-core fuzz-expressions fuzz-loops fuzz-values fuzz-optimised fuzz-lines

help:
	@echo "make demo    set up, build and debug the demo program, showing the transcript"
	@echo "make demo-async  the same with an asynchronous server and its tasks"
	@echo "make test    run the whole test suite, building what it needs"
	@echo "make soak    the long runs: a thousand killed programs, and more"
	@echo "make flakes  the suite 20 times on busy processors: ROUNDS=20"
	@echo "make setup   virtual environment with the package (editable) and the tools"
	@echo "make native  rebuild the native parts in place"
	@echo "make toolchains  the newest versions of Debian's Rust compilers that the tests use"
	@echo "make build   a wheel in dist/"
	@echo "make vscode  the extension for VS Code, checked and packed: target/crabtrap.vsix"
	@echo "make test-vscode  the extension in VS Code in a browser, with screenshots: needs chromium"
	@echo "make test-dap-npm  the server, driven by the test support of VS Code's own adapters"
	@echo "make fmt     format Python and Rust"
	@echo "make lint    formatting, lints, types, import rules, Rust unit tests"
	@echo "make type    the type checks alone"
	@echo "make fuzz-core  damaged programs, read by the core alone: N=100000"
	@echo "make fuzz-expressions  random expressions against rustc: N=100000 SEED=1"
	@echo "make fuzz-loops  random chains as loops against the general evaluator: N=10000 SEED=1"
	@echo "make fuzz-values  random closures, captures and unsized values against Debug: N=10000 SEED=1"
	@echo "make fuzz-optimised  random optimised programs against themselves: N=100 SEED=1"
	@echo "make fuzz-lines  random programs that count their lines: N=1000 SEED=1"
	@echo "make bench   the benchmarks against their budgets and against gdb and lldb"
	@echo "make docs    regenerate the generated pages"
	@echo "make all     lint and test"
	@echo "make clean   remove everything that was built"

# --- set up and build -------------------------------------------------------------------

setup: $(VENV)/.installed native

$(VENV)/.created: tools/make_venv.py
	$(PYTHON) tools/make_venv.py $(VENV)
	touch $@

# The native parts are left to `make native`, which needs no pip and fails on its own.
$(VENV)/.installed: pyproject.toml setup.py | $(VENV)/.created
	CRABTRAP_NATIVE=0 $(BIN)/python -m pip install --quiet --editable '.[dev]'
	touch $@

native: $(VENV)/.installed
	PYO3_PYTHON=$(CURDIR)/$(BIN)/python \
		cargo build --quiet --release --package crabtrap-py --package crabtrap-guard
	@$(call place,$(RELEASE)/lib_core.so,src/crabtrap/_core.abi3.so)
	@$(call place,$(RELEASE)/crabtrap-guard,src/crabtrap/crabtrap-guard)
	@$(BIN)/python -m compileall -q src/crabtrap  # else the first run of each module compiles it

build: $(VENV)/.installed
	$(BIN)/python -m pip wheel --quiet --no-deps --wheel-dir dist .

# --- editors ----------------------------------------------------------------------------

# Node comes as a wheel, so that nothing but Python is needed.
NODE := target/node
WITH_NODE := PATH="$(CURDIR)/$(NODE)/bin:$$PATH"
VSCODE := editors/vscode

$(NODE)/.installed: tools/node_requirements.txt
	$(PYTHON) tools/make_venv.py $(NODE)
	$(NODE)/bin/python -m pip install --quiet --requirement $<
	touch $@

$(VSCODE)/node_modules/.installed: $(VSCODE)/package-lock.json $(NODE)/.installed
	cd $(VSCODE) && $(WITH_NODE) npm ci --silent
	touch $@

vscode: $(VSCODE)/node_modules/.installed
	cp LICENSE-MIT LICENSE-APACHE $(VSCODE)
	cd $(VSCODE) && $(WITH_NODE) npm run --silent check && $(WITH_NODE) npm run --silent lint \
		&& $(WITH_NODE) npm test --silent && $(WITH_NODE) npm run --silent bundle \
		&& $(WITH_NODE) npm run --silent pack -- --out $(CURDIR)/target/crabtrap.vsix

# The extension in VS Code as a server, in a browser; what the machine lacks for that is named.
VSCODE_TEST := target/vscode-test

$(VSCODE_TEST)/.installed: tools/install_code_server.py $(NODE)/.installed | $(VENV)/.installed
	$(BIN)/python $< $(VSCODE_TEST) $(NODE)
	touch $@

test-vscode: native vscode $(VSCODE_TEST)/.installed
	$(BIN)/python -m pytest tests/vscode $(PYTEST_ARGS)

DAP_NPM := tests/dap/npm

$(DAP_NPM)/node_modules/.installed: $(DAP_NPM)/package-lock.json $(NODE)/.installed
	cd $(DAP_NPM) && $(WITH_NODE) npm ci --silent
	touch $@

test-dap-npm: native $(DAP_NPM)/node_modules/.installed
	cd $(DAP_NPM) && $(WITH_NODE) npm test --silent

# --- check ------------------------------------------------------------------------------

fmt: $(VENV)/.installed
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix --quiet .
	cargo fmt --all
	cargo fmt --all --manifest-path tests/inferiors/Cargo.toml
	cargo fmt --all --manifest-path demo/Cargo.toml

lint: native
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	$(BIN)/python tools/make_dap_types.py --check
	$(MAKE) --no-print-directory type
	cargo fmt --all --check
	cargo fmt --all --check --manifest-path tests/inferiors/Cargo.toml
	cargo fmt --all --check --manifest-path demo/Cargo.toml
	cargo clippy --quiet --locked $(CRATES) --all-targets -- -D warnings
	cargo test --quiet --locked $(CRATES) --exclude crabtrap-py

type: native
	$(BIN)/pyright
	$(BIN)/python -m mypy.stubtest crabtrap._core

# Random expressions, compared with what rustc makes of them.
N ?= 10000
SEED ?= 1
fuzz-expressions: native
	$(BIN)/python -m tests.support.oracle $(N) $(SEED) $(FUZZ_ARGS)

# Random chains of iterator methods: those that run as one loop give what the general evaluator gives.
fuzz-loops: native
	$(BIN)/python -m tests.support.loops $(N) $(SEED)

# Random closures, captures, function items and unsized values, compared with their `Debug`.
fuzz-values: native
	$(BIN)/python -m tests.support.places $(N) $(SEED) $(FUZZ_ARGS)

# Random programs, optimised: every variable at every stop, compared with the program unoptimised.
fuzz-optimised: native
	$(BIN)/python -m tests.support.optimised $(N) $(SEED) $(FUZZ_ARGS)

# Random programs that count how often their lines are executed, as breakpoints count them.
fuzz-lines: native
	$(BIN)/python -m tests.support.lines $(N) $(SEED) $(FUZZ_ARGS)

# Damaged programs, read by the core alone, with checks of overflow.
fuzz-core:
	CRABTRAP_MUTANTS=$(N) cargo test --quiet --locked --package crabtrap-core --test damage

toolchains: $(VENV)/.installed
	$(BIN)/python tools/debian_rustc.py target/toolchains

inferiors: $(VENV)/.installed
	$(BIN)/python -m tests.support.inferiors

test: native inferiors
	@$(BIN)/python tools/debian_rustc.py --within 600 target/toolchains
	$(BIN)/python -m pytest $(PYTEST_ARGS)

soak: native inferiors
	$(BIN)/python -m pytest tests/soak $(PYTEST_ARGS)

# The whole suite, again and again while every processor is busy; PYTEST_ARGS choose a part.
ROUNDS ?= 20
flakes: native inferiors
	$(BIN)/python -m tests.soak.flakes $(ROUNDS) $(PYTEST_ARGS)

# Which programs survive the death of a debugger, in which state: the tables of docs/reliability.md.
guard-death-table: native inferiors
	$(BIN)/python -m tests.soak.guard_death_table $(TRIES)

bench: native
	$(BIN)/python -m benchmarks $(BENCH_ARGS)

all: lint test

# --- show -------------------------------------------------------------------------------

docs: native
	$(BIN)/python -m crabtrap.frontends.console.manual docs
	$(BIN)/python -m crabtrap.expr.methods.method_list docs
	$(BIN)/python -m crabtrap.frontends.dap.dap_manual docs
	$(BIN)/python tools/make_dap_types.py

demo: native
	cargo build --quiet --manifest-path demo/Cargo.toml --target-dir demo/target
	cd demo && RUST_BACKTRACE=0 ../$(BIN)/crabtrap --batch -x session.crabtrap \
		--args target/debug/harbour harbour.log

demo-async: native
	cargo build --quiet --locked --manifest-path tests/inferiors/Cargo.toml --package echo \
		--target-dir tests/inferiors/target/debug
	$(BIN)/crabtrap --batch -x demo/async.crabtrap \
		--args tests/inferiors/target/debug/debug/echo

clean:
	rm -rf $(VENV) target build dist $(VSCODE)/node_modules $(VSCODE)/dist $(DAP_NPM)/node_modules demo/target tests/inferiors/target benchmarks/work
	rm -rf .pytest_cache .ruff_cache .mypy_cache .import_linter_cache .hypothesis
	rm -rf src/*.egg-info src/crabtrap/_core*.so src/crabtrap/crabtrap-guard
