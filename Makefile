# Every target installs what it needs into ./bin. Needs Go, make and git only.
SHELL := /bin/sh
BIN   := $(CURDIR)/bin
GOLANGCI_VERSION := v2.15.0
GOFUMPT_VERSION  := v0.12.0
GOVULN_VERSION   := v1.9.0
GOLANGCI := $(BIN)/golangci-lint-$(GOLANGCI_VERSION)
GOFUMPT  := $(BIN)/gofumpt-$(GOFUMPT_VERSION)
VERSION  := $(shell git describe --tags --always --dirty 2>/dev/null || echo devel)

# The race detector needs a C compiler; without one the tests run without it.
RACE := $(shell command -v cc >/dev/null 2>&1 && echo -race)

.DEFAULT_GOAL := help
.PHONY: help fmt lint test race prove crash fuzz cover bench style vuln build

help: ## print the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 10

fmt: $(GOFUMPT) ## format all Go files
	$(GOFUMPT) -w $$(git ls-files -co --exclude-standard '*.go')

lint: $(GOLANGCI) ## vet, linters, tidy go.mod, style figures
	go mod tidy -diff
	go vet ./...
	$(GOLANGCI) run ./...
	$(MAKE) --no-print-directory style

test: ## all tests, with the race detector where there is a C compiler
	go test $(RACE) -timeout 20m ./...
	@command -v python3 >/dev/null 2>&1 || echo "NOT TESTED: the plugin in Python (docs/examples/plugin-python), because there is no python3 here"
	go test ./internal/project -run '^TestCall_' -timeout 5m

race: ## all tests, three times, with the race detector, and twenty days of faults that nobody saw before
	POLLUX_DAYS=20 go test -race -count=3 -timeout 60m ./...

prove: ## the figures of docs/reliability.md: 10,000 changes while services fail, 100,000 queued runs
	POLLUX_CHANGES=10000 go test ./internal/project -run '^TestStorm_' -v -count=1 -timeout 20m
	POLLUX_RUNS=100000 go test ./engine -run '^TestLoad_' -v -count=1 -timeout 20m

crash: ## kill the program a thousand times at random moments
	POLLUX_CRASHES=1000 go test ./cmd/pollux -run '^TestCrash_' -v -count=1 -timeout 60m

fuzz: ## every fuzz target for 20 seconds
	@set -e; for p in $$(go list ./...); do for f in $$(go test -list '^Fuzz' $$p | grep '^Fuzz' || true); do \
		echo "$$p $$f"; go test -run '^$$' -fuzz "^$$f$$" -fuzztime 20s $$p; done; done

cover: ## coverage by function
	go test -coverprofile=coverage.out ./... && go tool cover -func=coverage.out | tail -n 40

bench: ## the rows of docs/performance.md, as ratios measured in one run
	cd tools && go run ./bench
	go test ./engine/poll -run '^$$' -bench Poll -benchtime 5x
	go test ./internal/project -run '^$$' -bench Accounts -benchtime 1x

style: ## sizes of functions, files and packages
	cd tools && go run ./style ..

vuln: ## known holes in what we depend on (needs the vulnerability database)
	go run golang.org/x/vuln/cmd/govulncheck@$(GOVULN_VERSION) ./...

build: ## the program, reproducible, in ./bin
	CGO_ENABLED=0 go build -trimpath -ldflags '-s -w -X github.com/pollux-automation/pollux/internal/cli.version=$(VERSION)' -o $(BIN)/pollux ./cmd/pollux

$(GOLANGCI):
	GOBIN=$(BIN)/tmp go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_VERSION)
	mv $(BIN)/tmp/golangci-lint $@

$(GOFUMPT):
	GOBIN=$(BIN)/tmp go install mvdan.cc/gofumpt@$(GOFUMPT_VERSION)
	mv $(BIN)/tmp/gofumpt $@
