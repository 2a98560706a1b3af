"""torch.utils.tensorboard: event files for TensorBoard.

wire.py     records, checksums, protocol buffers
summary.py  scalars, histograms, pictures, texts, curves as messages
writer.py   SummaryWriter
graph.py    the graph of a model; embedding.py: files for the projector
"""

from ...core.names import explain_missing
from .wire import RecordWriter
from .writer import FileWriter, SummaryWriter

__all__ = ["FileWriter", "RecordWriter", "SummaryWriter"]

explain_missing(__name__)
