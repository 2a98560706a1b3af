#include "bind_ufunc.hpp"

#define NO_IMPORT_UFUNC
#include <numpy/ufuncobject.h>

#include "bind_narrow.hpp"
#include "blocks.hpp"
#include "gemm_bf16.hpp"

namespace rl::RL_ISA {
namespace {

constexpr i64 CHUNK = 2048;       // numbers at a time, where they are widened
constexpr i64 GRAIN = 1 << 14;    // a block
constexpr i64 SHORT = 16;         // numbers that are not worth a call
constexpr i64 WORK = 1 << 16;     // numbers from which on the GIL is released

struct Loop {
    PyUFuncGenericFunction run = nullptr;
    void* data = nullptr;
    int result = 0;  // its dtype
};

// The loop of arguments of `type`.
bool find(Ufunc& f, int arguments, int type, Loop& loop) {
    if (!f.found) {
        PyObject* const numpy = PyImport_ImportModule("numpy");
        f.found = numpy ? PyObject_GetAttrString(numpy, f.name) : nullptr;
        Py_XDECREF(numpy);
        if (!f.found) return false;
    }
    const auto* const u = reinterpret_cast<PyUFuncObject*>(f.found);
    if (u->nin != arguments || u->nout != 1) return false;
    for (int i = 0; i < u->ntypes; i++) {
        const char* const types = u->types + i * u->nargs;
        bool same = u->functions[i] != nullptr;
        for (int k = 0; k < arguments; k++) same = same && types[k] == type;
        if (!same) continue;
        loop = {u->functions[i], u->data ? const_cast<void*>(u->data[i]) : nullptr, types[arguments]};
        return true;
    }
    return false;
}

// Where an argument is read: its row r begins at data + r * row, numbers lie `step` bytes apart.
struct Operand {
    char* data = nullptr;
    i64 row = 0, step = 0;
    bool narrow = false;
};

// Rows of consecutive numbers, `row` bytes apart.
bool in_rows(PyArrayObject* a, i64& row) {
    const int last = PyArray_NDIM(a) - 1;
    if (last < 1 || PyArray_STRIDE(a, last) != PyArray_ITEMSIZE(a)) return false;
    for (int i = 0; i < last - 1; i++)
        if (PyArray_STRIDE(a, i) != PyArray_STRIDE(a, i + 1) * PyArray_DIM(a, i + 1)) return false;
    row = PyArray_STRIDE(a, last - 1);
    return true;
}

// How x and y meet: rows of n numbers.
struct Meeting {
    i64 rows = 1, n = 0, row = 0;
    bool apart = false;  // x's rows lie `row` bytes apart, which may be 0
    bool read(PyArrayObject* x, PyArrayObject* y, Operand& of_y) {
        const i64 size = PyArray_SIZE(x), item = PyArray_ITEMSIZE(y);
        n = size;
        of_y.data = PyArray_BYTES(y);
        const int last = PyArray_NDIM(x) - 1;
        if (PyArray_SAMESHAPE(x, y) && size && !lie_alike(x, y) && in_rows(x, row) && in_rows(y, of_y.row)) {
            of_y.step = item;
            apart = true;
            n = PyArray_DIM(x, last);
            rows = size / n;
            return n >= SHORT;
        }
        if (PyArray_NDIM(y) == 0 || (is_uniform(y) && PyArray_SAMESHAPE(x, y))) return is_dense(x);
        if (PyArray_ITEMSIZE(x) != item) return false;
        of_y.step = item;
        if (lie_alike(x, y)) return true;
        if (is_column(x, y)) {
            rows = PyArray_SIZE(y);
            n = rows ? size / rows : 0;
            of_y.row = item, of_y.step = 0;
        } else {
            n = repeated(x, y);
            if (n <= 0) return false;
            rows = size / n;
        }
        return n >= SHORT;
    }
};

void widen(bool half, const char* x, float* y, i64 n) {
    const auto* const bits = reinterpret_cast<const std::uint16_t*>(x);
    if (half) from_half(bits, y, n);
    else from_bfloat16(bits, y, n);
}
void narrow(bool half, const float* x, char* y, i64 n) {
    auto* const bits = reinterpret_cast<std::uint16_t*>(y);
    if (half) to_half(x, bits, n);
    else to_bfloat16(x, bits, n);
}

// n numbers at a place of each operand; of two-byte floats (half: float16) by way of float
void run(const Loop& loop, int arguments, char* const* from, const i64* steps, char* to, i64 n) {
    char* args[] = {from[0], arguments == 2 ? from[1] : to, to};
    const npy_intp count = n, by[] = {steps[0], steps[1], steps[2]};
    loop.run(args, &count, by, loop.data);
}

void run_narrow(const Loop& loop, bool half, int arguments, const Operand* o, char* const* from, char* to,
                i64 n) {
    alignas(64) float wide[3][CHUNK];
    const bool rounds = loop.result == NPY_FLOAT;
    for (int k = 0; k < arguments; k++) {
        if (o[k].step) continue;
        if (o[k].narrow) widen(half, from[k], wide[k], 1);
        else std::memcpy(wide[k], from[k], sizeof(float));
    }
    for (i64 i = 0, some; i < n; i += some) {
        some = rounds ? up_to_a_line(to + 2 * i, n - i, CHUNK) : n - i < CHUNK ? n - i : CHUNK;
        char* in[2] = {reinterpret_cast<char*>(wide[0]), reinterpret_cast<char*>(wide[1])};
        i64 steps[3] = {};
        for (int k = 0; k < arguments; k++) {
            if (!o[k].step) continue;
            widen(half, from[k] + i * o[k].step, wide[k], some);
            steps[k] = sizeof(float);
        }
        steps[arguments] = rounds ? sizeof(float) : 1;
        run(loop, arguments, in, steps, rounds ? reinterpret_cast<char*>(wide[2]) : to + i, some);
        if (rounds) narrow(half, wide[2], to + 2 * i, some);
    }
}

}  // namespace

PyObject* by_ufunc(Ufunc& f, Args a, Py_ssize_t n) {
    if (n < 1 || n > 2) return nullptr;
    const int arguments = int(n);
    int big = 0, numbers = 0;  // the one whose shape the result has; Python's numbers
    for (int k = 0; k < arguments; k++) {
        if (PyFloat_CheckExact(a[k]) || PyLong_CheckExact(a[k])) big = 1 - k, numbers++;
        else if (!is_array(a[k]) || !PyArray_ISBEHAVED_RO(array(a[k]))) return nullptr;
    }
    if (numbers == arguments) return nullptr;
    if (arguments == 2 && !numbers) {
        const int gap = PyArray_NDIM(array(a[1])) - PyArray_NDIM(array(a[0]));
        const bool larger = PyArray_SIZE(array(a[1])) > PyArray_SIZE(array(a[0]));
        if (gap > 0 || (gap == 0 && (larger || is_uniform(array(a[0]))))) big = 1;
    }
    PyArrayObject* const x = array(a[big]);
    const bool narrowed = is_narrow(a[big]), half = PyArray_TYPE(x) == NPY_HALF;
    const int type = narrowed ? NPY_FLOAT : PyArray_TYPE(x);
    if (type > NPY_DOUBLE) return nullptr;
    Operand o[2];
    o[big] = {PyArray_BYTES(x), 0, PyArray_ITEMSIZE(x), narrowed};
    Meeting of;
    of.n = PyArray_SIZE(x);
    double number;
    float as_float;
    if (arguments == 1 || numbers) {
        if (!is_dense(x)) {
            if (!PyArray_SIZE(x) || !in_rows(x, of.row)) return nullptr;
            of.apart = true;
            of.n = PyArray_DIM(x, PyArray_NDIM(x) - 1);
            of.rows = PyArray_SIZE(x) / of.n;
            if (of.n < SHORT) return nullptr;
        }
        if (numbers) {  // beside floats only: NumPy says what does not fit integers
            if (type < NPY_FLOAT || !read(a[1 - big], number)) return nullptr;
            as_float = float(number);
            o[1 - big].data = type == NPY_FLOAT ? reinterpret_cast<char*>(&as_float)
                                                : reinterpret_cast<char*>(&number);
        }
    } else {
        PyArrayObject* const y = array(a[1 - big]);
        Operand& other = o[1 - big];
        const bool alike = PyArray_TYPE(y) == PyArray_TYPE(x);
        other.narrow = narrowed && alike;
        if (!alike && !(narrowed && PyArray_TYPE(y) == NPY_FLOAT && PyArray_NDIM(y) == 0)) return nullptr;
        if (!of.read(x, y, other)) return nullptr;
    }
    Loop loop;
    if (!find(f, arguments, type, loop)) return nullptr;
    if (narrowed && loop.result != NPY_FLOAT && loop.result != NPY_BOOL) return nullptr;
    const bool same = loop.result == type;  // as its operands
    const auto dtype = [&] {
        return same ? reinterpret_cast<PyArray_Descr*>(Py_NewRef(reinterpret_cast<PyObject*>(PyArray_DESCR(x))))
                    : PyArray_DescrFromType(loop.result);
    };
    PyObject* const z = of.apart ? new_array(dtype(), PyArray_NDIM(x), PyArray_DIMS(x))
                        : same   ? new_alike(x)
                                 : new_in_order_of(x, dtype());
    const i64 size = PyArray_SIZE(x);
    if (!z || size == 0) return z;
    const i64 item = PyArray_ITEMSIZE(array(z));
    char* const to = PyArray_BYTES(array(z));
    const i64 rows = of.rows, width = of.n;
    if (rows > 1) o[big].row = of.apart ? of.row : width * PyArray_ITEMSIZE(x);
    const auto part = [&](i64 row, i64 begin, i64 end) {
        char* from[2] = {};
        i64 steps[3] = {};
        for (int k = 0; k < arguments; k++) {
            from[k] = o[k].data + row * o[k].row + begin * o[k].step;
            steps[k] = o[k].step;
        }
        steps[arguments] = item;
        char* const there = to + (row * width + begin) * item;
        if (narrowed) run_narrow(loop, half, arguments, o, from, there, end - begin);
        else run(loop, arguments, from, steps, there, end - begin);
    };
    NoGil unlocked(size >= WORK);
    if (rows == 1)
        parallel(width, even_blocks(width, GRAIN), [&](i64 begin, i64 end) { part(0, begin, end); });
    else
        parallel(rows, rows_per_block(width, GRAIN), [&](i64 begin, i64 end) {
            for (i64 r = begin; r < end; r++) part(r, 0, width);
        });
    return z;
}

}  // namespace rl::RL_ISA
