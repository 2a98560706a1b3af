"""Models by name, and the enums of their weights.

`get_model("resnet18")`, `list_models()`; `@published(ResNet18_Weights)` makes a function that
builds a model into one that takes `weights=`, and registers it.
"""

from __future__ import annotations

import fnmatch
import functools
import importlib
import inspect
import sys
from collections.abc import Callable, Iterable
from enum import Enum
from types import ModuleType
from typing import Any, TypeVar

from ...core.names import pytorch_names
from ...core.notices import warn
from ...nn import Module
from ._weights import Listed, Weights, load_file, table

__all__ = [
    "Weights",
    "WeightsEnum",
    "get_model",
    "get_model_builder",
    "get_model_weights",
    "get_weight",
    "list_models",
    "register_model",
]

BUILTIN_MODELS: dict[str, Callable[..., Any]] = {}
F = TypeVar("F", bound=Callable[..., Any])


class WeightsEnum(Enum):
    """The published weights of a model: `ResNet18_Weights.IMAGENET1K_V1`, `.DEFAULT` the best."""

    @classmethod
    def verify(cls, obj: Any) -> Any:
        """A member by its name ("IMAGENET1K_V1", "ResNet18_Weights.IMAGENET1K_V1"), or itself.

        KeyError: another name; TypeError: a member of another enum
        """
        if obj is None or isinstance(obj, cls):
            return obj
        if isinstance(obj, str):
            return cls[obj.replace(cls.__name__ + ".", "")]
        raise TypeError(
            f"Invalid Weight class provided; expected {cls.__name__} but received "
            f"{obj.__class__.__name__}."
        )

    def get_state_dict(self, progress: bool = True, check_hash: bool = True) -> dict[str, Any]:
        """The weights, from torch.hub's cache folder. They are not downloaded.

        FileNotFoundError: not there; the text says from where they can be fetched
        """
        return load_file(self.url, str(self), check_hash)

    @property
    def url(self) -> str:
        """Where the file is."""
        return self.value.url

    @property
    def transforms(self) -> Callable[[], Any]:
        """Called without arguments: what turns an image into the model's input."""
        return self.value.transforms

    @property
    def meta(self) -> dict[str, Any]:
        """ "categories", "num_params", "min_size", "recipe", "_metrics", ..."""
        return self.value.meta

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        return getattr, (type(self), self.name)  # by name: what is known of it is not copied

    def __str__(self) -> str:
        return f"{type(self).__name__}.{self.name}"

    __repr__ = __str__


def weights(name: str, module: str) -> Any:
    """The enum of this name, from the table."""
    members: dict[str, Weights] = {}
    for member, row in table()[name].items():
        members[member] = members[row] if isinstance(row, str) else Listed(row)
    kind: Any = WeightsEnum
    return kind(name, list(members.items()), module=module)


def register_model(name: str | None = None) -> Callable[[F], F]:
    """A decorator: get_model finds the function by this name, or its own.

    ValueError: the name is taken
    """

    def register(fn: F) -> F:
        key = name if name is not None else fn.__name__
        if key in BUILTIN_MODELS:
            raise ValueError(f"An entry is already registered under the name '{key}'.")
        BUILTIN_MODELS[key] = fn
        return fn

    return register


Prepare = Callable[[dict[str, Any], Any], "Callable[[Any], None] | None"]


