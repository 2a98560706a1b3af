from ..profiler.events import EventList as EventList
from ..profiler.events import FormattedTimesMixin as FormattedTimesMixin
from ..profiler.events import FunctionEvent as FunctionEvent
from ..profiler.events import FunctionEventAvg as FunctionEventAvg
from ..profiler.events import Interval as Interval
from ..profiler.events import Kernel as Kernel
from ..profiler.events import MemRecordsAcc as MemRecordsAcc
from ..profiler.events import StringTable as StringTable
