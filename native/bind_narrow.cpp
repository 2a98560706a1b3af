#include "bind_narrow.hpp"

#include "bind_batches.hpp"
#include "blocks.hpp"
#include "dots_narrow.hpp"
#include "gemm_bf16.hpp"
#include "narrow.hpp"
#include "norm.hpp"
#include "pointwise.hpp"
#include "rows.hpp"

namespace rl::RL_ISA {
namespace {

using Bits = std::uint16_t;

// A contiguous array of bfloat16.
struct Narrow : In {
    bool read(PyObject* o) {
        return is_array(o) && is_bfloat16(PyArray_DESCR(array(o))) && PyArray_ISBEHAVED_RO(array(o)) &&
               contiguous(o);
    }
    const Bits* bits() const { return data<Bits>(); }
};

// A new array of a's dtype.
PyArrayObject* result(PyObject* a, int nd, const npy_intp* dims) {
    PyArray_Descr* const dtype = PyArray_DESCR(array(a));
    Py_INCREF(dtype);
    return array(PyArray_NewFromDescr(&PyArray_Type, dtype, nd, const_cast<npy_intp*>(dims), nullptr,
                                      nullptr, 0, nullptr));
}

// z (m, n) of a (m, k), b (k, n), without the GIL if that is much work
PyObject* product(PyArrayObject* z, i64 m, i64 n, i64 k, Matrix<Bits> a, Matrix<Bits> b,
                  const float* bias = nullptr, bool relu = false) {
    if (z) {
        NoGil unlocked(m * n * k / 32 >= LONG_WORK);
        gemm_bf16(m, n, k, a, b, bias, relu, static_cast<Bits*>(PyArray_DATA(z)), n);
    }
    return reinterpret_cast<PyObject*>(z);
}

}  // namespace

bool of_bf16(Args a, Py_ssize_t n) {
    return n > 0 && is_array(a[0]) && PyArray_ITEMSIZE(array(a[0])) == 2 &&
           is_bfloat16(PyArray_DESCR(array(a[0]))) && has_bf16();
}

PyObject* linear_bf16(Args a, Py_ssize_t n, bool relu) {
    Narrow x, b;
    if (n != 3 || !x.read(a[0]) || !of_bf16(a + 1, 1)) return nullptr;
    if (a[2] != Py_None && !b.read(a[2])) return nullptr;
    PyArrayObject* const w = array(a[1]);  // of any strides
    if (PyArray_NDIM(w) != 2 || !PyArray_ISBEHAVED_RO(w) || x.nd() < 1) return nullptr;
    const i64 in = PyArray_DIM(w, 1), out = PyArray_DIM(w, 0);
    if (x.dim(-1) != in || in == 0 || (b && (b.nd() != 1 || b.dim(0) != out))) return nullptr;
    npy_intp dims[NPY_MAXDIMS];
    for (int i = 0; i < x.nd() - 1; i++) dims[i] = x.dim(i);
    dims[x.nd() - 1] = out;
    const Array<float> bias(b ? out : 0);
    if (b) from_bfloat16(b.bits(), &bias[0], out);
    return product(result(a[0], x.nd(), dims), x.rows(), out, in, {x.bits(), in, 1},
                   last_two<Bits>(w).t(), b ? &bias[0] : nullptr, relu);
}

PyObject* linear_dx_bf16(Args a, Py_ssize_t n) {
    Narrow dy, w;
    if (n != 2 || !dy.read(a[0]) || !w.read(a[1]) || dy.nd() < 1 || w.nd() != 2) return nullptr;
    if (dy.dim(-1) != w.dim(0) || w.dim(0) == 0) return nullptr;
    const i64 in = w.dim(1), out = w.dim(0);
    npy_intp dims[NPY_MAXDIMS];
    for (int i = 0; i < dy.nd() - 1; i++) dims[i] = dy.dim(i);
    dims[dy.nd() - 1] = in;
    return product(result(a[0], dy.nd(), dims), dy.rows(), in, out, {dy.bits(), out, 1},
                   {w.bits(), in, 1});
}

PyObject* linear_dw_bf16(Args a, Py_ssize_t n) {
    Narrow dy, x;
    if (n != 2 || !dy.read(a[0]) || !x.read(a[1]) || dy.nd() < 1 || x.nd() < 1) return nullptr;
    const i64 in = x.dim(-1), out = dy.dim(-1), rows = dy.rows();
    if (x.rows() != rows || rows == 0) return nullptr;
    const npy_intp dims[] = {out, in};
    return product(result(a[0], 2, dims), out, in, rows, {dy.bits(), 1, out}, {x.bits(), in, 1});
}

PyObject* matmul_bf16(Args a, Py_ssize_t n) {
    if (n != 2 || !of_bf16(a + 1, 1)) return nullptr;
    PyArrayObject *x = array(a[0]), *y = array(a[1]);
    if (!PyArray_ISBEHAVED_RO(x) || !PyArray_ISBEHAVED_RO(y)) return nullptr;
    Batches of;
    if (!of.read(x, y) || of.k == 0) return nullptr;
    PyArrayObject* const z = result(a[0], of.nd, of.dims);
    if (!z) return nullptr;
    NoGil unlocked(of.m * of.n * of.k / 32 * of.count >= LONG_WORK);
    of.each(last_two<Bits>(x), last_two<Bits>(y), static_cast<Bits*>(PyArray_DATA(z)), 1 << 18,
            [&](Matrix<Bits> p, Matrix<Bits> q, Bits* c) {
                gemm_bf16<Bits, Bits>(of.m, of.n, of.k, p, q, nullptr, false, c, of.n);
            });
    return reinterpret_cast<PyObject*>(z);
}

bool is_narrow(PyObject* o) {
    return is_array(o) && PyArray_ITEMSIZE(array(o)) == 2 && PyArray_ISBEHAVED_RO(array(o)) &&
           (PyArray_TYPE(array(o)) == NPY_HALF || is_bfloat16(PyArray_DESCR(array(o))));
}

namespace {

constexpr i64 CHUNK = 2048;  // numbers at a time

// Whether this processor converts the dtype of a.
bool can_convert(PyArrayObject* a) {
    return PyArray_TYPE(a) != NPY_HALF || from_half(nullptr, nullptr, 0);
}
void widen(bool half, const Bits* x, float* y, i64 n) {
    if (half) from_half(x, y, n);
    else from_bfloat16(x, y, n);
}

// Σ x[i]: in float over runs of 16 additions a lane, the runs' sums in double.
template <class T>
double row_sum(const T* x, i64 n) {
    constexpr i64 STEP = 2 * LANES<float>, RUN = 32 * STEP;
    double total = 0;
    for (i64 run = 0; run < n; run += RUN) {
        const i64 end = run + RUN < n ? run + RUN : n;
        F s[4] = {};
        i64 i = run;
        for (; i + 2 * STEP <= end; i += 2 * STEP) {
            const Two u = widened(x + i), v = widened(x + i + STEP);
            s[0] += u.a, s[1] += u.b, s[2] += v.a, s[3] += v.b;
        }
        for (i64 part; i < end; i += part) {
            part = end - i < STEP ? end - i : STEP;
            T few[STEP] = {};
            std::memcpy(few, x + i, std::size_t(part) * sizeof(T));
            const Two u = widened(few);
            s[0] += u.a, s[1] += u.b;
        }
        total += sum((s[0] + s[1]) + (s[2] + s[3]));
    }
    return total;
}

// The arguments (x, axis=None, keepdims=False): an array in row-major order as rows that are summed.
struct Summed {
    i64 rows = 1, n = 1;
    npy_intp dims[NPY_MAXDIMS];
    int nd = 0;

