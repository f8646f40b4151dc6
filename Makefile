GO ?= go
OUT ?= out
FUZZTIME ?= 5s
BENCHTIME ?= 3x
ROUNDS ?= 100
SEED ?= 0
# -race looks for data races too; it needs a C compiler.
RACE ?=

.DEFAULT_GOAL := help
.PHONY: help build demo test lint bench fuzz chaos conform clean

help: ## show this help
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 10

build: ## build bin/coreos-builder
	$(GO) build -trimpath -o bin/coreos-builder ./cmd/coreos-builder

demo: build ## build the demo's images into out/ (needs a Docker engine)
	bin/coreos-builder build --recipe demo --format qemu,vmware,raw --password-file testdata/demo/password --output $(OUT)
	@echo "Boot it: bin/coreos-builder boot --workspace demo  (user core, password in testdata/demo/password; Ctrl-A X ends it)"

test: ## run all tests (those that need a Docker engine too, where there is one)
	$(GO) test $(RACE) -timeout 60m ./...

lint: ## check format, vet and staticcheck
	@test -z "$$(gofmt -l .)" || { gofmt -l .; exit 1; }
	$(GO) vet ./...
	$(GO) tool staticcheck ./...

# Making what was found smaller is bounded too: go test takes it for a failure that the time is over meanwhile.
fuzz: ## run every fuzzer for FUZZTIME each (5s)
	@set -e; $(GO) list ./... | while read -r package; do \
	  for fuzzer in $$($(GO) test -list '^Fuzz' "$$package" | grep '^Fuzz' || true); do \
	    echo "$$package $$fuzzer"; \
	    $(GO) test -run '^$$' -fuzz "^$$fuzzer\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 100x "$$package" </dev/null; \
	  done; \
	done

chaos: ## break a hundred builds at random moments (ROUNDS=100, SEED=0 is another each time)
	REQUIRE_DOCKER=1 $(GO) test -timeout 4h -count=1 -run 'TestWithSecondEngine/chaos' -v ./cmd/coreos-builder -chaos.rounds=$(ROUNDS) -chaos.seed=$(SEED)

conform: ## hold a current engine against the same sentences (builds one, in some minutes)
	REQUIRE_DOCKER=1 CURRENT_ENGINE=1 $(GO) test -timeout 40m -run TestACurrentEngineConforms -v ./internal/docker

bench: ## measure against docker's own commands
	$(GO) test -run '^$$' -bench . -benchtime $(BENCHTIME) -timeout 2h ./cmd/coreos-builder

clean: ## remove what make built here (coreos-builder clean removes workspaces)
	rm -rf bin $(OUT)
