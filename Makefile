# Holdfast. `make demo` and `make test` do all the set-up they need; `make help` lists the rest.
SHELL := /bin/bash
BIN := node_modules/.bin
PREFIX ?= /usr
DESTDIR ?=
LIBDIR = $(DESTDIR)$(PREFIX)/lib/holdfast
SHAREDIR = $(DESTDIR)$(PREFIX)/share
DOCDIR = $(SHAREDIR)/doc/holdfast
MANDIR = $(SHAREDIR)/man

.PHONY: help setup setup-lab setup-guest setup-matrix build compile program tools native bpf install install-ipvsadm demo demo-nat test test-kernel bench bench-insn soak simulate fuzz fuzz-decoders corpus-goldens reference lint format clean
.DEFAULT_GOAL := build

help:                ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/make \1|\2/p' $(MAKEFILE_LIST) | column -t -s '|'

# --- set-up: says what it installs, then installs only what is missing -------------------------------------------------
setup:
	@scripts/setup build
setup-lab:
	@scripts/setup lab
setup-guest:
	@scripts/setup guest
setup-matrix:
	@scripts/setup matrix

# --- build ------------------------------------------------------------------------------------------------------------
build: program native bpf ## compile everything: dist/, build/native/, build/bpf/

PARSER := src/config/syntax/parser.generated.js
$(PARSER): grammar/keepalived.peggy | setup
	$(BIN)/peggy --format es --dts --allowed-start-rules Line,ScriptLine,CommandString -o $@ $<

compile: $(PARSER) | setup
	$(BIN)/tsc
	@install -D -m 644 $(PARSER) dist/config/syntax/parser.generated.js

# What is installed: a file a module takes a process of ours three times as long to start. V8 keeps the text, and one character
# beyond Latin-1 has it take two bytes for each; comments would be kept as well.
PROGRAMS := holdfastd holdfast role-main daemon/config-test-thread
program: compile
	@rm -rf dist/program
	@$(BIN)/rolldown $(PROGRAMS:%=dist/cli/%.js) --dir dist/program --format esm --platform node --external pino --external nodemailer --external nodemailer/lib/smtp-connection \
	  --charset ascii --no-comments > /dev/null

# Node-API headers: beside the running node, where NodeSource and nodejs.org put them.
NODE_INCLUDE := $(shell node -p 'require("path").resolve(process.execPath, "../../include/node")' 2> /dev/null)
CFLAGS_ADDON := -O2 -g -Wall -Wextra -Wno-cast-function-type -fPIC -shared -fvisibility=hidden -DNAPI_VERSION=8 -I$(NODE_INCLUDE)
native: build/native/hfsys.node build/native/hfbpf.node build/native/hfpcre.node
build/native/hfsys.node: $(wildcard src/native/hfsys/*.[ch]) | setup
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_ADDON) -o $@ $(filter %.c,$^)
build/native/hfbpf.node: $(wildcard src/native/hfbpf/*.[ch]) | setup
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_ADDON) -o $@ $(filter %.c,$^) -lbpf
build/native/hfpcre.node: $(wildcard src/native/hfpcre/*.[ch]) | setup
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_ADDON) -o $@ $(filter %.c,$^) -lpcre2-8

bpf: $(patsubst src/bpf/%.bpf.c,build/bpf/%.bpf.o,$(wildcard src/bpf/*.bpf.c)) build/test/decap.bpf.o
build/bpf/%.bpf.o: src/bpf/%.bpf.c $(wildcard src/bpf/*.h src/bpf/*/*.h) | setup
	@mkdir -p $(@D)
	clang -O2 -g -target bpf -mcpu=v3 -Wall -I/usr/include/$(shell uname -m)-linux-gnu -c $< -o $@
	llvm-strip -g $@

# A server's end of tunnels, for tests on kernels without it; it is not installed.
build/test/%.bpf.o: test/bpf/%.bpf.c | setup
	@mkdir -p $(@D)
	clang -O2 -g -target bpf -mcpu=v3 -Wall -I/usr/include/$(shell uname -m)-linux-gnu -c $< -o $@
	llvm-strip -g $@

# The lab library, the demo and the benches, for node without a test runner.
tools: build build/tools/flood build/tools/replay build/tools/blast build/tools/echo build/tools/sink build/tools/pretend-ipvs.so build/tools/generate.bpf.o | setup-lab
	@$(BIN)/tsc -p tsconfig.tools.json
	@install -D -m 644 $(PARSER) build/tools/$(PARSER)
	@ln -sfn .. build/tools/build
