// Large arrays that begin with a cache line, for weights.
//
// malloc gives multiples of 16 bytes, so three arrays in four lie askew: each load of a register of
// 64 bytes touches two lines, and reading weights once takes a fifth longer (docs/native.md). NumPy
// lets a program say where an array comes from (NEP 49); the array keeps what is needed to free it.
#include "bind.hpp"

#include <cstdlib>
#include <cstring>

namespace rl {
namespace {

constexpr std::size_t LINE = 64;
constexpr std::size_t LARGE = 1 << 18;  // bytes: below, the place of an array made no difference

// The header in front of an array's memory.
struct Front {
    void* block;       // from malloc
    std::size_t size;  // asked for
};

void* placed(void* block, std::size_t size) {
    if (!block) return nullptr;
    const auto at = reinterpret_cast<std::uintptr_t>(block) + sizeof(Front);
    char* const p = reinterpret_cast<char*>((at + LINE - 1) / LINE * LINE);
    reinterpret_cast<Front*>(p)[-1] = {block, size};
    return p;
}

Front& front(void* p) { return static_cast<Front*>(p)[-1]; }

// Room for the front, wherever malloc's multiple of 16 lies.
bool room(std::size_t& size) { return !__builtin_add_overflow(size, LINE + sizeof(Front), &size); }

void* allocate(void*, std::size_t size) {
    std::size_t n = size;
    return room(n) ? placed(std::malloc(n), size) : nullptr;
}

void* allocate_zeros(void*, std::size_t count, std::size_t each) {
    std::size_t size, n;
    if (__builtin_mul_overflow(count, each, &size)) return nullptr;
    n = size;
    return room(n) ? placed(std::calloc(1, n), size) : nullptr;
}

void release(void*, void* p, std::size_t) {
    if (p) std::free(front(p).block);
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

}  // namespace

PyObject* aligned_empty(PyObject*, PyObject* const* args, Py_ssize_t n) {
    PyArray_Dims shape{nullptr, 0};
    PyArray_Descr* dtype = nullptr;
    PyObject* y = nullptr;
    if (n != 2) {
        PyErr_SetString(PyExc_TypeError, "empty(shape, dtype)");
    } else if (PyArray_IntpConverter(args[0], &shape) &&
               PyArray_DescrConverter(args[1], &dtype)) {
        const std::size_t bytes =
            std::size_t(PyArray_MultiplyList(shape.ptr, shape.len)) * PyDataType_ELSIZE(dtype);
        PyObject* const capsule = bytes < LARGE || PyDataType_REFCHK(dtype)
                                      ? nullptr
                                      : PyCapsule_New(&handler, "mem_handler", nullptr);
        PyObject* const before = capsule ? PyDataMem_SetHandler(capsule) : nullptr;
        if (!PyErr_Occurred()) {
            y = PyArray_Empty(shape.len, shape.ptr, dtype, 0);
            dtype = nullptr;  // taken
        }
        if (before) Py_XDECREF(PyDataMem_SetHandler(before));
        Py_XDECREF(before);
        Py_XDECREF(capsule);
    }
    Py_XDECREF(dtype);
    PyDimMem_FREE(shape.ptr);
    return y;
}

}  // namespace rl
