# make demo   compiles a trained mixture-of-experts model and lets it write
# make test   builds everything and runs all tests
# make test-onnx   all of ONNX's own node tests; make test runs 200 of them
# Both set up what is missing first (tools/dev/setup.sh); the second time takes seconds.
DEPS := .deps
CMAKE := $(DEPS)/venv/bin/cmake
PRESET ?= dev
.PHONY: demo test test-onnx build setup

demo: build
	PATH="$(CURDIR)/build/$(PRESET)/bin:$$PATH" $(DEPS)/venv/bin/python demo/demo.py

test: build
	$(CMAKE) --build --preset $(PRESET) --target check-moe

test-onnx: build
	$(CMAKE) --build --preset $(PRESET) --target test-onnx

build: setup
	$(CMAKE) --preset $(PRESET)
	$(CMAKE) --build --preset $(PRESET)

setup:
	@tools/dev/setup.sh
