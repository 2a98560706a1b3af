"""Tools for tests: assert_close, gradcheck, samples."""
