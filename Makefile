# SPDX-License-Identifier: Apache-2.0
# One object tree per mode under build/. `make help` lists the targets.
MODE ?= debug
BUILD_ROOT ?= build
B := $(BUILD_ROOT)/$(MODE)

CCACHE := $(shell command -v ccache 2>/dev/null)
# The same text in another checkout is found in the cache; its debug information then names the first one's folder.
export CCACHE_NOHASHDIR := 1
# Compilers speak one language everywhere; the cache takes another for another compiler.
unexport LANG LC_ALL LC_MESSAGES LC_CTYPE
MOLD := $(shell command -v mold 2>/dev/null)
CLANG := clang-14
BPFTOOL := $(firstword $(wildcard /usr/sbin/bpftool) bpftool)

CXX := $(CCACHE) g++
CPPFLAGS := -Iinclude -Iuserspace -I$(B)/gen -DSPDLOG_COMPILED_LIB -DSPDLOG_FMT_EXTERNAL
CXXFLAGS := -std=c++20 -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion -Werror -fPIE -fstack-protector-strong
LDFLAGS := -pie -Wl,-z,relro,-z,now -pthread $(if $(MOLD),-fuse-ld=mold)

ifeq ($(MODE),debug)
  CXXFLAGS += -O0 -g1
else ifeq ($(MODE),release)
  CXXFLAGS += -O2 -g1 -D_FORTIFY_SOURCE=2
else ifeq ($(MODE),asan)
  # g++ 12 sees ghosts in instrumented code; the release build has these warnings on.
  CXXFLAGS += -Wno-maybe-uninitialized -Wno-stringop-overflow -Wno-restrict -Wno-array-bounds
  CXXFLAGS += -O1 -g1 -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=undefined
  LDFLAGS += -fsanitize=address,undefined
else ifeq ($(MODE),tsan)
  CXXFLAGS += -Wno-maybe-uninitialized -Wno-stringop-overflow -Wno-restrict -Wno-array-bounds -Wno-tsan
  CXXFLAGS += -O1 -g1 -fsanitize=thread
  LDFLAGS += -fsanitize=thread
else ifeq ($(MODE),fuzz)
  CXX := $(CCACHE) clang++-14
  CXXFLAGS += -O1 -g1 -fno-omit-frame-pointer -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined
  LDFLAGS += -fsanitize=address,undefined
else
  $(error MODE is '$(MODE)'; it must be debug, release, asan, tsan or fuzz)
endif

# --- modules: a static library each, and what each stands on (scripts/check-includes holds the code to the same) ------
MODULES := base proto sql policy mask session approval record store net kernel control keeper daemon cli
NEEDS_base :=
NEEDS_proto := base
NEEDS_sql := base
NEEDS_policy := base
NEEDS_mask := base
NEEDS_session := proto sql policy mask base
NEEDS_store := base
NEEDS_approval := store base
NEEDS_record := base
NEEDS_net := proto sql base
NEEDS_kernel := base
NEEDS_keeper := kernel base
NEEDS_control := base
NEEDS_daemon := control keeper net session approval store record kernel policy mask sql proto base
NEEDS_cli := control record policy sql proto keeper kernel base

LIBS_base := -lspdlog -lfmt
LIBS_proto := -lcrypto
LIBS_sql := -lpg_query
LIBS_policy := -lyaml-cpp
LIBS_mask := -lhs -lcrypto
LIBS_session := $(LIBS_proto) $(LIBS_sql) $(LIBS_policy) $(LIBS_mask)
LIBS_store := -lsqlite3
LIBS_approval := $(LIBS_store)
LIBS_record := -lzstd -lcrypto
LIBS_net := -lldns -lssl -lcrypto $(LIBS_sql)
LIBS_kernel := -lbpf -lelf -lz
LIBS_keeper := -lcap -lseccomp $(LIBS_kernel)
LIBS_control := -lyaml-cpp
LIBS_daemon := $(LIBS_session) $(LIBS_approval) $(LIBS_record) $(LIBS_net) $(LIBS_keeper)
LIBS_cli := $(LIBS_record) $(LIBS_policy) $(LIBS_sql) $(LIBS_keeper)

# every .cpp of a module, but the two programs' main files
sources = $(filter-out %/main.cpp,$(shell find userspace/$(1) -name '*.cpp' 2>/dev/null | sort))
objects = $(patsubst %.cpp,$(B)/obj/%.o,$(1))
archive = $(B)/lib/lib$(1).a

