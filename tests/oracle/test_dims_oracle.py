"""A dimension that there is not: what PyTorch refuses, we refuse, by every name of the argument."""

import itertools
import warnings

import pytest

oracle = pytest.importorskip("torch")

import rushlight as torch  # noqa: E402

# of PyTorch's build, not of a tensor
OTHERS = {"DisableTorchFunction", "DisableTorchFunctionSubclass", "is_vulkan_available"}
BAD = [
    {"dim": 5}, {"dim": -3}, {"dim": (5,)}, {"dim": 5, "keepdim": True}, {"axis": 5},
    {"dims": 5}, {"dims": (5,)}, {"dims": (0, -3)}, {"shifts": 1, "dims": 5},
    {"shifts": (1, 1), "dims": (0, -3)}, {"dim0": 0, "dim1": 5}, {"start_dim": 5}, {"end_dim": 5},
    {"diagonal": 0, "dim1": 5},
]  # fmt: skip
GIVEN = [
    lambda lib: (floats(lib),),
    lambda lib: (floats(lib), floats(lib)),
    lambda lib: (floats(lib), whole(lib)),
    lambda lib: (floats(lib), whole(lib), floats(lib)),
    lambda lib: ((floats(lib), floats(lib)),),
]
PLACES = {
    "torch": lambda lib: lib,
    "nn.functional": lambda lib: lib.nn.functional,
    "linalg": lambda lib: lib.linalg,
    "fft": lambda lib: lib.fft,
}


def floats(lib):
    return lib.arange(12.0).view(3, 4)


def whole(lib):
    return lib.zeros(3, 4, dtype=lib.int64)


def raised(lib, function, given, options):
    """The error's type, None without one."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            function(*given(lib), **options)
        except Exception as e:
            return type(e)
    return None


@pytest.mark.parametrize("place", PLACES)
def test_absent_dimensions(place):
    theirs, ours = PLACES[place](oracle), PLACES[place](torch)
    asked, taken = 0, []
    for name in sorted({n for n in dir(theirs) if n[0] != "_"} & set(dir(ours)) - OTHERS):
        f, g = getattr(theirs, name), getattr(ours, name)
        if not callable(f):
            continue
        for given, options in itertools.product(GIVEN, BAD):
            expected = raised(oracle, f, given, options)
            if expected is TypeError:  # (no such argument)
                continue
            asked += 1
            if (raised(torch, g, given, options) is None) != (expected is None):
                taken.append((name, options, expected))
    assert asked >= 5 and taken == []
