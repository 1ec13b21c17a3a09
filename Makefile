# Holdfast. `make demo` and `make test` do all set-up they need; `make help` lists the rest.
BIN := node_modules/.bin

.PHONY: build native bpf clean
build: node_modules/.stamp src/config/syntax/parser.generated.js native bpf
	$(BIN)/tsc
	install -D -m 644 src/config/syntax/parser.generated.js dist/config/syntax/parser.generated.js

node_modules/.stamp: package-lock.json
	npm ci --no-audit --no-fund
	touch $@

src/config/syntax/parser.generated.js: grammar/keepalived.peggy
	$(BIN)/peggy --format es --dts -o $@ $<

native: build/native/hfsys.node build/native/hfbpf.node
CFLAGS_ADDON := -O2 -g -Wall -Wextra -Wno-cast-function-type -fPIC -shared -fvisibility=hidden -DNAPI_VERSION=8 -I/usr/include/node
build/native/hfsys.node: $(wildcard src/native/hfsys/*.[ch])
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_ADDON) -o $@ $(filter %.c,$^)
build/native/hfbpf.node: $(wildcard src/native/hfbpf/*.[ch])
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_ADDON) -o $@ $(filter %.c,$^) -lbpf

bpf: $(patsubst src/bpf/%.bpf.c,build/bpf/%.bpf.o,$(wildcard src/bpf/*.bpf.c))
build/bpf/%.bpf.o: src/bpf/%.bpf.c $(wildcard src/bpf/*.h)
	@mkdir -p $(@D)
	clang -O2 -g -target bpf -Wall -I/usr/include/$(shell uname -m)-linux-gnu -c $< -o $@
	llvm-strip -g $@

clean:
	rm -rf build dist src/config/syntax/parser.generated.*
