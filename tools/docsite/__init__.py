"""The documentation site: what `make docs` adds to the pages of docs/ before MkDocs renders them.

names.py       the public names, and where each is described
reference.py   the pages of the API reference, from schemas, signatures and docstrings
docstring.py   a docstring as Markdown and HTML
sources.py     the sources as pages, so that the reference can point at a line
commands.py    the command line, from its parsers
blocks.py      code blocks: found, run, compared with the output that a page shows
claims.py      figures of speed, and whether the command that made them stands nearby
links.py       every link and anchor of the finished site
hooks.py       what MkDocs calls
"""
