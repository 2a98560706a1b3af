"""pytest under Pyodide: no files of its own, no descriptors to capture, no signals.

A test that fails for what there is not in a browser, and says so, is counted as expected to fail.
"""

import sys

import pytest

MISSING = (
    "needs the package ml_dtypes",
    "No module named 'ml_dtypes'",
    "emscripten does not support processes",
    "can't start new thread",
)
OPTIONS = "-q --tb=short -p no:cacheprovider -p no:faulthandler --capture=sys".split()


class Expected:
    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item, call):
        report = yield
        text = str(report.longrepr or "")
        found = [what for what in MISSING if what in text]
        if report.failed and found:
            report.outcome, report.wasxfail = "skipped", found[0]
        return report


sys.exit(int(pytest.main([*OPTIONS, *sys.argv[1:]], plugins=[Expected()])))
