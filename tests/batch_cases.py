"""Modules and the inputs of one batch: code for `nn`, and shapes with N for the batch size.

An input is a shape of floats, or "long K ..." for a shape of whole numbers below K.
"""

_SAME = """
    CELU() ELU() GELU() Hardshrink() Hardsigmoid() Hardswish() Hardtanh() LeakyReLU() LogSigmoid()
    Mish() PReLU() ReLU() ReLU6() RReLU() SELU() SiLU() Sigmoid() Softplus() Softshrink() Softsign()
    Tanh() Tanhshrink() Threshold(0.1,2.0) GLU(1) Softmax(1) Softmin(1) LogSoftmax(1) Dropout()
    AlphaDropout() FeatureAlphaDropout() Identity() Flatten() Unflatten(1,(2,2)) Linear(4,3)
    LayerNorm(4) RMSNorm(4) BatchNorm1d(4) GroupNorm(2,4) BatchNorm1d(4,affine=False)
    BatchNorm1d(4,track_running_stats=False) BatchNorm1d(4).eval() LazyLinear(3) LazyBatchNorm1d()
"""
_ROWS = """
    Conv1d(4,2,3) ConvTranspose1d(4,2,3) LazyConv1d(2,3) MaxPool1d(2) AvgPool1d(2) LPPool1d(2,2)
    AdaptiveAvgPool1d(2) AdaptiveMaxPool1d(2) AdaptiveMaxPool1d(2,return_indices=True)
    BatchNorm1d(4) InstanceNorm1d(4,affine=True) InstanceNorm1d(4,track_running_stats=True)
    GroupNorm(2,4) LocalResponseNorm(2) CircularPad1d(1) ConstantPad1d(1,2.0) ReflectionPad1d(1)
    ReplicationPad1d(1) ZeroPad1d(1) Dropout1d() ChannelShuffle(2) LazyConvTranspose1d(2,3)
"""
_IMAGES = """
    Conv2d(4,2,3) Conv2d(4,4,3,groups=2,padding=1) Conv2d(4,2,2,padding='same')
    Conv2d(4,2,3,padding=1,padding_mode='reflect') ConvTranspose2d(4,2,3) MaxPool2d(2) AvgPool2d(2)
    MaxPool2d(2,return_indices=True) LPPool2d(2,2) FractionalMaxPool2d(2,2) AdaptiveAvgPool2d(2)
    AdaptiveAvgPool2d(1) AdaptiveMaxPool2d(2) BatchNorm2d(4) BatchNorm2d(4).eval()
    InstanceNorm2d(4,affine=True) CircularPad2d(1) ConstantPad2d(1,2.0) ReflectionPad2d(1)
    ReplicationPad2d(1) ZeroPad2d(1) Dropout2d() PixelShuffle(2) PixelUnshuffle(2) Unfold(2)
    Softmax2d() CosineSimilarity() LocalResponseNorm(3)
"""
_VOLUMES = """
    Conv3d(4,2,3) ConvTranspose3d(4,2,3) MaxPool3d(2) AvgPool3d(2) LPPool3d(2,2)
    FractionalMaxPool3d(2,2) AdaptiveAvgPool3d(2) AdaptiveMaxPool3d(2) BatchNorm3d(4)
    InstanceNorm3d(4,affine=True) CircularPad3d(1) ConstantPad3d(1,2.0) ReflectionPad3d(1)
    ReplicationPad3d(1) ZeroPad3d(1) Dropout3d()
"""

CASES = [
    *[(code, "N 4") for code in _SAME.split()],
    *[(code, "N 4 6") for code in _ROWS.split()],
    *[(code, "N 4 6 6") for code in _IMAGES.split() if "Cosine" not in code],
    *[(code, "N 4 4 4 4") for code in _VOLUMES.split()],
    ("CosineSimilarity()", "N 4", "N 4"),
    ("PairwiseDistance()", "N 4", "N 4"),
    ("Bilinear(4,3,2)", "N 4", "N 3"),
    ("Embedding(5,3)", "long 5 N"),
    ("Embedding(5,3,padding_idx=1)", "long 5 N 4"),
    ("EmbeddingBag(5,3)", "long 5 N 4"),
    ("EmbeddingBag(5,3,mode='max')", "long 5 N 4"),
    ("Fold(4,2)", "N 8 9"),
    ("MaxUnpool1d(2)", "N 4 3", "long 6 N 4 3"),
    ("MaxUnpool2d(2)", "N 4 3 3", "long 36 N 4 3 3"),
    ("MaxUnpool3d(2)", "N 4 2 2 2", "long 64 N 4 2 2 2"),
]
_LOSSES = [
    ("BCELoss({})", "N 4", "N 4"),
    ("BCEWithLogitsLoss({})", "N 4", "N 4"),
    ("CosineEmbeddingLoss({})", "N 4", "N 4", "N"),
    ("CrossEntropyLoss({})", "N 4", "long 4 N"),
    ("CrossEntropyLoss({})", "N 4", "N 4"),
    ("CrossEntropyLoss({})", "N 4 3", "long 4 N 3"),
    ("GaussianNLLLoss({})", "N 4", "N 4", "N 4"),
    ("HingeEmbeddingLoss({})", "N 4", "N 4"),
    ("HuberLoss({})", "N 4", "N 4"),
    ("KLDivLoss({})", "N 4", "N 4"),
    ("L1Loss({})", "N 4", "N 4"),
    ("MSELoss({})", "N 4", "N 4"),
    ("MarginRankingLoss({})", "N", "N", "N"),
    ("MultiLabelMarginLoss({})", "N 4", "long 4 N 4"),
    ("MultiLabelSoftMarginLoss({})", "N 4", "N 4"),
    ("MultiMarginLoss({})", "N 4", "long 4 N"),
    ("NLLLoss({})", "N 4", "long 4 N"),
    ("NLLLoss({})", "N 4 3", "long 4 N 3"),
    ("PoissonNLLLoss({})", "N 4", "N 4"),
    ("SmoothL1Loss({})", "N 4", "N 4"),
    ("SoftMarginLoss({})", "N 4", "N 4"),
    ("TripletMarginLoss({})", "N 4", "N 4", "N 4"),
]
for _reduction in ("none", "sum"):
    CASES += [(c.format(f"reduction='{_reduction}'"), *rest) for c, *rest in _LOSSES]


def run(torch, case, n):
    """The module, its floating inputs and its outputs for a batch of n."""
    code, *inputs = case
    module = eval("nn." + code, {"nn": torch.nn})
    made = []
    for text in inputs:
        words = text.split()
        high = None
        if words[0] == "long":
            high, words = int(words[1]), words[2:]
        shape = [n if w == "N" else int(w) for w in words]
        if high:
            made.append(torch.zeros(shape, dtype=torch.int64))
        else:
            made.append(torch.full(shape, 0.5))
    made[0] = made[0].requires_grad_() if made[0].is_floating_point() else made[0]
    found = module(*made)
    return module, made, found if isinstance(found, tuple) else (found,)