    bool read(Args a, Py_ssize_t count) {
        PyArrayObject* const x = array(a[0]);
        bool keep = false;
        i64 axis = -1;
        const bool everything = count < 2 || a[1] == Py_None;
        if (count > 3 || (count == 3 && !rl::RL_ISA::read(a[2], keep))) return false;
        if (!everything && (!PyLong_CheckExact(a[1]) || !rl::RL_ISA::read(a[1], axis))) return false;
        const int last = PyArray_NDIM(x) - 1;
        if (!everything && axis != last && axis != -1) return false;
        if (!PyArray_IS_C_CONTIGUOUS(x) || (!everything && last < 0)) return false;
        for (int i = 0; i <= last; i++) {
            const bool summed = everything || i == last;
            (summed ? n : rows) *= PyArray_DIM(x, i);
            if (!summed) dims[nd++] = PyArray_DIM(x, i);
            else if (keep) dims[nd++] = 1;
        }
        return true;
    }
};

}  // namespace

PyObject* in_chunks(Args a, int arrays, const double* p, Chunk f) {
    PyArrayObject *const x = array(a[0]), *const other = arrays == 2 ? array(a[1]) : nullptr;
    if (other && (!is_narrow(a[1]) || PyArray_TYPE(other) != PyArray_TYPE(x) || !lie_alike(x, other)))
        return nullptr;
    if (!can_convert(x)) return nullptr;
    PyObject* const y = new_alike(x);
    if (!y) return nullptr;
    const bool half = PyArray_TYPE(x) == NPY_HALF;
    const i64 size = PyArray_SIZE(x);
    const auto bits = [](PyArrayObject* v) { return static_cast<Bits*>(PyArray_DATA(v)); };
    const Bits *const u = bits(x), *const v = other ? bits(other) : nullptr;
    Bits* const out = bits(array(y));
    NoGil unlocked(size >= LONG_WORK / 2);
    parallel(size, even_blocks(size, 8 * CHUNK), [=](i64 begin, i64 end) {
        alignas(64) float wide_u[CHUNK], wide_v[CHUNK], wide_y[CHUNK];
        for (i64 i = begin, n; i < end; i += n) {
            // (after the first chunk no store touches two lines)
            const i64 most = CHUNK - i64(reinterpret_cast<std::uintptr_t>(out + i) % 64 / sizeof(Bits));
            n = end - i < most ? end - i : most;
            widen(half, u + i, wide_u, n);
            if (v) widen(half, v + i, wide_v, n);
            f(wide_u, wide_v, wide_y, n, p);
            if (half) to_half(wide_y, out + i, n);
            else to_bfloat16(wide_y, out + i, n);
        }
    });
    return y;
}

PyObject* rows_narrow(Args a, Py_ssize_t count, OfRows f) {
    constexpr i64 MOST = 2 * CHUNK;  // numbers at a time: twice as many floats are to fit the cache
    i64 axis;
    PyArrayObject* const x = array(a[0]);
    const int nd = PyArray_NDIM(x);
    if (count != 2 || nd == 0 || !PyLong_CheckExact(a[1]) || !read(a[1], axis)) return nullptr;
    if ((axis != -1 && axis != nd - 1) || !can_convert(x) || !PyArray_IS_C_CONTIGUOUS(x)) return nullptr;
    const i64 size = PyArray_SIZE(x), n = PyArray_DIM(x, nd - 1);
    if (n > MOST || size == 0) return nullptr;
    PyArrayObject* const y = result(a[0], nd, PyArray_DIMS(x));
    if (!y) return nullptr;
    const bool half = PyArray_TYPE(x) == NPY_HALF;
    const Bits* const from = static_cast<const Bits*>(PyArray_DATA(x));
    Bits* const to = static_cast<Bits*>(PyArray_DATA(y));
    const i64 rows = size / n, some = MOST / n;
    NoGil unlocked(size >= LONG_WORK / 2);
    parallel(rows, even_blocks(rows, rows_per_block(n, 8 * CHUNK), some), [=](i64 begin, i64 end) {
        alignas(64) float u[MOST], v[MOST];
        for (i64 i = begin; i < end; i += some) {
            const i64 part = end - i < some ? end - i : some;
            widen(half, from + i * n, u, part * n);
            f(u, part, n, v);
            if (half) to_half(v, to + i * n, part * n);
            else to_bfloat16(v, to + i * n, part * n);
        }
    });
    return reinterpret_cast<PyObject*>(y);
}

PyObject* linear_few(Args a, Py_ssize_t count, bool relu) {
    if (count != 3) return nullptr;
    PyArrayObject *const x = array(a[0]), *const w = is_narrow(a[1]) ? array(a[1]) : nullptr;
    const bool biased = a[2] != Py_None;
    if (!w || PyArray_NDIM(w) != 2 || PyArray_TYPE(w) != PyArray_TYPE(x) || !can_convert(x)) return nullptr;
    if (!PyArray_IS_C_CONTIGUOUS(x) || !PyArray_IS_C_CONTIGUOUS(w)) return nullptr;
    const int nd = PyArray_NDIM(x);
    const i64 in = PyArray_DIM(w, 1), out = PyArray_DIM(w, 0);
    if (nd < 1 || PyArray_DIM(x, nd - 1) != in || in == 0) return nullptr;
    const i64 rows = PyArray_SIZE(x) / in;
    if (rows > FEW_ROWS) return nullptr;
    if (biased && (!is_narrow(a[2]) || PyArray_TYPE(array(a[2])) != PyArray_TYPE(x))) return nullptr;
    PyArrayObject* const b = biased ? array(a[2]) : nullptr;
    if (b && (PyArray_NDIM(b) != 1 || PyArray_DIM(b, 0) != out || !PyArray_IS_C_CONTIGUOUS(b))) return nullptr;
    npy_intp dims[NPY_MAXDIMS];
    for (int i = 0; i < nd - 1; i++) dims[i] = PyArray_DIM(x, i);
    dims[nd - 1] = out;
    PyArrayObject* const y = result(a[0], nd, dims);
    if (!y) return nullptr;
    const auto run = [&]<class T>() {
        const auto at = [](PyArrayObject* v) { return v ? static_cast<T*>(PyArray_DATA(v)) : nullptr; };
        dots_narrow<T>(rows, out, in, at(x), at(w), at(b), relu, at(y));
    };
    NoGil unlocked(rows * out * in / 16 >= LONG_WORK);
    if (PyArray_TYPE(x) == NPY_HALF) run.template operator()<Half>();
    else run.template operator()<Brain>();
    return reinterpret_cast<PyObject*>(y);
}

PyObject* sum_narrow(Args a, Py_ssize_t count) {
    Summed s;
    PyArrayObject* const x = array(a[0]);
    if (!can_convert(x) || !s.read(a, count)) return nullptr;
    const bool half = PyArray_TYPE(x) == NPY_HALF;
    PyArrayObject* const y = result(a[0], s.nd, s.dims);
    if (!y) return nullptr;
    const Bits* const from = static_cast<const Bits*>(PyArray_DATA(x));
    Bits* const to = static_cast<Bits*>(PyArray_DATA(y));
    const auto add = [=](const Bits* p, i64 n) {
        return half ? row_sum(reinterpret_cast<const Half*>(p), n)
                    : row_sum(reinterpret_cast<const Brain*>(p), n);
    };
    const auto put = [=](double v, i64 i) {
        const float as_float = float(v);
        if (half) to_half(&as_float, to + i, 1);
        else to_bfloat16(&as_float, to + i, 1);
    };
    const i64 rows = s.rows, n = s.n;
    NoGil unlocked(rows * n >= LONG_WORK);
    if (rows == 1 && n > 0) {
        constexpr i64 GRAIN = 16 * CHUNK;
        const Array<double> part((n + GRAIN - 1) / GRAIN);
        parallel(n, GRAIN, [&](i64 begin, i64 end) { part[begin / GRAIN] = add(from + begin, end - begin); });
        double sum = 0;
        for (i64 b = 0; b < (n + GRAIN - 1) / GRAIN; b++) sum += part[b];
        put(sum, 0);
    } else {
        parallel(rows, even_blocks(rows, rows_per_block(n, 1 << 15), 1), [&](i64 begin, i64 end) {
            for (i64 i = begin; i < end; i++) put(add(from + i * n, n), i);
        });
    }
    return reinterpret_cast<PyObject*>(y);
}

PyObject* sum_whole(Args a, Py_ssize_t count) {
    Summed s;
    PyArrayObject* const x = array(a[0]);
    if (!PyArray_ISBEHAVED_RO(x) || !s.read(a, count)) return nullptr;
    Out y(s.nd, s.dims, NPY_INT64);
    if (!y) return nullptr;
    const std::uint64_t* const from = static_cast<const std::uint64_t*>(PyArray_DATA(x));
    std::uint64_t* const to = y.data<std::uint64_t>();
    const i64 rows = s.rows, n = s.n;
    const auto add = [](const std::uint64_t* p, i64 n) {
        std::uint64_t sum = 0;
        for (i64 i = 0; i < n; i++) sum += p[i];
        return sum;
    };
    NoGil unlocked(rows * n >= LONG_WORK);
    if (rows == 1) {
        *to = 0;
        parallel(n, even_blocks(n, 1 << 15), [=](i64 begin, i64 end) {
            __atomic_fetch_add(to, add(from + begin, end - begin), __ATOMIC_RELAXED);
        });
    } else {
        parallel(rows, even_blocks(rows, rows_per_block(n, 1 << 15), 1), [=](i64 begin, i64 end) {
            for (i64 i = begin; i < end; i++) to[i] = add(from + i * n, n);
        });
    }
    return y.release();
}

PyObject* layer_norm_narrow(Args a, Py_ssize_t count) {
    i64 last;
    double eps;
    if (count != 5 || !read(a[1], last) || !read(a[4], eps)) return nullptr;
    PyArrayObject* const x = array(a[0]);
    const int nd = PyArray_NDIM(x);
    if (!can_convert(x) || !PyArray_IS_C_CONTIGUOUS(x) || last < 1 || last > nd) return nullptr;
    npy_intp dims[NPY_MAXDIMS];
    i64 n = 1;
    for (int i = 0; i < nd; i++) {
        const bool normed = i >= nd - last;
        dims[i] = normed ? 1 : PyArray_DIM(x, i);
        if (normed) n *= PyArray_DIM(x, i);
    }
    const i64 size = PyArray_SIZE(x);
    if (size == 0) return nullptr;
    const bool half = PyArray_TYPE(x) == NPY_HALF;
    const auto bits = [](PyArrayObject* v) { return static_cast<Bits*>(PyArray_DATA(v)); };
    const Array<float> affine(2 * n);  // w, then b
    for (int i = 0; i < 2; i++) {
        if (a[2 + i] == Py_None) continue;
        PyArrayObject* const v = array(a[2 + i]);
        if (!is_narrow(a[2 + i]) || PyArray_TYPE(v) != PyArray_TYPE(x) || PyArray_SIZE(v) != n ||
            !PyArray_IS_C_CONTIGUOUS(v))
            return nullptr;
        widen(half, bits(v), &affine[i * n], n);
    }
    const float* const w = a[2] == Py_None ? nullptr : &affine[0];
    const float* const b = a[3] == Py_None ? nullptr : &affine[n];
    Out mean(nd, dims, NPY_FLOAT), rstd(nd, dims, NPY_FLOAT);
    PyArrayObject* const y = mean && rstd ? result(a[0], nd, PyArray_DIMS(x)) : nullptr;
    if (!y) return nullptr;
    const Bits* const from = bits(x);
    Bits* const to = bits(y);
    float *const m = mean.data<float>(), *const r = rstd.data<float>();
    {
        const i64 rows = size / n, some = rows_per_block(n, 2 * CHUNK);  // rows in the cache
        NoGil unlocked(size >= LONG_WORK);
        parallel(rows, even_blocks(rows, rows_per_block(n, 8 * CHUNK), some), [&](i64 begin, i64 end) {
            const Array<float> wide(2 * some * n);
            for (i64 i = begin; i < end; i += some) {
                const i64 part = end - i < some ? end - i : some;
                float *const u = &wide[0], *const v = u + some * n;
                widen(half, from + i * n, u, part * n);
                layer_norm(u, part, n, w, b, eps, v, m + i, r + i);
                if (half) to_half(v, to + i * n, part * n);
                else to_bfloat16(v, to + i * n, part * n);
            }
        });
    }
    return Py_BuildValue("NNN", y, mean.release(), rstd.release());
}

// clamped(x, low, high) -> min(max(x, low), high) of int64
PyObject* clamped_(Args a, Py_ssize_t n) {
    In x;
    i64 low, high;
    if (n != 3 || !x.read_as(a[0], NPY_INT64) || !read(a[1], low) || !read(a[2], high)) return nullptr;
    Out y(x);
    if (!y) return nullptr;
    NoGil unlocked(x.size() >= LONG_WORK);
    clamp(x.data<i64>(), low, high, y.data<i64>(), x.size());
    return y.release();
}

}  // namespace rl::RL_ISA
