"""DataLoader: batches from a data set, in the order of a sampler, by this process or by workers.

With the same seed the batches, their order and the draws from the global generator are PyTorch's:
each iterator draws a base seed, then the sampler draws its own. A worker's seed is base seed + id.
"""

from __future__ import annotations

import itertools
import sys
import weakref
from collections.abc import Callable, Iterable, Iterator, Sized
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

from ...core.device import accelerators
from ...core.notices import warn
from ...random.generator import Generator, default_generator
from .collate import default_collate, default_convert
from .dataset import Dataset, IterableDataset, draws
from .fetch import epoch_reader, map_reader, stream_reader, with_whole_batches
from .sampler import (
    BatchSampler,
    RandomSampler,
    Sampler,
    SequentialSampler,
    draw_seed,
    index_blocks,
)

if TYPE_CHECKING:
    from .worker_pool import WorkerPool

__all__ = ["DataLoader"]

T_co = TypeVar("T_co", covariant=True)
_FIXED = ("batch_size", "batch_sampler", "sampler", "drop_last", "dataset", "persistent_workers")


class _DatasetKind:
    Map = 0
    Iterable = 1


class _InfiniteConstantSampler(Sampler):
    """Yields None for ever: an iterable data set has no keys."""

    def __iter__(self) -> Iterator[None]:
        return itertools.repeat(None)


