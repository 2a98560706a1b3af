"""Communication hooks of DistributedDataParallel: what is done with a bucket of gradients.

model.register_comm_hook(None, default_hooks.fp16_compress_hook)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..core.dtype import bfloat16, float16
from ..core.grad_mode import no_grad
from ..futures import Future
from .collectives import all_reduce
from .groups import ProcessGroup, get_world_size
from .reducer import GradBucket

__all__ = [
    "allreduce_hook",
    "bf16_compress_hook",
    "bf16_compress_wrapper",
    "fp16_compress_hook",
    "fp16_compress_wrapper",
]

Hook = Callable[[Any, GradBucket], Any]


def allreduce_hook(process_group: ProcessGroup | None, bucket: GradBucket) -> Any:
    """The mean over the processes, as without a hook."""
    x = bucket.buffer()
    with no_grad():
        x /= get_world_size(process_group)
    work = all_reduce(x, group=process_group, async_op=True)
    return work.get_future().then(lambda future: future.value()[0])


def _compressed(dtype: Any, process_group: ProcessGroup | None, bucket: GradBucket) -> Any:
    x = bucket.buffer()
    with no_grad():
        small = x.to(dtype) / get_world_size(process_group)
    work = all_reduce(small, group=process_group, async_op=True)
    return work.get_future().then(lambda future: future.value()[0].to(x.dtype))


def fp16_compress_hook(process_group: ProcessGroup | None, bucket: GradBucket) -> Any:
    """The mean, sent in float16."""
    return _compressed(float16, process_group, bucket)


def bf16_compress_hook(process_group: ProcessGroup | None, bucket: GradBucket) -> Any:
    """The mean, sent in bfloat16."""
    return _compressed(bfloat16, process_group, bucket)


def _wrapper(dtype: Any, hook: Hook) -> Hook:
    def wrapped(state: Any, bucket: GradBucket) -> Future:
        wide = bucket.buffer().dtype
        bucket.set_buffer(bucket.buffer().to(dtype))
        return hook(state, bucket).then(lambda future: _first(future.value()).to(wide))

    return wrapped


def _first(x: Any) -> Any:
    return x[0] if isinstance(x, (list, tuple)) else x


def fp16_compress_wrapper(hook: Hook) -> Hook:
    """hook, on a bucket in float16."""
    return _wrapper(float16, hook)


def bf16_compress_wrapper(hook: Hook) -> Hook:
    """hook, on a bucket in bfloat16."""
    return _wrapper(bfloat16, hook)
