# Ceralacca. `make` alone lists what there is to do.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

GO ?= go
export GO
export GOTOOLCHAIN := local
# One set of flags for every target: other flags would mean other packages, compiled once more each.
#   gles             the toolkit on OpenGL ES: the same pixels, a third of the build time; Linux and the BSDs alone
#   accessibility    what the toolkit has for screen readers; it has it on macOS and Windows alone
#   migrated_fynedo  our own code already keeps to the window's thread; the toolkit need not lock
# Tests leave the last one out: without it the toolkit itself watches the threads.
TAGS := $(if $(filter darwin windows,$(shell $(GO) env GOOS 2>/dev/null)),accessibility,gles)
export GOFLAGS := -buildvcs=false -tags=$(TAGS)
RELEASE := -tags=$(TAGS),migrated_fynedo

DISPLAYED := $(DISPLAY)$(WAYLAND_DISPLAY)
FILES ?=
ONLY ?=
ARGS ?=

.PHONY: help
help:
	@echo "make run      build and open Ceralacca; without a display, sign, verify, change and free a PIN on a virtual one"
	@echo "              (files to open at once: make run FILES=\"a.pdf b.p7m\"; the practice card: ARGS=--demo)"
	@echo "make test     every test, with the race detector; the window is driven on a virtual display"
	@echo "make check    format, vet, staticcheck, known vulnerabilities, Windows"
	@echo "make build    build/ceralacca and build/ceralacca-cli"
	@echo "make bench    benchmarks"
	@echo "make figures  the real window measured: start, rest, a batch of 1,000, a list of 10,000"
	@echo "make gallery  a picture of every screen, in build/gallery (some of them: ONLY=regexp)"
	@echo "make interop  runs against other programs and services (opt-in)"
	@echo "make clean    remove build/"

.PHONY: go
go:
	@.ci/go

.PHONY: build
build: go
	@.ci/install build
	@mkdir -p build
	@.ci/compile $(RELEASE) -o build/ceralacca .
	@.ci/compile $(RELEASE) -o build/ceralacca-cli ./app/cli

.PHONY: run
run: build
ifneq ($(DISPLAYED),)
	@build/ceralacca $(ARGS) $(FILES)
else
	@echo "No display here (DISPLAY and WAYLAND_DISPLAY are empty): the window opens on a virtual one."
	@.ci/install screen
	@.ci/compile $(RELEASE) -o build/e2e ./ui/e2e
	@build/e2e -window build/ceralacca -cli build/ceralacca-cli -out build/demo
endif

# What the race detector cannot do: it keeps a history of memory, in which a PIN is found, and it is too slow for every
# fault at every command of a card.
WITHOUT_RACE := ^(TestPINIsNotInTheWindow|TestStateAfterEachFault)$$

# The toolkit keeps the widgets of closed windows for a minute; in a minute the tests build a thousand.
.PHONY: test
test: export FYNE_CACHE := 2s
test: go
	@.ci/install build screen check
	@mkdir -p build
	@.ci/compile -race ./...
	@.ci/compile . ./app/cli ./ui/e2e
	@echo "Testing with the race detector, and without it what that leaves out …"
	@{ ended=0; $(GO) test -race -json -timeout 20m ./... ./.ci/tally || ended=1; \
		$(GO) test -json -timeout 5m -run='$(WITHOUT_RACE)' ./app ./ui/e2e || ended=1; exit $$ended; \
	} | $(GO) run ./.ci/tally -summary build/test.txt

.PHONY: check
check: go
	@.ci/install build check
	@GOFLAGS="-buildvcs=false $(RELEASE)" .ci/check

.PHONY: bench
bench: go
	@.ci/install build
	@$(GO) test -run='^$$' -bench=. -benchmem -timeout 60m ./card/... ./signer/... ./app/... ./ui

.PHONY: figures
figures: build
	@.ci/install screen
	@.ci/compile $(RELEASE) -o build/e2e ./ui/e2e
	@.ci/compile $(RELEASE) -o build/bare ./ui/e2e/testdata/bare
	@build/e2e -window build/ceralacca -cli build/ceralacca-cli -figures build/bare $(ARGS)

.PHONY: gallery
gallery: go
	@.ci/install build
	@$(GO) test -count=1 -timeout 60m -run='^TestGallery$$' ./ui -gallery="$(CURDIR)/build/gallery" -gallery.only="$(ONLY)"
	@echo "build/gallery/index.html: $$(find build/gallery -name "*.png" | wc -l) pictures"

.PHONY: interop
interop: go
	@if [ -x .ci/interop/run ]; then \
		.ci/interop/run; \
	elif [ -d .ci/interop ]; then \
		echo "EU DSS judges files with what lies in .ci/interop (Java and Maven); corpus.py and Judge.java tell how."; \
	else \
		echo "No opt-in run exists yet. What other programs say of our files on every change is asked by make test."; \
	fi

.PHONY: licences
licences: go
	@.ci/licences

.PHONY: icons
icons:
	@for size in 16 24; do rsvg-convert -w $$size -h $$size assets/icons/app-small.svg -o assets/icons/png/$$size.png; done
	@for size in 32 48 64 128 256 512; do rsvg-convert -w $$size -h $$size assets/icons/app.svg -o assets/icons/png/$$size.png; done

.PHONY: clean
clean:
	@rm -rf build
