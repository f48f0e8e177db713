# make caption [AUDIO=song.mp3]   environment, install, and the liner notes of a recording
# make test                       the tests, in an environment of their own
# make check                      lint and types
PYTHON ?= python3
AUDIO ?= examples/example.mp3
SOURCES := $(shell find src -type f -not -name '*.pyc') pyproject.toml
export AUDIO
export PIP_DISABLE_PIP_VERSION_CHECK = 1

.PHONY: caption test check clean

caption: .venv/installed
	@.venv/bin/linernotes caption -- "$$AUDIO"

.venv/installed: $(SOURCES)
	$(PYTHON) -m venv .venv
	.venv/bin/python -m pip install --quiet --upgrade --force-reinstall --no-deps .
	.venv/bin/python -m pip install --quiet .
	@touch $@

.venv-test/installed: pyproject.toml tests/constraints.txt
	$(PYTHON) -m venv .venv-test
	.venv-test/bin/python -m pip install --quiet -c tests/constraints.txt -e '.[torch,train,data,onnx,plot,metrics,coco,bert,llm,render,singing,youtube,mir,test,dev]'
	@touch $@

test: .venv/installed .venv-test/installed
	.venv-test/bin/python -m pytest -n 2 --dist loadfile

check: .venv-test/installed
	.venv-test/bin/ruff check .
	.venv-test/bin/ruff format --check .
	.venv-test/bin/mypy

clean:
	rm -rf .venv .venv-test dist build