build/tools/generate.bpf.o: bench/generate.bpf.c | setup
	@mkdir -p $(@D)
	clang -O2 -g -target bpf -mcpu=v3 -Wall -I/usr/include/$(shell uname -m)-linux-gnu -c $< -o $@
build/tools/flood build/tools/blast build/tools/echo build/tools/sink: build/tools/%: bench/%.c | setup
	@mkdir -p $(@D)
	$(CC) -O2 -Wall -Wextra -o $@ $<

build/tools/pretend-ipvs.so: bench/pretend-ipvs.c | setup
	@mkdir -p $(@D)
	$(CC) -O2 -Wall -Wextra -shared -fPIC -o $@ $< -ldl

# The wires of the oracle.
build/tools/replay: test/kernel/oracle/replay.c | setup
	@mkdir -p $(@D)
	$(CC) -O2 -Wall -Wextra -o $@ $<

# --- install ----------------------------------------------------------------------------------------------------------
# What runs needs node, libbpf1, libpcre2-8-0 and these files; no compiler, no clang, no network. PREFIX=/usr/local works as well.
install:             ## install what is built: make install [DESTDIR=] [PREFIX=/usr]
	@test -e dist/program/holdfastd.js -a -e build/native/hfsys.node || { echo 'nothing is built yet: run make build' >&2; exit 1; }
	rm -rf $(LIBDIR)
	install -d $(LIBDIR)/dist $(LIBDIR)/build/native $(LIBDIR)/build/bpf $(LIBDIR)/bin $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/sbin \
	  $(DESTDIR)$(PREFIX)/lib/systemd/system $(DOCDIR)/conf-examples $(DOCDIR)/docs/decisions
	cp -r dist/program $(LIBDIR)/dist/
	install -m 644 package.json $(LIBDIR)/
	install -m 644 build/native/*.node $(LIBDIR)/build/native/
	install -m 644 build/bpf/*.bpf.o $(LIBDIR)/build/bpf/
	install -m 755 bin/holdfastd bin/holdfast $(LIBDIR)/bin/
	node scripts/install-modules.mjs $(LIBDIR)
	ln -sfn ../lib/holdfast/bin/holdfastd $(DESTDIR)$(PREFIX)/sbin/holdfastd
	ln -sfn ../lib/holdfast/bin/holdfast $(DESTDIR)$(PREFIX)/bin/holdfast
	for unit in holdfast holdfast-realserver; do sed 's,/usr/\(s\?bin\)/holdfast,$(PREFIX)/\1/holdfast,g' systemd/$$unit.service > $(DESTDIR)$(PREFIX)/lib/systemd/system/$$unit.service; done
	install -d $(SHAREDIR)/bash-completion/completions $(SHAREDIR)/zsh/vendor-completions $(SHAREDIR)/fish/vendor_completions.d $(SHAREDIR)/holdfast
	bin/holdfast completion bash > $(SHAREDIR)/bash-completion/completions/holdfast
	ln -sfn holdfast $(SHAREDIR)/bash-completion/completions/holdfastd
	bin/holdfast completion zsh > $(SHAREDIR)/zsh/vendor-completions/_holdfast
	bin/holdfast completion fish > $(SHAREDIR)/fish/vendor_completions.d/holdfast.fish
	ln -sfn holdfast.fish $(SHAREDIR)/fish/vendor_completions.d/holdfastd.fish
	install -d $(MANDIR)/man1 $(MANDIR)/man5 $(MANDIR)/man8
	for page in holdfast.1 holdfastd.8 holdfast.conf.5 holdfast-ipvsadm.8; do bin/holdfast manual $$page > $(MANDIR)/man$${page##*.}/$$page || exit 1; done
	bin/holdfast config schema > $(SHAREDIR)/holdfast/schema.json
	install -m 644 conf-examples/* $(DOCDIR)/conf-examples/
	install -m 644 README.md LICENSE $(DOCDIR)/
	install -m 644 docs/*.md $(DOCDIR)/docs/
	install -m 644 docs/decisions/*.md $(DOCDIR)/docs/decisions/

# For scripts that call ipvsadm. Not part of `install`: Debian's package has files of these names in /usr/sbin.
install-ipvsadm:     ## links named ipvsadm, ipvsadm-save and ipvsadm-restore: make install-ipvsadm PREFIX=/usr/local
	@test -e $(DESTDIR)$(PREFIX)/bin/holdfast || { echo '$(DESTDIR)$(PREFIX)/bin/holdfast is missing: run make install first, with the same PREFIX' >&2; exit 1; }
	@for name in ipvsadm ipvsadm-save ipvsadm-restore; do \
	  at=$(DESTDIR)$(PREFIX)/sbin/$$name; \
	  if [ -e "$$at" ] && [ ! -L "$$at" ]; then echo "$$at is another program; remove it, or take another PREFIX" >&2; exit 1; fi; \
	done
	for name in ipvsadm ipvsadm-save ipvsadm-restore; do ln -sfn ../lib/holdfast/bin/holdfast $(DESTDIR)$(PREFIX)/sbin/$$name; done
	for name in ipvsadm ipvsadm-save ipvsadm-restore; do \
	  at=$(MANDIR)/man8/$$name.8; \
	  [ -e "$$at.gz" ] || { [ -e "$$at" ] && [ ! -L "$$at" ]; } || ln -sfn holdfast-ipvsadm.8 "$$at"; \
	done

# --- show and prove ---------------------------------------------------------------------------------------------------
demo: tools          ## two directors, a failing real server, a killed master: make demo [ARGS=--nat]
	@node build/tools/demo/demo.js $(ARGS)
demo-nat: tools      ## the same with NAT and port mapping
	@node build/tools/demo/demo.js --nat

test: setup-matrix setup-guest tools ## lint, types, unit, lab and guest tests; ends with N passed, N failed, N skipped
	@$(BIN)/vitest run

test-kernel: setup-guest tools ## what runs in the stock kernel under QEMU: make test-kernel [HOLDFAST_KERNEL_TESTS="a b"]
	@$(BIN)/vitest run --project guest --project instructions

bench: tools         ## outage, jitter, throughput, memory, decisions, whole ways, table: each beside a peer of the same run
	@bench/run $(ARGS)

bench-insn: tools setup-guest ## instructions a packet, counted in the stock kernel; fails at 3 % above bench/insn.json
	@node build/tools/bench/insn.js $(ARGS)

soak: setup-lab build  ## ten minutes of kills under load: make soak [HOLDFAST_SOAK_MINUTES=10]
	@HOLDFAST_SOAK=1 $(BIN)/vitest run --project soak

SCHEDULES ?= 100000
simulate: build      ## virtual routers on a bad LAN in virtual time: make simulate [SCHEDULES=100000]
	@HOLDFAST_FUZZ_RUNS=$(SCHEDULES) $(BIN)/vitest run --project unit test/conformance/simulator.test.ts

INPUTS ?= 10000000
fuzz-decoders: tools ## every decoder of bytes from outside and the reader of configurations, guided by coverage: make fuzz-decoders [INPUTS=10000000]
	@node --max-semi-space-size=16 build/tools/test/fuzz/run.js $(INPUTS)

HOLDFAST_FUZZ_RUNS ?= 20000
fuzz: build          ## the properties with many more runs: make fuzz [HOLDFAST_FUZZ_RUNS=20000]
	@HOLDFAST_FUZZ_RUNS=$(HOLDFAST_FUZZ_RUNS) $(BIN)/vitest run

corpus-goldens: setup-lab ## writes down anew what is made of test/corpus, and what keepalived answers to it; read the diff
	@$(BIN)/vitest run --project unit test/config/corpus.test.ts -u
	@$(BIN)/vitest run --project lab test/scenario/corpus-reference.test.ts -u
	@HOLDFAST_RECORD=1 $(BIN)/vitest run --project lab test/scenario/expansion-reference.test.ts

reference: program   ## write docs/keywords.md and the table in docs/configuration.md anew, from the table of keywords
	bin/holdfast config reference > docs/keywords.md
	bin/holdfast config reference --support > build/support.md
	awk '/^\| Block \| Supported/ { while ((getline line < "build/support.md") > 0) print line; skip = 1 } !/^\|/ { skip = 0 } !skip' \
	  docs/configuration.md > build/configuration.md
	mv build/configuration.md docs/configuration.md

lint: | setup        ## formatter, linter and compiler, changing nothing
	$(BIN)/biome check .
	$(BIN)/tsc -p tsconfig.test.json
format: | setup      ## let the formatter have its way
	$(BIN)/biome check --write .

clean:               ## remove what was built
	rm -rf build/native build/bpf build/tools dist src/config/syntax/parser.generated.*
