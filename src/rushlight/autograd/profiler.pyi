from ..profiler.blocks import EnforceUnique as EnforceUnique
from ..profiler.blocks import KinetoStepTracker as KinetoStepTracker
from ..profiler.blocks import emit_itt as emit_itt
from ..profiler.blocks import emit_nvtx as emit_nvtx
from ..profiler.blocks import load_nvprof as load_nvprof
from ..profiler.blocks import parse_nvprof_trace as parse_nvprof_trace
from ..profiler.blocks import profile as profile
from ..profiler.blocks import record_function as record_function