all: $(B)/sluiced $(B)/sluice ## build both programs (MODE=debug|release|asan|tsan|fuzz)

define module_rules
$(call archive,$(1)): $(call objects,$(call sources,$(1)))
	@mkdir -p $$(@D)
	@rm -f $$@
	@ar rcs $$@ $$^
endef
$(foreach m,$(MODULES),$(eval $(call module_rules,$(m))))

$(B)/obj/%.o: %.cpp
	@mkdir -p $(@D)
	@echo "  CXX   $<"
	@$(CXX) $(CPPFLAGS) $(CXXFLAGS) -MMD -MP -c $< -o $@

link = @mkdir -p $(@D); echo "  LINK  $@"; $(CXX) $(CXXFLAGS) $(LDFLAGS) -o $@ $(filter %.o,$^) -Wl,--start-group $(filter %.a,$^) -Wl,--end-group

# --- BPF: one object per hook family, a skeleton each --------------------------------------------------------------
BPF_SOURCES := $(wildcard bpf/*.bpf.c)
BPF_OBJECTS := $(patsubst bpf/%.bpf.c,$(B)/bpf/%.bpf.o,$(BPF_SOURCES))
SKELETONS := $(patsubst bpf/%.bpf.c,$(B)/gen/bpf/%.skel.h,$(BPF_SOURCES))
MULTIARCH := $(shell g++ -print-multiarch)

$(B)/bpf/%.bpf.o: bpf/%.bpf.c
	@mkdir -p $(@D)
	@echo "  BPF   $<"
	@$(CLANG) -target bpf -mcpu=v3 -O2 -g -Wall -Wextra -Werror -Wno-unused-parameter -Iinclude -Ibpf \
	  -idirafter /usr/include/$(MULTIARCH) -MMD -MP -MT $@ -MF $(@:.o=.d) -c $< -o $@

$(B)/gen/bpf/%.skel.h: $(B)/bpf/%.bpf.o
	@mkdir -p $(@D)
	@$(BPFTOOL) gen skeleton $< name $*_bpf > $@.tmp && mv $@.tmp $@

$(call objects,$(call sources,kernel)): | $(SKELETONS)
skeletons: $(SKELETONS)

# --- the two programs ------------------------------------------------------------------------------------------------
$(B)/sluiced: $(B)/obj/userspace/daemon/main.o $(foreach m,daemon $(NEEDS_daemon),$(call archive,$(m)))
	$(link) $(LIBS_daemon) $(LIBS_base)
$(B)/sluice: $(B)/obj/userspace/cli/main.o $(foreach m,cli $(NEEDS_cli),$(call archive,$(m)))
	$(link) $(LIBS_cli) $(LIBS_base)

# --- unit tests: tests/unit/MODULE/*.cpp, one program per module ----------------------------------------------------
# What runs elsewhere: BPF LSM is vmtest's, and the heap of a sanitizer is not the product's.
UNIT_ELSEWHERE := LsmLayer.*:Probe.SeesBpfLsm*$(if $(filter asan tsan,$(MODE)),:IdleFlows.*)
UNIT_MODULES := $(filter-out work,$(patsubst tests/unit/%,%,$(shell find tests/unit -mindepth 1 -maxdepth 1 -type d 2>/dev/null | sort)))
define unit_rules
$(B)/tests/unit_$(1): $(call objects,$(filter-out %_does_not_print.cpp,$(shell find tests/unit/$(1) -name '*.cpp' 2>/dev/null))) $(foreach m,$(1) $(NEEDS_$(1)),$(call archive,$(m)))
	$$(link) $(LIBS_$(1)) $(LIBS_base) -lgmock -lgtest -lgtest_main
unit-$(1): $(B)/tests/unit_$(1)
	$$< --gtest_brief=1 --gtest_filter=-$(UNIT_ELSEWHERE)
.PHONY: unit-$(1)
endef
$(foreach m,$(UNIT_MODULES),$(eval $(call unit_rules,$(m))))

# tests/unit/work counts work: the modules that it looks at are compiled with a call at each basic block. A sanitizer's allocator and
# stack are not the product's.
UNIT_WORK := $(if $(filter debug release,$(MODE)),work)
COUNTED_MODULES := mask sql
$(B)/counted/%.o: %.cpp
	@mkdir -p $(@D)
	@echo "  CXX   $< (counted)"
	@$(CXX) $(CPPFLAGS) $(CXXFLAGS) -fsanitize-coverage=trace-pc -MMD -MP -c $< -o $@
counted = $(patsubst %.cpp,$(B)/counted/%.o,$(1))
$(B)/tests/unit_work: $(call objects,$(wildcard tests/unit/work/*.cpp) tests/unit/sql/fixture.cpp tests/unit/sql/leak_suppressions.cpp) $(foreach m,$(COUNTED_MODULES),$(call counted,$(call sources,$(m)))) $(call archive,base)
	$(link) $(LIBS_sql) $(LIBS_mask) $(LIBS_base) -lgmock -lgtest -lgtest_main
unit-work: $(B)/tests/unit_work
	$< --gtest_brief=1
.PHONY: unit-work
unit-programs: $(foreach m,$(UNIT_MODULES) $(UNIT_WORK),$(B)/tests/unit_$(m))
unit: $(foreach m,$(UNIT_MODULES) $(UNIT_WORK),unit-$(m)) ## run the unit tests (unit-MODULE runs one module's)

# --- fuzz targets: tests/fuzz/NAME.cpp with its corpus in tests/fuzz/corpus/NAME --------------------------------------
FUZZ_MODULES := session proto sql policy mask record base
FUZZ_NAMES := $(patsubst tests/fuzz/%.cpp,%,$(wildcard tests/fuzz/*.cpp))
# Of net/ only this file: the rest of it is sockets and threads.
$(B)/fuzz/dns_query: $(B)/obj/userspace/net/dns_answer.o
$(B)/fuzz/%: $(B)/obj/tests/fuzz/%.o $(foreach m,$(FUZZ_MODULES),$(call archive,$(m)))
	$(link) -fsanitize=fuzzer $(LIBS_session) $(LIBS_record) -lldns $(LIBS_base)
fuzz-programs: $(patsubst %,$(B)/fuzz/%,$(FUZZ_NAMES))
FUZZ_SECONDS ?= 10
fuzz: ## build and run every fuzz target for FUZZ_SECONDS, starting from its corpus
	$(MAKE) MODE=fuzz fuzz-programs
	$(MAKE) -j$(shell nproc) fuzz-run
# As many at once as there are CPUs. A finding ends the run; its input stays beside the binary.
fuzz-run: $(patsubst %,fuzz-run-%,$(FUZZ_NAMES))
fuzz-run-%:
	@mkdir -p $(BUILD_ROOT)/fuzz/corpus/$* tests/fuzz/corpus/$*
	@$(BUILD_ROOT)/fuzz/fuzz/$* -max_total_time=$(FUZZ_SECONDS) -timeout=30 -rss_limit_mb=2048 -print_final_stats=0 -verbosity=0 \
	  -artifact_prefix=$(BUILD_ROOT)/fuzz/$*- $(BUILD_ROOT)/fuzz/corpus/$* tests/fuzz/corpus/$*
	@echo "fuzz $*: clean"

# --- the escape suite: one static program out of tests/escape/cases/NAME.c; a case's main() is renamed -----------------
ESCAPE_CASES := $(patsubst tests/escape/cases/%.c,%,$(sort $(wildcard tests/escape/cases/*.c)))
ESCAPE_OBJECTS := $(patsubst %,$(B)/escape/%.case.o,$(ESCAPE_CASES)) $(patsubst %,$(B)/escape/%.o,main agent victim)
ESCAPE_CC := gcc -std=c11 -D_GNU_SOURCE -O1 -Wall -Wextra -Werror -MMD -MP -I$(B)/escape
$(B)/escape/%.case.o: tests/escape/cases/%.c
	@mkdir -p $(@D)
	@$(ESCAPE_CC) -Dmain=escape_case_$* -c $< -o $@
$(B)/escape/%.o: tests/escape/%.c | $(B)/escape/cases.inc
	@mkdir -p $(@D)
	@$(ESCAPE_CC) -c $< -o $@
$(B)/escape/cases.inc: $(wildcard tests/escape/cases) $(wildcard tests/escape/cases/*.c)
	@mkdir -p $(@D)
	@for name in $(ESCAPE_CASES); do echo "CASE($$name)"; done >$@.tmp
	@cmp -s $@.tmp $@ && rm $@.tmp || mv $@.tmp $@
$(B)/escape/escape: $(ESCAPE_OBJECTS)
	@echo "  LINK  $@"
	@gcc -static -o $@ $^
escape-program: $(B)/escape/escape
escape: all escape-program ## run the escape suite on this kernel (as root)
	SLUICE_BUILD=$(abspath $(B)) /usr/bin/python3 tests/escape/run.py
escape-mutation: all escape-program ## take away one BPF program at a time: the escapes that it alone holds must then succeed
	SLUICE_BUILD=$(abspath $(B)) /usr/bin/python3 tests/escape/run.py --mutation

# --- the bypass suite: ways past guardrails and masks, on a real PostgreSQL ---------------------------------------------
bypass: all ## run the table of known ways past guardrails and masks (as root)
	SLUICE_BUILD=$(abspath $(B)) /usr/bin/python3 -m pytest -q --tb=short -p no:cacheprovider tests/bypass
SOAK_SECONDS ?= 600
soak: all ## look for a leak with statements at random for SOAK_SECONDS (SOAK_OPTIONS="--seed N --only NUMBER" repeats a find)
	SLUICE_BUILD=$(abspath $(B)) /usr/bin/python3 tests/bypass/soak.py --seconds $(SOAK_SECONDS) $(SOAK_OPTIONS)

# --- vmtest: Debian's kernels in QEMU ---------------------------------------------------------------------------------
VMTEST_UNITS := kernel keeper
KERNELS ?= 6.1 6.12 newest
$(B)/vmtest/power_off: vmtest/power_off.c
	@mkdir -p $(@D)
	@gcc -static -O1 -Wall -Wextra -Werror -o $@ $<
vmtest-programs: all escape-program $(B)/vmtest/power_off $(foreach m,$(VMTEST_UNITS),$(B)/tests/unit_$(m))
vmtest: ## run the kernel tests and the escape suite in QEMU (KERNELS="6.1 6.12 newest")
	$(MAKE) MODE=release vmtest-programs
	/usr/bin/python3 vmtest/run.py --build $(BUILD_ROOT)/release --kernels "$(KERNELS)"

# --- everything around --------------------------------------------------------------------------------------------------
integration: all ## run the integration tests against real servers (as root)
	SLUICE_BUILD=$(abspath $(B)) /usr/bin/python3 -m pytest -q -x --tb=short tests/integration

$(B)/bench/session_costs: $(B)/obj/tests/bench/session_costs.o $(B)/obj/tests/unit/session/world.o $(foreach m,session record $(NEEDS_session),$(call archive,$(m)))
	$(link) $(LIBS_session) $(LIBS_record) $(LIBS_base)

bench: ## run the benchmarks (ONLY=name runs one); rows are written to build/bench/
	$(MAKE) MODE=release all $(BUILD_ROOT)/release/bench/session_costs
	SLUICE_BUILD=$(abspath $(BUILD_ROOT)/release) /usr/bin/python3 tests/bench/run.py $(if $(ONLY),--only $(ONLY))

# --- PostgreSQL's own suites ---------------------------------------------------------------------------------------------
$(B)/regress/statement_facts: $(B)/obj/tests/regress/statement_facts.o $(foreach m,sql $(NEEDS_sql),$(call archive,$(m)))
	$(link) $(LIBS_sql) $(LIBS_base)
regress: ## run PostgreSQL's own suites direct and through Sluice, and compare byte by byte (as root)
	$(MAKE) MODE=release all
	SLUICE_BUILD=$(abspath $(BUILD_ROOT)/release) /usr/bin/python3 tests/regress/run.py
regress-oracle: ## hold the analysis of every text of the regression suite against what pgaudit sees the server do
	$(MAKE) MODE=release $(BUILD_ROOT)/release/regress/statement_facts
	SLUICE_BUILD=$(abspath $(BUILD_ROOT)/release) /usr/bin/python3 tests/regress/oracle.py

lint: ## check formatting, includes and licences
	scripts/check-includes
	scripts/check-format

tidy: compile_commands.json ## run clang-tidy over userspace/
	scripts/run-tidy

compile_commands.json: Makefile
	@scripts/make-compile-commands "$(CPPFLAGS) $(CXXFLAGS)" > $@

clean: ## remove build/
	rm -rf $(BUILD_ROOT) compile_commands.json

help: ## show this list
	@grep -hE '^[a-z_-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z_-]+):.*## (.*)/  make \1|\2/' | column -t -s '|'

.PHONY: bypass soak regress regress-oracle escape escape-mutation escape-program vmtest vmtest-programs all unit unit-programs fuzz fuzz-programs integration bench lint tidy clean help skeletons
.DELETE_ON_ERROR:
.SECONDARY:
-include $(shell find $(B) -name '*.d' 2>/dev/null)
