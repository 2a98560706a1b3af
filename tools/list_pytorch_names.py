"""Write src/rushlight/core/pytorch_names.txt: the public names of PyTorch 2.13, by namespace.

    python tools/list_pytorch_names.py ../shared/conformance/api_surface.json

The list tells a misspelt name from one that rushlight does not have yet (core/names.py). One line
per namespace, `torch.nn: AdaptiveAvgPool1d ...`; submodules stand among the names.
"""

import json
import sys
from pathlib import Path

OUT = Path(__file__).parents[1] / "src/rushlight/core/pytorch_names.txt"
# the surface's headings that are parts of one namespace
PARTS = {"torch functions": "torch", "torch classes": "torch", "torch constants": "torch"}
PARTS |= {"torch.Tensor methods": "torch.Tensor", "torch.Tensor attributes": "torch.Tensor"}
SUBMODULES = """
    torch.accelerator torch.amp torch.ao torch.autograd torch.backends torch.backends.cpu
    torch.backends.cuda torch.backends.cudnn torch.backends.mha torch.backends.mkl
    torch.backends.mkldnn torch.backends.mps torch.backends.openmp torch.backends.opt_einsum
    torch.compiler torch.cpu torch.cpu.amp torch.cuda torch.cuda.amp torch.distributed
    torch.distributions torch.export torch.fft torch.func torch.futures torch.fx torch.hub torch.jit
    torch.library torch.linalg torch.masked torch.monitor torch.mps torch.mtia
    torch.multiprocessing torch.nested torch.nn torch.nn.attention torch.nn.functional torch.nn.init
    torch.nn.modules torch.nn.parallel torch.nn.parameter torch.nn.qat torch.nn.quantized
    torch.nn.utils torch.nn.utils.clip_grad torch.nn.utils.convert_parameters torch.nn.utils.fusion
    torch.nn.utils.init torch.nn.utils.memory_format torch.nn.utils.parametrizations
    torch.nn.utils.parametrize torch.nn.utils.prune torch.nn.utils.rnn torch.nn.utils.stateless
    torch.onnx torch.optim torch.optim.lr_scheduler torch.optim.swa_utils torch.overrides
    torch.package torch.profiler torch.quantization torch.quasirandom torch.random
    torch.return_types torch.serialization torch.signal torch.signal.windows torch.sparse
    torch.special torch.storage torch.testing torch.types torch.utils torch.utils.benchmark
    torch.utils.bottleneck torch.utils.checkpoint torch.utils.cpp_extension torch.utils.data
    torch.utils.data.distributed torch.utils.dlpack torch.utils.flop_counter torch.utils.hooks
    torch.utils.mobile_optimizer torch.utils.model_zoo torch.utils.tensorboard torch.version
    torch.xpu torch.autograd.forward_ad torch.autograd.function torch.autograd.functional
    torch.autograd.gradcheck torch.autograd.grad_mode torch.autograd.graph torch.autograd.profiler
""".split()
# namespaces that the surface has no heading for
MORE = {
    "torch.distributions": "AbsTransform AffineTransform Bernoulli Beta Binomial "
    "CatTransform Categorical Cauchy "
    "Chi2 ComposeTransform ContinuousBernoulli CorrCholeskyTransform "
    "CumulativeDistributionTransform Dirichlet Distribution ExpTransform Exponential "
    "ExponentialFamily FisherSnedecor Gamma GeneralizedPareto Geometric Gumbel HalfCauchy "
    "HalfNormal Independent IndependentTransform InverseGamma Kumaraswamy LKJCholesky Laplace "
    "LogNormal LogisticNormal LowRankMultivariateNormal LowerCholeskyTransform "
    "MixtureSameFamily Multinomial MultivariateNormal NegativeBinomial Normal "
    "OneHotCategorical OneHotCategoricalStraightThrough Pareto Poisson "
    "PositiveDefiniteTransform PowerTransform RelaxedBernoulli RelaxedOneHotCategorical "
    "ReshapeTransform SigmoidTransform SoftmaxTransform SoftplusTransform StackTransform "
    "StickBreakingTransform StudentT TanhTransform Transform TransformedDistribution Uniform "
    "VonMises Weibull Wishart biject_to constraints identity_transform kl kl_divergence "
    "register_kl transform_to transforms",
    "torch.autograd.profiler": "EnforceUnique EventList FunctionEvent KinetoStepTracker "
    "MemRecordsAcc emit_itt emit_nvtx load_nvprof parse_nvprof_trace profile record_function",
    "torch.utils.checkpoint": "CheckpointError CheckpointFunction CheckpointPolicy "
    "DefaultDeviceType GraphExecGroup SAC_IGNORED_OPS SelectiveCheckpointContext "
    "check_backward_validity checkpoint checkpoint_sequential "
    "create_selective_checkpoint_contexts detach_variable get_device_states noop_context_fn "
    "set_checkpoint_debug_enabled set_checkpoint_early_stop set_device_states",
}


def main(path):
    found = {space: set(names.split()) for space, names in MORE.items()}
    for heading, facts in json.loads(Path(path).read_text("utf-8"))["namespaces"].items():
        names = found.setdefault(PARTS.get(heading, heading), set())
        names.update(n for n in facts["names"] if not n.startswith("_"))
    for module in SUBMODULES:
        parent, _, name = module.rpartition(".")
        found.setdefault(parent, set()).add(name)
    lines = [f"{space}: {' '.join(sorted(names))}\n" for space, names in sorted(found.items())]
    OUT.write_text("".join(line for line in lines if not line.endswith(": \n")), "utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
