"""Compiled functions of several processes: torch.compile's programs with collectives inside.

A function is traced with the mesh axis of all processes bound, so that a collective becomes a part
of its program (runtime.py, Link). A program that has one runs on all processes together: each value
is this process's row of an array over the mesh. A program without one is a program of this process
alone, which need not be called by the others.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .runtime import TRACED_USES, Link

__all__ = ["Joint"]


class Joint:
    """What torch.compile asks, once for each program."""

    def __init__(self, link: Link):
        self.link, self._uses = link, TRACED_USES[0]
        #: for jax.make_jaxpr
        self.axis_env = [(Link.AXIS, len(link.ranks))]

    def jit(self, closed: Any, donate_argnums: Sequence[int] = ()) -> Callable[..., Any]:
        """The program of a ClosedJaxpr: values of this process -> results of this process."""
        from jax.extend.core import jaxpr_as_fun

        jax = self.link.jax
        run = jaxpr_as_fun(closed)
        if TRACED_USES[0] == self._uses:
            return jax.jit(run, donate_argnums=tuple(donate_argnums))
        return _Program(self.link, run, donate_argnums)


class _Program:
    """A program of all processes."""

    def __init__(self, link: Link, run: Any, donate_argnums: Sequence[int]):
        jax, self.link = link.jax, link
        spec = jax.sharding.PartitionSpec(Link.AXIS)

        def rows(*values: Any) -> list:
            return [y[None] for y in run(*[x[0] for x in values])]

        mapped = jax.shard_map(rows, mesh=link.mesh, in_specs=spec, out_specs=spec, check_vma=False)
        self._jitted = jax.jit(mapped, donate_argnums=tuple(donate_argnums))

    def lower(self, *args: Any) -> Any:
        """JAX's own lower(), on rows."""
        return self._jitted.lower(*args)

    def __call__(self, *values: Any) -> list:
        link, jax = self.link, self.link.jax
        count, given = len(link.ranks), []
        for v in values:
            row = jax.device_put(v, link.device)[None]
            given.append(
                jax.make_array_from_single_device_arrays((count, *row.shape[1:]), link.split, [row])
            )
        return [y.addressable_data(0)[0] for y in self._jitted(*given)]
