# Made by tools/make_stubs.py from the schemas of the ops: `make stubs`.
from .errors import LoadError as LoadError
from .loading import add_safe_globals as add_safe_globals
from .loading import clear_safe_globals as clear_safe_globals
from .loading import get_safe_globals as get_safe_globals
from .loading import get_unsafe_globals_in_checkpoint as get_unsafe_globals_in_checkpoint
from .loading import load as load
from .loading import safe_globals as safe_globals
from .saving import save as save
