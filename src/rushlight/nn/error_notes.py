"""Where in a net an error happened: a note on the exception, written only when one is raised.

    RuntimeError: mat1 and mat2 shapes cannot be multiplied (64x9216 and 784x512)
      in Net.linear_relu_stack.0: Linear(in_features=784, out_features=512, bias=True)
      input (64, 9216), weight (512, 784), bias (512,)

Every module that the exception propagates through extends the path; settings and shapes are those
of the innermost one.
"""

from __future__ import annotations

from typing import Any

from ..core.names import closest
from ..core.tensor import Tensor


def note(error: Exception, module: Any, args: tuple, kwargs: dict) -> None:
    """Add, or extend, the note that says where `error` happened."""
    try:
        _note(error, module, args, kwargs)
    except Exception:  # repr of a half-built module may fail: keep the original error
        return


def _note(error: Any, module: Any, args: tuple, kwargs: dict) -> None:
    passed = error.__dict__.get("_rushlight_where")
    if passed is None:
        told = "\n" in str(error)  # the message of the operation already has the shapes
        innermost, path, details = module, "", _details(module, args, kwargs, told)
        index = len(getattr(error, "__notes__", ()))
        error.add_note("")
    else:
        innermost, outer, path, details, index = passed
        if outer is not module:
            step = _path(module, outer)
            path = f"{step}.{path}" if step and path else step or path
    error._rushlight_where = (innermost, module, path, details, index)
    name = f"{module._get_name()}.{path}" if path else module._get_name()
    error.__notes__[index] = f"  in {name}: {details}"


def _path(outer: Any, inner: Any) -> str:
    """The dotted name of a module below another; "(Class)" if it is not registered there."""
    for name, module in outer._modules.items():
        if module is inner:
            return name
    for name, module in outer.named_modules():
        if module is inner:
            return name
    return f"({inner._get_name()})"


def _details(module: Any, args: tuple, kwargs: dict, told: bool) -> str:
    """The module's repr and, unless `told`, the shapes of its inputs and parameters."""
    text = f"{module._get_name()}({'...' if module._modules else module.extra_repr()})"
    if told:
        return text
    code = getattr(getattr(module.forward, "__func__", None), "__code__", None)
    names = code.co_varnames[1 : code.co_argcount] if code is not None else ()
    named = [(names[i] if i < len(names) else f"argument {i + 1}", a) for i, a in enumerate(args)]
    named += [*kwargs.items(), *module._parameters.items()]
    shapes = [f"{name} {tuple(t.shape)}" for name, t in named if isinstance(t, Tensor)]
    return text + ("\n  " + ", ".join(shapes) if shapes else "")


def misspelt_forward(kind: type) -> str:
    """A line about the method of a class that was to be `forward`; "" if none is like it."""
    own = [name for name in vars(kind) if name.startswith(("f", "F")) and name != "forward"]
    near = closest("forward", own)
    return f"\n  {kind.__name__} has {near}: is that it?" if near else ""


def no_module(thing: Any) -> str:
    """A line about what was given in place of a Module."""
    if isinstance(thing, list | tuple):
        return "\n  fix: nn.Sequential(*layers), with the star"
    if isinstance(thing, type):
        return f"\n  fix: an instance, {thing.__name__}(...)"
    return ""
