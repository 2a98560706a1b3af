"""`python -m torch.distributed.launch`: the launcher (run.py) under its old name."""

from __future__ import annotations

from .run import main, parse_args, run

__all__ = ["launch", "main", "parse_args"]

launch = run

if __name__ == "__main__":
    main()