class DataLoader(Generic[T_co]):
    """Iterable over the batches of a data set.

    dataset           anything with `__getitem__` and `__len__`, or an IterableDataset
    batch_size        samples per batch (N); None: single samples, by default_convert
    shuffle           a RandomSampler; default: a SequentialSampler
    sampler           an iterable of keys instead; excludes shuffle
    batch_sampler     an iterable of lists of keys; excludes the three above and drop_last
    num_workers       processes that read; 0: this one does
    collate_fn        list of samples -> batch; default: default_collate
    pin_memory        no effect but a warning, as there is no accelerator to copy to
    drop_last         leave out a last batch that is shorter
    timeout           seconds to wait for a worker's batch; 0: for ever
    worker_init_fn    called with the worker's id in each worker, after seeding
    multiprocessing_context  "fork", "spawn", "forkserver" or a context; default: the system's
    generator         of the sampler and of the base seed; default: the global one
    prefetch_factor   batches that each worker is ahead; default 2
    persistent_workers  keep the processes from epoch to epoch
    pin_memory_device   no effect, as PyTorch's without an accelerator
    in_order          False: return batches in the order in which workers finish them

    A data set that can return whole batches (see `dataset`) is read that way when the collate
    function is the default, and then by this process even with num_workers > 0: making such a batch
    takes less time than sending it. Workers are still started if there is a `worker_init_fn`, or if
    the data set draws random numbers, whose seeds depend on the worker.

    `state_dict()` is the position in the running epoch; after `load_state_dict()` the next iterator
    continues with the remaining batches, in the same order.

    Errors: ValueError or TypeError for arguments that exclude each other or are out of range.
    """

    dataset: Any  # a Dataset[T_co]; all but streams have a length
    _initialized = False

    def __init__(
        self,
        dataset: Dataset[T_co],
        batch_size: int | None = 1,
        shuffle: bool | None = None,
        sampler: Sampler | Iterable | None = None,
        batch_sampler: Sampler[list] | Iterable[list] | None = None,
        num_workers: int = 0,
        collate_fn: Callable[[list], Any] | None = None,
        pin_memory: bool = False,
        drop_last: bool = False,
        timeout: float = 0,
        worker_init_fn: Callable[[int], None] | None = None,
        multiprocessing_context: Any = None,
        generator: Generator | None = None,
        *,
        prefetch_factor: int | None = None,
        persistent_workers: bool = False,
        pin_memory_device: str = "",
        in_order: bool = True,
    ) -> None:
        if num_workers < 0:
            raise ValueError(
                "num_workers option should be non-negative; "
                "use num_workers=0 to disable multiprocessing."
            )
        if timeout < 0:
            raise ValueError("timeout option should be non-negative")
        if num_workers == 0 and prefetch_factor is not None:
            raise ValueError(
                "prefetch_factor option could only be specified in multiprocessing."
                "let num_workers > 0 to enable multiprocessing, "
                "otherwise set prefetch_factor to None."
            )
        if prefetch_factor is not None and prefetch_factor < 0:
            raise ValueError("prefetch_factor option should be non-negative")
        if persistent_workers and num_workers == 0:
            raise ValueError("persistent_workers option needs num_workers > 0")
        self.dataset = dataset
        self.num_workers = num_workers
        self.prefetch_factor = 2 if num_workers and prefetch_factor is None else prefetch_factor
        self.pin_memory = pin_memory
        self.pin_memory_device = pin_memory_device
        self.timeout = timeout
        self.worker_init_fn = worker_init_fn
        self.multiprocessing_context = multiprocessing_context
        self.in_order = in_order
        if isinstance(dataset, IterableDataset):
            self._dataset_kind = _DatasetKind.Iterable
            _refuse_for_streams(shuffle, sampler, batch_sampler)
            sampler = _InfiniteConstantSampler()
        else:
            self._dataset_kind = _DatasetKind.Map
            shuffle = bool(shuffle)
        if sampler is not None and shuffle:
            raise ValueError("sampler option is mutually exclusive with shuffle")
        if batch_sampler is not None:
            if batch_size != 1 or shuffle or sampler is not None or drop_last:
                raise ValueError(
                    "batch_sampler option is mutually exclusive "
                    "with batch_size, shuffle, sampler, and drop_last"
                )
            batch_size, drop_last = None, False
        elif batch_size is None and drop_last:
            raise ValueError(
                "batch_size=None option disables auto-batching "
                "and is mutually exclusive with drop_last"
            )
        if sampler is None:
            sampler = (
                RandomSampler(cast(Sized, dataset), generator=generator)
                if shuffle
                else SequentialSampler(cast(Sized, dataset))
            )
        if batch_size is not None and batch_sampler is None:
            batch_sampler = BatchSampler(sampler, batch_size, drop_last)
        self.batch_size = batch_size
        self.drop_last = drop_last
        self.sampler = sampler
        self.batch_sampler = batch_sampler
        self.generator = generator
        if collate_fn is None:
            collate_fn = default_collate if self._auto_collation else default_convert
        self.collate_fn = collate_fn
        self.persistent_workers = persistent_workers
        self._iterator: _MultiProcessingDataLoaderIter | None = None
        self._current: weakref.ref[_BaseDataLoaderIter] | None = None
        self._resume: dict | None = None
        self._IterableDataset_len_called: int | None = None
        self._initialized = True
        self.check_worker_number_rationality()

    @property
    def multiprocessing_context(self) -> Any:
        """The multiprocessing context of the workers; None: the system's default."""
        return self._multiprocessing_context

    @multiprocessing_context.setter
    def multiprocessing_context(self, context: Any) -> None:
        if context is not None:
            if self.num_workers == 0:
                raise ValueError(
                    "multiprocessing_context can only be used with multi-process loading "
                    f"(num_workers > 0), but got num_workers={self.num_workers}"
                )
            import multiprocessing
            from multiprocessing.context import BaseContext

            if isinstance(context, str):
                methods = multiprocessing.get_all_start_methods()
                if context not in methods:
                    raise ValueError(
                        "multiprocessing_context option should specify a valid start method in "
                        f"{methods!r}, but got multiprocessing_context={context!r}"
                    )
                context = multiprocessing.get_context(context)
            if not isinstance(context, BaseContext):
                raise TypeError(
                    "multiprocessing_context option should be a valid context object or a string "
                    f"specifying the start method, but got multiprocessing_context={context}"
                )
        self._multiprocessing_context = context

    def __setattr__(self, name: str, value: Any) -> None:
        if self._initialized and name in _FIXED:
            raise ValueError(
                f"{name} attribute should not be set after {type(self).__name__} is initialized"
            )
        super().__setattr__(name, value)

    def __getstate__(self) -> dict:
        # Running iterators are not pickled.
        return {**self.__dict__, "_iterator": None, "_current": None}

    @property
    def _auto_collation(self) -> bool:
        return self.batch_sampler is not None

    @property
    def _index_sampler(self) -> Any:
        return self.batch_sampler if self._auto_collation else self.sampler

    def __iter__(self) -> _BaseDataLoaderIter:
        if self.persistent_workers and self.num_workers > 0 and self._iterator is not None:
            self._iterator._reset(self)
            return self._iterator
        iterator = self._get_iterator()
        if self.persistent_workers and isinstance(iterator, _MultiProcessingDataLoaderIter):
            self._iterator = iterator
        return iterator

    def _get_iterator(self) -> _BaseDataLoaderIter:
        if self.num_workers > 0:
            self.check_worker_number_rationality()
            read = self._batch_reader()
            if read is None or draws(read) or self.worker_init_fn is not None:
                if sys.platform != "emscripten":
                    return _MultiProcessingDataLoaderIter(self)
                warn(
                    f"DataLoader(num_workers={self.num_workers}): there are no processes in a "
                    "browser; the batches are loaded in this one, without worker_init_fn"
                )
        return _SingleProcessDataLoaderIter(self)

    def _batch_reader(self) -> Callable[[Any], Any] | None:
        return epoch_reader(self.dataset, self._auto_collation, self.collate_fn)

    def __len__(self) -> int:
        """The number of batches. For an iterable data set an estimate from its own length, if it
        has one."""
        if self._dataset_kind != _DatasetKind.Iterable:
            return len(self._index_sampler)
        length = self._IterableDataset_len_called = len(cast(Sized, self.dataset))
        if self.batch_size is None:
            return length
        whole, rest = divmod(length, self.batch_size)
        return whole + (rest > 0 and not self.drop_last)

    def check_worker_number_rationality(self) -> None:
        """Warn if there are more workers than processors."""
        if not self.num_workers or sys.platform == "emscripten":
            return
        import os

        if hasattr(os, "sched_getaffinity"):
            limit = len(os.sched_getaffinity(0))
        else:
            limit = os.cpu_count() or self.num_workers
        if self.num_workers > limit:
            warn(
                f"This DataLoader will create {self.num_workers} worker processes in total. Our "
                f"suggested max number of worker in current system is {limit}, which is smaller "
                "than what this DataLoader is going to create. Please be aware that excessive "
                "worker creation might get DataLoader running slow or even freeze, lower the "
                "worker number to avoid potential slowness/freeze if necessary.",
            )

    def state_dict(self) -> dict:
        """The position in the running epoch, as plain numbers and tensors.

        `epoch` is None between epochs, else the number of batches returned, the base seed, and the
        states of the generators from which the sampler drew its order; a sampler with another
        source of randomness starts a new order. For an iterable data set read by this process its
        own `state_dict` is included, if it has one; otherwise resuming reads it up to the position.
        """
        iterator = self._current() if self._current is not None else None
        if self._resume is not None or iterator is None:
            epoch = self._resume
        else:
            epoch = iterator._position()
        state = {"epoch": epoch}
        if _keeps_state(self):
            state["dataset"] = cast(Any, self.dataset).state_dict()
        return state

    def load_state_dict(self, state: dict) -> None:
        """The next iterator resumes where `state` was taken. KeyError: not a loader's state."""
        self._resume = state["epoch"]
        self._current = None
        if "dataset" in state:
            cast(Any, self.dataset).load_state_dict(state["dataset"])


