// New arrays; large ones begin with a cache line.
//
// malloc gives multiples of 16 bytes, so three arrays in four lie askew: each load of a register of
// 64 bytes touches two lines, and reading weights once takes a fifth longer (docs/native.md). NumPy
// lets a program say where an array comes from (NEP 49); the array keeps what is needed to free it.
// The memory itself is NumPy's, which asks for pages of 2 MB from 4 MB on.
#include "bind.hpp"

#include <cstring>

namespace rl {
namespace {

constexpr std::size_t LINE = 64;
constexpr std::size_t LARGE = 1 << 18;  // bytes: below, the place of an array made no difference

// The header in front of an array's memory.
struct Front {
    void* block;       // NumPy's
    std::size_t size;  // asked for
};
constexpr std::size_t EXTRA = LINE + sizeof(Front);  // wherever malloc's multiple of 16 lies

const PyDataMemAllocator& numpy() {
    static const auto* const its =
        static_cast<PyDataMem_Handler*>(PyCapsule_GetPointer(PyDataMem_DefaultHandler, "mem_handler"));
    return its->allocator;
}

void* placed(void* block, std::size_t size) {
    if (!block) return nullptr;
    const auto at = reinterpret_cast<std::uintptr_t>(block) + sizeof(Front);
    char* const p = reinterpret_cast<char*>((at + LINE - 1) / LINE * LINE);
    reinterpret_cast<Front*>(p)[-1] = {block, size};
    return p;
}

Front& front(void* p) { return static_cast<Front*>(p)[-1]; }

void* allocate(void*, std::size_t size) {
    if (size > SIZE_MAX - EXTRA) return nullptr;
    return placed(numpy().malloc(numpy().ctx, size + EXTRA), size);
}

void* allocate_zeros(void*, std::size_t count, std::size_t each) {
    std::size_t size;
    if (__builtin_mul_overflow(count, each, &size) || size > SIZE_MAX - EXTRA) return nullptr;
    return placed(numpy().calloc(numpy().ctx, 1, size + EXTRA), size);
}

void release(void*, void* p, std::size_t) {
    if (p) numpy().free(numpy().ctx, front(p).block, front(p).size + EXTRA);
}

void* reallocate(void*, void* p, std::size_t size) {
    if (!p) return allocate(nullptr, size);
    void* const q = allocate(nullptr, size);
    if (!q) return nullptr;
    std::memcpy(q, p, front(p).size < size ? front(p).size : size);
    release(nullptr, p, 0);
    return q;
}

PyDataMem_Handler handler = {
    "rushlight_aligned", 1, {nullptr, allocate, allocate_zeros, reallocate, release}};

// While it lives, what NumPy makes begins with a line, if it has `bytes` and is large; on an error Python's is set.
class Aligned {
    PyObject* before_ = nullptr;

 public:
    Aligned(PyArray_Descr* dtype, std::size_t bytes) {
        if (bytes < LARGE || PyDataType_REFCHK(dtype)) return;
        static PyObject* const capsule = PyCapsule_New(&handler, "mem_handler", nullptr);
        if (capsule) before_ = PyDataMem_SetHandler(capsule);
    }
    ~Aligned() {
        if (before_) Py_XDECREF(PyDataMem_SetHandler(before_));
        Py_XDECREF(before_);
    }
    Aligned(const Aligned&) = delete;
};

}  // namespace

PyObject* new_array(PyArray_Descr* dtype, int nd, const npy_intp* dims, const npy_intp* strides) {
    std::size_t bytes = std::size_t(PyDataType_ELSIZE(dtype));
    for (int i = 0; i < nd; i++) bytes *= std::size_t(dims[i]);  // (NumPy finds what overflows)
    const Aligned aligned(dtype, bytes);
    return PyArray_NewFromDescr(&PyArray_Type, dtype, nd, dims, strides, nullptr, 0, nullptr);
}

PyObject* new_in_order_of(PyArrayObject* a, PyArray_Descr* dtype) {
    const Aligned aligned(dtype, std::size_t(PyArray_SIZE(a)) * PyDataType_ELSIZE(dtype));
    return PyArray_NewLikeArray(a, NPY_KEEPORDER, dtype, 0);
}

PyObject* aligned_empty(PyObject*, PyObject* const* args, Py_ssize_t n) {
    PyArray_Dims shape{nullptr, 0};
    PyArray_Descr* dtype = nullptr;
    PyObject* y = nullptr;
    if (n != 2) {
        PyErr_SetString(PyExc_TypeError, "empty(shape, dtype)");
    } else if (PyArray_IntpConverter(args[0], &shape) &&
               PyArray_DescrConverter(args[1], &dtype)) {
        const Aligned aligned(
            dtype, std::size_t(PyArray_MultiplyList(shape.ptr, shape.len)) * PyDataType_ELSIZE(dtype));
        if (!PyErr_Occurred()) {
            y = PyArray_Empty(shape.len, shape.ptr, dtype, 0);
            dtype = nullptr;  // taken
        }
    }
    Py_XDECREF(dtype);
    PyDimMem_FREE(shape.ptr);
    return y;
}

}  // namespace rl
