"""The command line of rushlight: `rushlight VERB ...`, or `python -m rushlight VERB ...`."""
