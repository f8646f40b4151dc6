GO ?= go
OUT ?= out

.DEFAULT_GOAL := help
.PHONY: help build demo test lint bench clean

help: ## show this help
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 10

build: ## build bin/coreos-builder
	$(GO) build -trimpath -o bin/coreos-builder ./cmd/coreos-builder

demo: build ## build the demo's images into out/ (needs a Docker engine)
	bin/coreos-builder build --recipe demo --format qemu,vmware,raw --password-file testdata/demo/password --output $(OUT)
	@echo "Boot it: sh $(OUT)/coreos_developer_qemu.sh -nographic  (user core, password in testdata/demo/password)"

test: ## run all tests (those that need a Docker engine too, where there is one)
	$(GO) test -timeout 20m ./...

lint: ## check format, vet and staticcheck
	@test -z "$$(gofmt -l .)" || { gofmt -l .; exit 1; }
	$(GO) vet ./...
	$(GO) tool staticcheck ./...

bench: ## measure against docker's own commands
	$(GO) test -run '^$$' -bench . -benchtime 5x ./...

clean: ## remove what make built here (coreos-builder clean removes workspaces)
	rm -rf bin $(OUT)
