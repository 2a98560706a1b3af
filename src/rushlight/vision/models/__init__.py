"""Models of images under torchvision's names: constructors, state_dict keys, first weights.

Weights are never downloaded: `weights=` reads a file that is in torch.hub's cache folder, or says
where it can be fetched.
"""

from importlib import import_module as _import_module

from ...core.names import beside as _beside
from ...core.names import explain_missing as _explain_missing
from ...core.names import signpost as _signpost
from . import (
    convnext,
    densenet,
    efficientnet,
    inception,
    maxvit,
    mnasnet,
    mobilenet,
    mobilenetv2,
    mobilenetv3,
    regnet,
    resnet,
    segmentation,
    shufflenetv2,
    squeezenet,
    swin_transformer,
    vgg,
    vision_transformer,
)
from ._api import (
    Weights,
    WeightsEnum,
    get_model,
    get_model_builder,
    get_model_weights,
    get_weight,
    list_models,
)
from .alexnet import *  # noqa: F403
from .convnext import *  # noqa: F403
from .densenet import *  # noqa: F403
from .efficientnet import *  # noqa: F403
from .googlenet import *  # noqa: F403
from .inception import *  # noqa: F403
from .maxvit import *  # noqa: F403
from .mnasnet import *  # noqa: F403
from .mobilenet import *  # noqa: F403
from .regnet import *  # noqa: F403
from .resnet import *  # noqa: F403
from .shufflenetv2 import *  # noqa: F403
from .squeezenet import *  # noqa: F403
from .swin_transformer import *  # noqa: F403
from .vgg import *  # noqa: F403
from .vision_transformer import *  # noqa: F403

for _name in ("alexnet", "googlenet"):
    _beside(f"{__name__}.{_name}")
_explain_missing(__name__)
# it stands on torch.fx, which no room imports
_signpost(f"{__name__}.feature_extraction", "rushlight.fx.feature_extraction")
feature_extraction = _import_module(f"{__name__}.feature_extraction")

# programs list `models.__dict__` to find the models
del _beside, _explain_missing, _import_module, _name, _signpost
