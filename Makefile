PYTHON ?= python3

# A development build beside the sources: run with PYTHONPATH=src.
.PHONY: dev
dev:
	@cmake -S . -B build/dev -G Ninja -DPython_EXECUTABLE=$$($(PYTHON) -c 'import sys; print(sys.executable)') >/dev/null
	@ninja -C build/dev -j2 -k 0
	@for so in build/dev/_native*.so; do \
		cp $$so src/rushlight/.$$(basename $$so).new && \
		mv -f src/rushlight/.$$(basename $$so).new src/rushlight/$$(basename $$so); done