def _refuse_for_streams(shuffle: Any, sampler: Any, batch_sampler: Any) -> None:
    options = {"shuffle": shuffle or None, "sampler": sampler, "batch_sampler": batch_sampler}
    for name, value in options.items():
        if value is not None:
            raise ValueError(
                f"DataLoader with IterableDataset: expected unspecified {name} option, "
                f"but got {name}={value}"
            )


def _order_generators(loader: DataLoader) -> list[Generator]:
    """All generators that may decide the order: the global one and those along the samplers."""
    found = [default_generator]
    sampler = loader._index_sampler
    for candidate in (loader, sampler, getattr(sampler, "sampler", None)):
        generator = getattr(candidate, "generator", None)
        if generator is not None and all(generator is not other for other in found):
            found.append(generator)
    return found


class _BaseDataLoaderIter:
    """One pass over a loader. Subclasses define `_begin` and `_next_data`.

    It keeps no reference to the loader: a loader with persistent workers refers to its iterator,
    and a cycle would keep the processes alive after the last use.
    """

    def __init__(self, loader: DataLoader) -> None:
        self._dataset = loader.dataset
        self._num_workers = loader.num_workers
        self._is_stream = loader._dataset_kind == _DatasetKind.Iterable
        self._index_sampler = loader._index_sampler
        if loader.pin_memory and not accelerators().count("cuda"):
            warn(
                "'pin_memory' argument is set as true but no accelerator is found, "
                "then device pinned memory won't be used.",
            )
        if loader._resume is None:
            self._base_seed = draw_seed(loader.generator)
        else:
            self._base_seed = loader._resume["base_seed"]
        self._reset(loader)

    def _reset(self, loader: DataLoader) -> None:
        """Begin an epoch: a new one, or, after load_state_dict, the interrupted one."""
        resume, loader._resume = loader._resume, None
        loader._current = weakref.ref(self)
        self._expected = loader._IterableDataset_len_called
        self._drawn_from: list | None = None
        self._ended = False
        self._num_yielded = 0
        self._generators = generators = _order_generators(loader)
        if resume is None:
            self._begin(loader, None)
            return
        if len(generators) != len(resume["generators"]):
            raise ValueError(
                f"state_dict has the states of {len(resume['generators'])} generators, "
                f"but the order of this loader depends on {len(generators)}\n"
                "  fix: make the loader with the sampler and generator of the one that was saved"
            )
        # Draw the order from the saved state, then restore the global generator.
        now = generators[0].get_state()
        for generator, state in zip(generators, resume["generators"], strict=True):
            generator.set_state(state)
        try:
            self._begin(loader, resume["yielded"])
        finally:
            generators[0].set_state(now)
        self._num_yielded = resume["yielded"]

    def _begin(self, loader: DataLoader, skip: int | None) -> None:
        """Start an epoch; or draw its order again and skip its first `skip` batches."""
        raise NotImplementedError

    def _next_data(self) -> Any:
        raise NotImplementedError

    def _note_generators(self) -> None:
        """Remember the generators' states before the order is drawn, which happens at the sampler's
        first `next`."""
        self._drawn_from = [generator.get_state() for generator in self._generators]

    def _position(self) -> dict | None:
        if self._ended:
            return None
        if self._drawn_from is None:
            self._note_generators()
        return {
            "yielded": self._num_yielded,
            "base_seed": self._base_seed,
            "generators": self._drawn_from,
        }

    def __iter__(self) -> _BaseDataLoaderIter:
        return self

    def __next__(self) -> Any:
        data = self._next_data()
        self._num_yielded += 1
        if self._expected is not None and self._num_yielded > self._expected:
            self._warn_length()
        return data

    def __len__(self) -> int:
        return len(self._index_sampler)

    def __getstate__(self) -> dict:
        raise NotImplementedError(f"{type(self).__name__} cannot be pickled")

    def _warn_length(self) -> None:
        text = (
            f"Length of IterableDataset {self._dataset} was reported to be {self._expected}"
            f"(when accessing len(dataloader)), but {self._num_yielded} samples have been fetched. "
        )
        if self._num_workers > 0:
            text += (
                "For multiprocessing data-loading, this could be caused by not properly "
                "configuring the IterableDataset replica at each worker. Please see "
                "https://pytorch.org/docs/stable/data.html#torch.utils.data.IterableDataset "
                "for examples."
            )
        warn(text)


