# SPDX-License-Identifier: Apache-2.0
# Copyright (c) 2026 the swift-background authors

.PHONY: help demo test soak lint docs bench build clean

help:
	@echo 'make demo    show the main job on a real systemd host (at most three minutes after the build)'
	@echo 'make test    all tests, with those on a real systemd host where root and namespaces allow'
	@echo 'make soak    what proves more and takes hours: random worlds, crashes, fuzzing, sanitizers, months of use'
	@echo 'make lint    formatting and scripts'
	@echo 'make docs    the documentation of the products, into .build/documentation; a warning is an error'
	@echo 'make bench   measure against the peers, and write Documentation/Performance.md'
	@echo 'make build   the package'
	@echo 'make clean   forget what was built'
	@echo 'demo, test, soak, docs, bench and build first install what is missing (Debian packages; with sudo when not root).'

demo:
	@Tests/Host/install
	@Tests/Host/demo

test:
	@Tests/Host/install
	@Tests/run

soak:
	@Tests/Host/install
	@Tests/soak all

lint:
	@Tests/lint

docs:
	@Tests/Host/install
	@Documentation/build

bench:
	@Tests/Host/install
	@Tests/Benchmarks/run

build:
	@Tests/Host/install
	swift build

clean:
	rm -rf .build Examples/*/.build Tests/Benchmarks/.build
