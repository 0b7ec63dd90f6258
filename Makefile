# The façade over meson: `make help` lists what there is. CONFIG=asan or tsan builds with sanitizers.
CONFIG ?= release
BUILD := $(if $(filter release,$(CONFIG)),build,build-$(CONFIG))
SETUP_release :=
SETUP_asan := -Dbuildtype=debugoptimized -Db_sanitize=address,undefined -Db_lundef=false
SETUP_tsan := -Dbuildtype=debugoptimized -Db_sanitize=thread -Db_lundef=false
FUZZ_SECONDS ?= 60
BENCH ?=

all: $(BUILD)/build.ninja ## build the program: build/wrapup (CONFIG=asan: build-asan/wrapup, tsan: build-tsan/wrapup)
	@ninja -C $(BUILD) --quiet wrapup

$(BUILD)/build.ninja:
	@command -v meson >/dev/null || { echo "meson is missing: run scripts/deps" >&2; exit 1; }
	@mkdir -p $(BUILD)
	@meson setup $(BUILD) $(SETUP_$(CONFIG)) $(MESON_ARGS) >$(BUILD)/setup.log 2>&1 || { cat $(BUILD)/setup.log; exit 1; }

everything: $(BUILD)/build.ninja
	@ninja -C $(BUILD) --quiet

demo: ## a fresh machine to a first answer: install, build, fetch weights, train some minutes, analyse
	@scripts/deps --run
	@$(MAKE) --no-print-directory all
	@scripts/demo

test: everything ## unit, gradient, per-ISA, command-line and real-model tests; ends with "N passed, N failed"
	@tools/run-tests.sh $(BUILD) unit isa cli

test-goldens: everything ## compare with recorded results of the original implementations (../shared/goldens)
	@if [ -x scripts/get-vocabularies ] && [ -d "$${WU_GOLDENS:-../shared/goldens}" ]; then scripts/get-vocabularies; fi
	@tools/run-tests.sh $(BUILD) golden

check: ## format, rooms, headers, banned calls, static analysis
	@failed=; for c in format rooms headers banned; do tools/check-$$c.sh || failed="$$failed $$c"; done; \
	$(MAKE) --no-print-directory tidy || failed="$$failed tidy"; \
	[ -z "$$failed" ] || { echo "make check: failed:$$failed" >&2; exit 1; }

tidy: build/build.ninja ## clang-tidy over the files that changed since it last passed
	@tools/check-tidy.sh build

bench: everything ## kernels and whole runs, with the peak of the machine beside them (BENCH=name for one)
	@tools/run-bench.sh $(BUILD) $(BENCH)

fuzz: ## every fuzz target for FUZZ_SECONDS (60), with clang's libFuzzer
	@tools/run-fuzz.sh $(FUZZ_SECONDS)

install: everything ## DESTDIR and the like as meson install takes them
	@meson install -C $(BUILD)

clean: ## remove the build folders
	@rm -rf build build-asan build-tsan build-fuzz build-clang

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1|/p' Makefile | awk -F'|' '{ printf "  make %-14s %s\n", $$1, $$2 }'

.PHONY: all everything demo test test-goldens check tidy bench fuzz install clean help