class _SingleProcessDataLoaderIter(_BaseDataLoaderIter):
    """Reads in this process."""

    def _begin(self, loader: DataLoader, skip: int | None) -> None:
        batched, collate_fn = loader._auto_collation, loader.collate_fn
        if self._is_stream:
            self._note_generators()
            self._read = stream_reader(self._dataset, collate_fn, batched, loader.drop_last)
            self._indices = iter(self._index_sampler)
            if not _keeps_state(loader):
                for _ in range(skip or 0):
                    self._read(next(self._indices))
            return
        self._read = map_reader(self._dataset, collate_fn, batched)
        read_batch = loader._batch_reader()
        if read_batch is None:
            self._indices = iter(self._index_sampler)
        else:
            self._read = with_whole_batches(read_batch, self._read)
            self._indices = index_blocks(self._index_sampler)
        # With workers the sampler would draw now, since tasks are sent at once: do the same.
        if skip is not None or loader.num_workers > 0:
            self._note_generators()
            rest = itertools.islice(self._indices, skip or 0, None)
            self._indices = itertools.chain(list(itertools.islice(rest, 1)), rest)

    def _next_data(self) -> Any:
        if self._drawn_from is None:
            self._note_generators()
        try:
            return self._read(next(self._indices))
        except StopIteration:
            self._ended = True
            raise


class _MultiProcessingDataLoaderIter(_BaseDataLoaderIter):
    """Reads in worker processes."""

    _pool: WorkerPool

    def _begin(self, loader: DataLoader, skip: int | None) -> None:
        self._persistent_workers = loader.persistent_workers
        if not hasattr(self, "_pool") or self._pool.closed:
            from .worker_pool import WorkerPool

            self._pool = WorkerPool(loader, self._base_seed, self._is_stream)
        else:
            self._pool.restart()
        self._note_generators()
        self._indices = iter(self._index_sampler)
        if not self._is_stream:
            self._indices = itertools.islice(self._indices, skip or 0, None)
        self._fill()
        if self._is_stream:
            for _ in range(skip or 0):
                self._next_data()

    @property
    def _workers(self) -> list:
        return self._pool.processes

    def _fill(self) -> None:
        """Keep the workers busy."""
        while self._pool.has_room():
            try:
                task = next(self._indices)
            except StopIteration:
                return
            self._pool.put(task)

    def _next_data(self) -> Any:
        from .worker import StreamEnd, WorkerError

        while True:
            answer = self._pool.get()
            if answer is None:
                self._ended = True
                if not self._persistent_workers:
                    self._pool.close()
                raise StopIteration
            self._fill()
            if isinstance(answer, WorkerError):
                answer.reraise()
            if not isinstance(answer, StreamEnd):
                return answer


def _keeps_state(loader: DataLoader) -> bool:
    """Can the stream save its own position? Not in workers, which have copies."""
    return (
        loader._dataset_kind == _DatasetKind.Iterable
        and loader.num_workers == 0
        and hasattr(loader.dataset, "state_dict")
        and hasattr(loader.dataset, "load_state_dict")
    )