def published(
    kind: Any, prepare: Prepare | None = None, rename: Callable[[str], str] | None = None
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """A decorator for `build(**kwargs) -> model`: adds weights= and progress=, and registers it.

    kind     the enum of the weights; its first member is what `pretrained=True` meant
    prepare  (kwargs, weights) before the model is built with weights; may return what is to be
             done with the model afterwards
    rename   the state_dict's keys
    """

    def decorate(build: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(build)
        def builder(*args: Any, **kwargs: Any) -> Any:
            chosen = legacy(build.__name__, {"weights": kind}, args, kwargs)["weights"]
            kwargs.pop("progress", None)
            if chosen is None:
                return build(**kwargs)
            if chosen.meta["categories"] is not None:
                expect(kwargs, "num_classes", len(chosen.meta["categories"]))
            finish = prepare(kwargs, chosen) if prepare else None
            model = build(**kwargs)
            state = chosen.get_state_dict(check_hash=True)
            if rename is not None:
                state = {rename(key): value for key, value in state.items()}
            model.load_state_dict(state)
            if finish is not None:
                finish(model)
            return model

        return register_model()(signed(builder, build, kind))

    return decorate


def signed(builder: Any, build: Any, kind: Any, **more: tuple[Any, Any]) -> Any:
    """builder with torchvision's signature, all by keyword: weights, progress, `more` (name ->
    annotation, default), kwargs.
    """
    rows = {"weights": (kind | None, None), "progress": (bool, True)} | more
    options = [
        inspect.Parameter(
            name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation
        )
        for name, (annotation, default) in rows.items()
    ]
    options.append(inspect.Parameter("kwargs", inspect.Parameter.VAR_KEYWORD, annotation=Any))
    home = sys.modules[build.__module__].__dict__
    returns = home.get(build.__annotations__["return"], Any)
    builder.__signature__ = inspect.Signature(options, return_annotation=returns)
    builder.weights_enum = kind
    return builder


OLD_NAMES = {"weights": "pretrained", "weights_backbone": "pretrained_backbone"}


def legacy(
    name: str, enums: dict[str, Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> dict[str, Any]:
    """Take the weights of `enums` out of args and kwargs: members or None, with torchvision's
    warnings for old names, positions and booleans.
    """
    places = [next(iter(enums)), "progress"]
    if len(args) > len(places):
        raise TypeError(
            f"{name}() takes from 0 to {len(places)} positional arguments but {len(args)} were "
            "given"
        )
    if args:
        given = " and ".join(f"'{place}'" for place in places[: len(args)])
        warn(
            f"Using {given} as positional parameter(s) is deprecated since 0.13 and may be removed "
            "in the future. Please use keyword parameter(s) instead."
        )
        kwargs.update(zip(places, args, strict=False))
    found = {}
    for key, kind in enums.items():
        old = OLD_NAMES[key]
        if old in kwargs:
            warn(
                f"The parameter '{old}' is deprecated since 0.13 and may be removed in the future, "
                f"please use '{key}' instead."
            )
            kwargs[key] = kwargs.pop(old)
        value = kwargs.pop(key, None)
        if isinstance(value, bool):
            first = next(iter(kind)) if value else None
            hint = (
                f" You can also use `{key}={kind.__name__}.DEFAULT` to get the most up-to-date "
                "weights."
            )
            warn(
                f"Arguments other than a weight enum or `None` for '{key}' are deprecated since "
                "0.13 and may be removed in the future. The current behavior is equivalent to "
                f"passing `{key}={first}`.{hint if value else ''}"
            )
            value = first
        found[key] = kind.verify(value)
    return found


def expect(kwargs: dict[str, Any], param: str, value: Any) -> None:
    """Set an option that the weights decide; ValueError if the caller has set another value."""
    if kwargs.setdefault(param, value) != value:
        raise ValueError(
            f"The parameter '{param}' expected value {value} but got {kwargs[param]} instead."
        )


def list_models(
    module: ModuleType | None = None,
    include: Iterable[str] | str | None = None,
    exclude: Iterable[str] | str | None = None,
) -> list[str]:
    """The names of the models, sorted.

    module   only those that are defined in it
    include  patterns ("resnet*"), one of which a name has to match
    exclude  patterns, none of which a name may match
    """
    found = {
        name
        for name, fn in BUILTIN_MODELS.items()
        if module is None or fn.__module__.rpartition(".")[0] == module.__name__
    }
    if include:
        found = {n for pattern in _patterns(include) for n in fnmatch.filter(found, pattern)}
    if exclude:
        for pattern in _patterns(exclude):
            found -= set(fnmatch.filter(found, pattern))
    return sorted(found)


def _patterns(given: Iterable[str] | str) -> list[str]:
    return [given] if isinstance(given, str) else list(given)


#: torchvision's models that rushlight does not have
_ELSEWHERE = ("", ".detection", ".optical_flow", ".quantization", ".video")


def get_model_builder(name: str) -> Callable[..., Any]:
    """The function that makes the model of this name; ValueError: there is none."""
    key = name.lower()
    if key not in BUILTIN_MODELS:
        known = {n for space in _ELSEWHERE for n in pytorch_names(f"torchvision.models{space}")}
        hint = (
            "\n  rushlight does not have it yet" if key.removeprefix("quantized_") in known else ""
        )
        raise ValueError(f"Unknown model {name}{hint}")
    return BUILTIN_MODELS[key]


def get_model(name: str, **config: Any) -> Module:
    """The model of this name, made with these arguments; ValueError: there is none."""
    return get_model_builder(name)(**config)


def get_model_weights(name: Callable[..., Any] | str) -> Any:
    """The enum of a model's weights, by its name or by the function that makes it."""
    model = get_model_builder(name) if isinstance(name, str) else name
    kind = getattr(model, "weights_enum", None)
    if kind is not None:
        return kind
    # a function of the user's: the annotation of `weights` says it
    for part in _annotated(inspect.signature(model).parameters.get("weights")):
        if isinstance(part, type) and issubclass(part, WeightsEnum):
            return part
    raise ValueError(
        "The WeightsEnum class for the specific method couldn't be retrieved. Make sure the typing "
        "info are correct."
    )


def _annotated(parameter: inspect.Parameter | None) -> tuple[Any, ...]:
    if parameter is None:
        return ()
    kind = parameter.annotation
    return getattr(kind, "__args__", (kind,))


def get_weight(name: str) -> WeightsEnum:
    """The weights "ResNet18_Weights.IMAGENET1K_V1".

    ValueError: not of this form, or no such enum; KeyError: no such member
    """
    parts = name.split(".")
    if len(parts) != 2:
        raise ValueError(f"Invalid weight name provided: '{name}'.")
    package = __name__.rpartition(".")[0]
    for space in (package, f"{package}.segmentation"):
        found = getattr(importlib.import_module(space), parts[0], None)
        if found is not None:
            return found[parts[1]]
    raise ValueError(f"The weight enum '{parts[0]}' for the specific method couldn't be retrieved.")
