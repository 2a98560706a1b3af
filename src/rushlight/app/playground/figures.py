"""The backend that matplotlib has in the playground: `plt.show()` puts pictures in the output."""

import base64
import io

from matplotlib._pylab_helpers import Gcf
from matplotlib.backends.backend_agg import FigureCanvasAgg

from rushlight.app.playground import emitting

FigureCanvas = FigureCanvasAgg


def show(*args: object, **kwargs: object) -> None:
    """Every figure that is open, as a picture; and closes it."""
    for manager in Gcf.get_all_fig_managers():
        file = io.BytesIO()
        manager.canvas.figure.savefig(file, format="png", dpi=110, bbox_inches="tight")
        data = base64.b64encode(file.getvalue()).decode("ascii")
        emitting[-1]("image", "data:image/png;base64," + data)
    Gcf.destroy_all()
