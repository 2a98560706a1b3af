"""Names of PyTorch's that a library for the CPU, without a compiler, has no use for; and why.

Read when one of them is asked for (core/names.py), and by tools/make_op_table.py. A name that is
there all the same is there: the table only speaks of what is missing. `*` stands for any letters.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from functools import cache

_SCRIPT = "it belongs to TorchScript and PyTorch's C++ objects; here there are Python's own"
_QUANTIZED = "quantized tensors are not there; quantize a model with PyTorch, or keep its floats"
_SHELL = "a dtype that PyTorch has no kernels for, either"
_COMPRESSED = "sparse layouts other than COO are not there: to_sparse() gives COO"
_DISPATCHER = "it belongs to PyTorch's C++ dispatcher"
_CUDNN = "a function of NVIDIA's cuDNN; the one without the prefix runs here"
_MIOPEN = "a function of AMD's MIOpen; the one without the prefix runs here"
_MKLDNN = "a function of Intel's oneDNN; the one without the prefix runs here"
_GPU = "its kernels exist for GPUs only"
_DEVICE = "its device is not there"
_NESTED = "nested tensors are not there: nn.utils.rnn.pad_sequence and a mask, or segment_reduce"

TABLE: dict[str, dict[str, str]] = {
    "torch": {
        _SCRIPT: """
            AVG AggregationType AliasDb AnyType Argument ArgumentSpec AwaitType BenchmarkConfig
            BenchmarkExecutionStats Block BoolType BufferDict CallStack Capsule ClassType Code
            CompilationUnit CompleteArgumentSpec ComplexType ConcreteModule* DeepCopyMemoTable
            DeserializationStorageContext DeviceObjType DictType EnumType ErrorReport ExecutionPlan
            FatalError FileCheck FloatType FunctionSchema FutureType Gradient Graph
            GraphExecutorState IODescriptor InferredType IntType InterfaceType JITException ListType
            LiteScriptModule LockingLogger LoggerBase ModuleDict Node NoneType NoopLogger NumberType
            OperatorInfo OptionalType ParameterDict PyObjectType PyTorchFileReader PyTorchFileWriter
            RRefType SUM Script* SerializationStorageContext StaticModule StreamObjType StringType
            SymBoolType SymIntType Tag TensorType ThroughputBenchmark TracingState TupleType Type
            UnionType Use Value classes cpp fork import_ir_module* init_num_threads
            merge_type_from_type_comment parse_ir parse_schema parse_type_comment unify_type_list
            wait StorageBase
        """,
        _DISPATCHER: """
            DispatchKey DispatchKeySet ExcludeDispatchKeyGuard slice_inverse sym_fresh_size
        """,
        _QUANTIZED: """
            q_* qint32 qint8 qscheme quint* QInt* QUInt* quantize_* quantized_* fake_quantize_*
            fbgemm_* dequantize
            choose_qparams_optimized empty_quantized fused_moving_avg_obs_fake_quant int_repr
            per_channel_* per_tensor_*
        """,
        _SHELL: "bit bits* int1 int2 int3 int4 int5 int6 int7 uint1 uint2 uint3 uint4 uint5 uint6 "
        "uint7 float4_e2m1fn_x2",
        "a dtype of scales for GPUs that multiply in 8 bits": "float8_e8m0fnu",
        _COMPRESSED: "ccol_indices_copy col_indices_copy crow_indices_copy row_indices_copy",
        "PyTorch has no kernel for it on the CPU, either": "indices_copy values_copy native_norm",
        _GPU: """
            batch_norm_backward_* batch_norm_elemt batch_norm_gather_stats* batch_norm_stats
            profiler_allow_*
        """,
        _CUDNN: "cudnn_*",
        _MIOPEN: "miopen_*",
        _MKLDNN: "mkldnn_*",
        _DEVICE: "*_autocast_ipu_* *_autocast_xla_*",
    },
    "torch.Tensor": {
        _QUANTIZED: "dequantize int_repr q_* qscheme",
        _NESTED: "to_padded_tensor",
        "first-class dimensions are not there: torch.func.rearrange, torch.vmap": "index",
        "streams of accelerators are not there": "record_stream",
        _DISPATCHER: "slice_inverse",
    },
    "torch.nn.functional": {
        _GPU: "scaled_grouped_mm scaled_mm",
    },
}


@cache
def reason(space: str, name: str) -> str:
    """Why torch's `name` of a namespace ("torch", "torch.nn") is not there on purpose; "" if it is
    only missing.
    """
    for why, names in TABLE.get(space, {}).items():
        if any(fnmatchcase(name, pattern) for pattern in names.split()):
            return why
    return ""
