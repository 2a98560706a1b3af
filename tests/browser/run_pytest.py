"""pytest under Pyodide: no files of its own, no descriptors to capture, no signals."""

import sys

import pytest

OPTIONS = "-q --tb=short -p no:cacheprovider -p no:faulthandler --capture=sys".split()
sys.exit(int(pytest.main([*OPTIONS, *sys.argv[1:]])))
