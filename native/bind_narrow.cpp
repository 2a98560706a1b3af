#include "bind_narrow.hpp"

#include "bind_batches.hpp"
#include "blocks.hpp"
#include "dots_narrow.hpp"
#include "gemm_bf16.hpp"
#include "narrow.hpp"
#include "norm.hpp"
#include "options.hpp"
#include "pointwise.hpp"
#include "rows.hpp"
#include "scratch.hpp"

namespace rl::RL_ISA {
namespace {

using Bits = std::uint16_t;

// A contiguous array of float16 or bfloat16; one that is not contiguous is copied.
struct TwoBytes : In {
    bool read(PyObject* o) { return is_narrow(o) && contiguous(o); }
    bool read_alike(PyObject* o, const In& x) {  // of x's dtype
        return is_array(o) && PyArray_TYPE(array(o)) == x.type() && read(o);
    }
};

// A contiguous array of bfloat16.
struct Narrow : In {
    bool read(PyObject* o) {
        return is_array(o) && is_bfloat16(PyArray_DESCR(array(o))) && PyArray_ISBEHAVED_RO(array(o)) &&
               contiguous(o);
    }
    const Bits* bits() const { return data<Bits>(); }
};

// A new array of a's dtype.
PyArrayObject* new_like(PyObject* a, int nd, const npy_intp* dims) {
    PyArray_Descr* const dtype = PyArray_DESCR(array(a));
    Py_INCREF(dtype);
    return array(new_array(dtype, nd, dims));
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

bool by_bf16(i64 m, i64 n, i64 k) {
    constexpr i64 FEW = 32;
    return has_bf16() && (bf16_products() || m <= FEW || n <= FEW || k <= FEW);
}

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
    if (!by_bf16(x.rows(), out, in)) return nullptr;
    npy_intp dims[NPY_MAXDIMS];
    for (int i = 0; i < x.nd() - 1; i++) dims[i] = x.dim(i);
    dims[x.nd() - 1] = out;
    const Array<float> bias(b ? out : 0);
    if (b) from_bfloat16(b.bits(), &bias[0], out);
    return product(new_like(a[0], x.nd(), dims), x.rows(), out, in, {x.bits(), in, 1},
                   last_two<Bits>(w).t(), b ? &bias[0] : nullptr, relu);
}

PyObject* linear_dx_bf16(Args a, Py_ssize_t n) {
    Narrow dy, w;
    if (n != 2 || !dy.read(a[0]) || !w.read(a[1]) || dy.nd() < 1 || w.nd() != 2) return nullptr;
    if (dy.dim(-1) != w.dim(0) || w.dim(0) == 0) return nullptr;
    const i64 in = w.dim(1), out = w.dim(0);
    if (!by_bf16(dy.rows(), in, out)) return nullptr;
    npy_intp dims[NPY_MAXDIMS];
    for (int i = 0; i < dy.nd() - 1; i++) dims[i] = dy.dim(i);
    dims[dy.nd() - 1] = in;
    return product(new_like(a[0], dy.nd(), dims), dy.rows(), in, out, {dy.bits(), out, 1},
                   {w.bits(), in, 1});
}

PyObject* linear_dw_bf16(Args a, Py_ssize_t n) {
    Narrow dy, x;
    if (n != 2 || !dy.read(a[0]) || !x.read(a[1]) || dy.nd() < 1 || x.nd() < 1) return nullptr;
    const i64 in = x.dim(-1), out = dy.dim(-1), rows = dy.rows();
    if (x.rows() != rows || rows == 0 || !by_bf16(out, in, rows)) return nullptr;
    const npy_intp dims[] = {out, in};
    return product(new_like(a[0], 2, dims), out, in, rows, {dy.bits(), 1, out}, {x.bits(), in, 1});
}

PyObject* matmul_bf16(Args a, Py_ssize_t n) {
    if (n != 2 || !of_bf16(a + 1, 1)) return nullptr;
    PyArrayObject *x = array(a[0]), *y = array(a[1]);
    if (!PyArray_ISBEHAVED_RO(x) || !PyArray_ISBEHAVED_RO(y)) return nullptr;
    Batches of;
    if (!of.read(x, y) || of.k == 0 || !by_bf16(of.m, of.n, of.k)) return nullptr;
    PyArrayObject* const z = new_like(a[0], of.nd, of.dims);
    if (!z) return nullptr;
    NoGil unlocked(of.m * of.n * of.k / 32 * of.count >= LONG_WORK);
    of.each(last_two<Bits>(x), last_two<Bits>(y), static_cast<Bits*>(PyArray_DATA(z)), 1 << 18,
            [&](Matrix<Bits> p, Matrix<Bits> q, Bits* c) {
                gemm_bf16<Bits, Bits>(of.m, of.n, of.k, p, q, nullptr, false, c, of.n);
            });
    return reinterpret_cast<PyObject*>(z);
}

bool is_narrow(PyObject* o) {
    if (!is_array(o) || PyArray_ITEMSIZE(array(o)) != 2 || !PyArray_ISBEHAVED_RO(array(o))) return false;
    return PyArray_TYPE(array(o)) == NPY_HALF || is_bfloat16(PyArray_DESCR(array(o)));
}

namespace {

constexpr i64 CHUNK = 2048;  // numbers at a time

void widen(bool half, const Bits* x, float* y, i64 n) {
    if (half) from_half(x, y, n);
    else from_bfloat16(x, y, n);
}
void narrow(bool half, const float* x, Bits* y, i64 n) {
    if (half) to_half(x, y, n);
    else to_bfloat16(x, y, n);
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
            const Two u = part == STEP ? widened(x + i) : widened_part(x + i, part);
            s[0] += u.a, s[1] += u.b;
        }
        total += sum((s[0] + s[1]) + (s[2] + s[3]));
    }
    return total;
}

// y (outer, inner) = scale Σ x (outer, n, inner), in float over 32 rows, their sums in double.
template <class T>
void sum_columns(const T* x, i64 outer, i64 n, i64 inner, double scale, T* y) {
    constexpr i64 L = LANES<float>, TWOS = 4, WIDTH = TWOS * 2 * L, RUN = 32, ROWS = 4096;
    const i64 parts = (inner + WIDTH - 1) / WIDTH, pieces = n > ROWS ? (n + ROWS - 1) / ROWS : 1;
    // f(place in a row, place of its sums, how many) for the steps of a part
    const auto each = [=](i64 part, auto f) {
        const i64 left = inner - part * WIDTH;
        for (i64 j = 0; j < TWOS; j++) {
            const i64 count = left - j * 2 * L;
            if (count > 0) f(part * WIDTH + j * 2 * L, j * 2 * L, count < 2 * L ? count : 2 * L);
        }
    };
    const auto finish = [=](const double* sums, i64 part, T* to) {
        float as_float[WIDTH];
        for (i64 j = 0; j < WIDTH; j++) as_float[j] = float(sums[j] * scale);
        each(part, [=, from = as_float](i64 at, i64 j, i64 count) {
            const Two v{load(from + j), load(from + j + L)};
            if (count == 2 * L) rl::RL_ISA::narrow(to + at, v);
            else narrow_part(to + at, v, count);
        });
    };
    const Array<double> kept(pieces > 1 ? outer * parts * pieces * WIDTH : 0);
    const i64 grain = rows_per_block(WIDTH * (n < ROWS ? n : ROWS), 1 << 15);
    parallel(outer * parts * pieces, grain, [&](i64 begin, i64 end) {
        for (i64 i = begin; i < end; i++) {
            const i64 piece = i % pieces, part = i / pieces % parts, slice = i / pieces / parts;
            double own[WIDTH];
            double* const sums = pieces > 1 ? &kept[i * WIDTH] : own;
            for (i64 j = 0; j < WIDTH; j++) sums[j] = 0;
            const i64 last = (piece + 1) * ROWS < n ? (piece + 1) * ROWS : n;
            for (i64 run = piece * ROWS; run < last; run += RUN) {
                Two s[TWOS] = {};
                for (i64 k = run; k < last && k < run + RUN; k++) {
                    const T* const row = x + (slice * n + k) * inner;
                    if (inner - part * WIDTH >= WIDTH) {
#pragma GCC unroll 4
                        for (i64 j = 0; j < TWOS; j++) {
                            const Two v = widened(row + part * WIDTH + j * 2 * L);
                            s[j].a += v.a, s[j].b += v.b;
                        }
                    } else {
                        each(part, [&](i64 at, i64 j, i64 count) {
                            const Two v = count == 2 * L ? widened(row + at) : widened_part(row + at, count);
                            s[j / (2 * L)].a += v.a, s[j / (2 * L)].b += v.b;
                        });
                    }
                }
                float as_float[WIDTH];
                for (i64 j = 0; j < TWOS; j++) {
                    store(as_float + j * 2 * L, s[j].a);
                    store(as_float + j * 2 * L + L, s[j].b);
                }
                for (i64 j = 0; j < WIDTH; j++) sums[j] += double(as_float[j]);
            }
            if (pieces == 1) finish(sums, part, y + slice * inner);
        }
    });
    for (i64 i = 0; pieces > 1 && i < outer * parts; i++) {
        double* const sums = &kept[i * pieces * WIDTH];
        for (i64 piece = 1; piece < pieces; piece++)
            for (i64 j = 0; j < WIDTH; j++) sums[j] += sums[piece * WIDTH + j];
        finish(sums, i % parts, y + i / parts * inner);
    }
}

// The arguments (x, axis=None, keepdims=False): an array in row-major order, over a dimension of which, or
// all, is summed.
struct Summed {
    i64 rows = 1, n = 1, inner = 1;
    npy_intp dims[NPY_MAXDIMS];
    int nd = 0;

    bool read(Args a, Py_ssize_t count) {
        PyArrayObject* const x = array(a[0]);
        bool keep = false;
        i64 axis = -1;
        const bool everything = count < 2 || a[1] == Py_None;
        if (count > 3 || (count == 3 && !rl::RL_ISA::read(a[2], keep))) return false;
        if (!everything && (!PyLong_CheckExact(a[1]) || !rl::RL_ISA::read(a[1], axis))) return false;
        const int ndim = PyArray_NDIM(x);
        if (axis < 0) axis += ndim;
        if (!PyArray_IS_C_CONTIGUOUS(x) || (!everything && (axis < 0 || axis >= ndim))) return false;
        for (int i = 0; i < ndim; i++) {
            const bool summed = everything || i == axis;
            (summed ? n : i < axis ? rows : inner) *= PyArray_DIM(x, i);
            if (!summed) dims[nd++] = PyArray_DIM(x, i);
            else if (keep) dims[nd++] = 1;
        }
        return true;
    }
};

}  // namespace

namespace {

constexpr i64 WIDTH = 64;  // columns at a time

// f of columns of slices (n, inner), as rows of WIDTH, perhaps in another order; those too many are 0.
template <class T>
void columns(i64 outer, i64 n, i64 inner, const Bits* x, const Bits* other, Bits* y, Along f) {
    constexpr i64 L = LANES<float>;
    const i64 parts = (inner + WIDTH - 1) / WIDTH;
    parallel(outer * parts, 1, [=](i64 begin, i64 end) {
        float* const u = scratch<float>(Slot::norm, (other ? 2 : 1) * n * WIDTH);
        float* const v = other ? u + n * WIDTH : nullptr;
        for (i64 i = begin; i < end; i++) {
            const i64 first = i % parts * WIDTH, left = inner - first, at = i / parts * n * inner + first;
            const auto each = [=](auto g) {
                for (i64 k = 0; k < n; k++)
                    for (i64 j = 0; j < WIDTH; j += 2 * L)
                        g(at + k * inner + j, k * WIDTH + j, left - j < 2 * L ? left - j : 2 * L);
            };
            const auto get = [=](const Bits* from, float* to, i64 count) {
                const T* const p = reinterpret_cast<const T*>(from);
                const Two w = count == 2 * L ? widened(p) : count > 0 ? widened_part(p, count) : Two{};
                store(to, w.a);
                store(to + L, w.b);
            };
            each([=](i64 from, i64 to, i64 count) { get(x + from, u + to, count); });
            if (v) each([=](i64 from, i64 to, i64 count) { get(other + from, v + to, count); });
            f(u, v, 1, n, WIDTH);
            each([=](i64 to, i64 from, i64 count) {
                T* const p = reinterpret_cast<T*>(y + to);
                const Two w{load(u + from), load(u + from + L)};
                if (count == 2 * L) rl::RL_ISA::narrow(p, w);
                else if (count > 0) narrow_part(p, w, count);
            });
        }
    });
}

}  // namespace

PyObject* along_narrow(Args a, Py_ssize_t count, int arrays, Along f) {
    constexpr i64 MOST_ROWS = 1 << 14;
    TwoBytes x, other;
    i64 axis;
    if (count != arrays + 1 || !x.read(a[0]) || !read_axis(a[arrays], x, axis)) return nullptr;
    if (x.size() == 0) return nullptr;
    if (arrays == 2 && (!other.read_alike(a[1], x) || !other.same_shape(x))) return nullptr;
    i64 outer = 1, inner = 1;
    const i64 n = x.dim(int(axis));
    for (int i = 0; i < x.nd(); i++) (i < axis ? outer : inner) *= i == axis ? 1 : x.dim(i);
    // some slices (n, inner) as they lie; or columns of one of them
    const bool whole = inner <= WIDTH || n * inner <= CHUNK;
    if (!whole && n > MOST_ROWS) return nullptr;
    PyArrayObject* const result = new_like(a[0], x.nd(), x.dims());
    if (!result) return nullptr;
    const bool half = x.type() == NPY_HALF;
    const Bits *const from = x.data<Bits>(), *const from_other = other.data<Bits>();
    Bits* const to = static_cast<Bits*>(PyArray_DATA(result));
    NoGil unlocked(x.size() >= LONG_WORK / 2);
    if (whole) {
        const i64 slice = n * inner, some = slice < 2 * CHUNK ? 2 * CHUNK / slice : 1;
        parallel(outer, even_blocks(outer, rows_per_block(slice, 8 * CHUNK), some), [=](i64 begin, i64 end) {
            float* const u = scratch<float>(Slot::norm, arrays * some * slice);
            float* const v = arrays == 2 ? u + some * slice : nullptr;
            for (i64 i = begin; i < end; i += some) {
                const i64 part = end - i < some ? end - i : some;
                widen(half, from + i * slice, u, part * slice);
                if (v) widen(half, from_other + i * slice, v, part * slice);
                f(u, v, part, n, inner);
                narrow(half, u, to + i * slice, part * slice);
            }
        });
    } else if (half) {
        columns<Half>(outer, n, inner, from, from_other, to, f);
    } else {
        columns<Brain>(outer, n, inner, from, from_other, to, f);
    }
    return reinterpret_cast<PyObject*>(result);
}

PyObject* linear_few(Args a, Py_ssize_t count, bool relu) {
    if (count != 3) return nullptr;
    PyArrayObject *const x = array(a[0]), *const w = is_narrow(a[1]) ? array(a[1]) : nullptr;
    const bool biased = a[2] != Py_None;
    if (!w || PyArray_NDIM(w) != 2 || PyArray_TYPE(w) != PyArray_TYPE(x)) return nullptr;
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
    PyArrayObject* const y = new_like(a[0], nd, dims);
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

PyObject* sum_narrow(Args a, Py_ssize_t count, bool mean) {
    constexpr i64 FEW_COLUMNS = 32;
    Summed s;
    PyArrayObject* const x = array(a[0]);
    if (!s.read(a, count) || (s.inner != 1 && s.inner < FEW_COLUMNS) || (mean && s.n == 0)) return nullptr;
    const bool half = PyArray_TYPE(x) == NPY_HALF;
    PyArrayObject* const y = new_like(a[0], s.nd, s.dims);
    if (!y) return nullptr;
    const Bits* const from = static_cast<const Bits*>(PyArray_DATA(x));
    Bits* const to = static_cast<Bits*>(PyArray_DATA(y));
    const double scale = mean ? 1. / double(s.n) : 1.;
    const i64 rows = s.rows, n = s.n, inner = s.inner;
    NoGil unlocked(rows * n * inner >= LONG_WORK);
    if (inner > 1) {
        const auto columns = [=]<class T>() {
            sum_columns(reinterpret_cast<const T*>(from), rows, n, inner, scale, reinterpret_cast<T*>(to));
        };
        if (half) columns.template operator()<Half>();
        else columns.template operator()<Brain>();
        return reinterpret_cast<PyObject*>(y);
    }
    const auto add = [=](const Bits* p, i64 n) {
        return half ? row_sum(reinterpret_cast<const Half*>(p), n)
                    : row_sum(reinterpret_cast<const Brain*>(p), n);
    };
    const auto put = [=](double v, i64 i) {
        const float as_float = float(v * scale);
        narrow(half, &as_float, to + i, 1);
    };
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
    if (!PyArray_ISBEHAVED_RO(x) || !s.read(a, count) || s.inner != 1) return nullptr;
    Out y(s.nd, s.dims, NPY_INT64);
    if (!y) return nullptr;
    const std::uint64_t* const from = static_cast<const std::uint64_t*>(PyArray_DATA(x));
    std::uint64_t* const to = y.data<std::uint64_t>();
    const i64 rows = s.rows, n = s.n;
    const auto add = [](const std::uint64_t* p, i64 n) {
        typedef std::uint64_t U64 __attribute__((vector_size(REGISTER)));
        constexpr i64 L = REGISTER / 8, STEP = 4 * L;
        U64 s[4] = {};
        i64 i = 0;
        std::uint64_t sum = 0;
        while (i < n && reinterpret_cast<std::uintptr_t>(p + i) % REGISTER) sum += p[i++];
        for (; i + STEP <= n; i += STEP) {
#pragma GCC unroll 4
            for (int j = 0; j < 4; j++) {
                U64 v;
                std::memcpy(&v, p + i + j * L, sizeof v);
                s[j] += v;
            }
        }
        for (; i < n; i++) sum += p[i];
        const U64 all = (s[0] + s[1]) + (s[2] + s[3]);
        for (i64 j = 0; j < L; j++) sum += all[j];
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

namespace {

// What both directions of layer_norm read: x as rows of n numbers, w and b in float.
struct NormRows {
    TwoBytes x;
    bool half;
    i64 rows, n = 1, some;  // how many rows the cache holds
    npy_intp dims[NPY_MAXDIMS];  // of mean and rstd

    bool read(PyObject* o, PyObject* last_dims) {
        i64 last;
        if (!x.read(o) || !rl::RL_ISA::read(last_dims, last) || last < 1 || last > x.nd()) return false;
        if (x.size() == 0) return false;
        for (int i = 0; i < x.nd(); i++) {
            const bool normed = i >= x.nd() - last;
            dims[i] = normed ? 1 : x.dim(i);
            if (normed) n *= x.dim(i);
        }
        half = x.type() == NPY_HALF;
        rows = x.size() / n;
        some = n < 2 * CHUNK ? 2 * CHUNK / n : 1;
        return true;
    }
    // One of the affine parameters, in `to`; false if it does not fit.
    bool read_affine(PyObject* o, float* to) const {
        TwoBytes v;
        if (!v.read_alike(o, x) || v.size() != n) return false;
        widen(half, v.data<Bits>(), to, n);
        return true;
    }
};

}  // namespace

PyObject* layer_norm_narrow(Args a, Py_ssize_t count) {
    NormRows of;
    double eps;
    if (count != 5 || !of.read(a[0], a[1]) || !read(a[4], eps)) return nullptr;
    const i64 n = of.n;
    const Array<float> affine(2 * n);  // w, then b
    for (int i = 0; i < 2; i++)
        if (a[2 + i] != Py_None && !of.read_affine(a[2 + i], &affine[i * n])) return nullptr;
    const float* const w = a[2] == Py_None ? nullptr : &affine[0];
    const float* const b = a[3] == Py_None ? nullptr : &affine[n];
    Out mean(of.x.nd(), of.dims, NPY_FLOAT), rstd(of.x.nd(), of.dims, NPY_FLOAT);
    PyArrayObject* const y = mean && rstd ? new_like(a[0], of.x.nd(), of.x.dims()) : nullptr;
    if (!y) return nullptr;
    const Bits* const from = of.x.data<Bits>();
    Bits* const to = static_cast<Bits*>(PyArray_DATA(y));
    float *const m = mean.data<float>(), *const r = rstd.data<float>();
    {
        NoGil unlocked(of.x.size() >= LONG_WORK);
        const i64 grain = even_blocks(of.rows, rows_per_block(n, 8 * CHUNK), of.some);
        parallel(of.rows, grain, [&](i64 begin, i64 end) {
            float* const u = scratch<float>(Slot::norm, of.some * n);
            for (i64 i = begin; i < end; i += of.some) {
                const i64 part = end - i < of.some ? end - i : of.some;
                widen(of.half, from + i * n, u, part * n);
                layer_norm(u, part, n, w, b, eps, u, m + i, r + i);
                narrow(of.half, u, to + i * n, part * n);
            }
        });
    }
    return Py_BuildValue("NNN", y, mean.release(), rstd.release());
}

PyObject* layer_norm_dx_narrow(Args a, Py_ssize_t count) {
    constexpr i64 SLAB = 64;  // rows whose dw and db are summed together, then added to the rest
    NormRows of;
    TwoBytes dy;
    In mean, rstd;
    if (count != 6 || !of.read(a[1], a[5])) return nullptr;
    if (!dy.read_alike(a[0], of.x) || !dy.same_shape(of.x)) return nullptr;
    if (!mean.read_as(a[3], NPY_FLOAT) || !rstd.read_as(a[4], NPY_FLOAT)) return nullptr;
    if (mean.size() != of.rows || rstd.size() != of.rows) return nullptr;
    const bool affine = a[2] != Py_None;
    const i64 n = of.n, slabs = (of.rows + SLAB - 1) / SLAB;
    const Array<float> w(affine ? n : 0), sums(affine ? 2 * slabs * n : 0);  // of a slab dw, then db
    if (affine && !of.read_affine(a[2], &w[0])) return nullptr;
    PyArrayObject* grads[3] = {};  // dx, dw, db
    for (int i = 0; i < (affine ? 3 : 1); i++) {
        PyArrayObject* const like = array(a[i ? 2 : 1]);
        grads[i] = new_like(a[1], PyArray_NDIM(like), PyArray_DIMS(like));
        if (grads[i]) continue;
        for (int k = 0; k < i; k++) Py_DECREF(grads[k]);
        return nullptr;
    }
    const auto bits = [](PyArrayObject* v) { return static_cast<Bits*>(PyArray_DATA(v)); };
    {
        NoGil unlocked(of.x.size() >= LONG_WORK);
        parallel(slabs, rows_per_block(SLAB * n, 8 * CHUNK), [&](i64 first, i64 last) {
            float* const u = scratch<float>(Slot::norm, 2 * of.some * n);
            float* const v = u + of.some * n;
            for (i64 slab = first; slab < last; slab++) {
                float* const dw = affine ? &sums[2 * slab * n] : nullptr;
                const i64 end = (slab + 1) * SLAB < of.rows ? (slab + 1) * SLAB : of.rows;
                for (i64 i = slab * SLAB; i < end; i += of.some) {
                    const i64 part = end - i < of.some ? end - i : of.some;
                    widen(of.half, dy.data<Bits>() + i * n, u, part * n);
                    widen(of.half, of.x.data<Bits>() + i * n, v, part * n);
                    layer_norm_dx_rows<float>(u, v, affine ? &w[0] : nullptr, mean.data<float>() + i,
                                              rstd.data<float>() + i, part, n, u, dw, dw ? dw + n : nullptr);
                    narrow(of.half, u, bits(grads[0]) + i * n, part * n);
                }
            }
        });
        const float* const all_sums = affine ? &sums[0] : nullptr;
        for (i64 slab = 1; affine && slab < slabs; slab++)
            row_map(2 * n, [](F p, F q) { return p + q; }, &sums[0], all_sums, all_sums + 2 * slab * n);
        for (int i = 1; affine && i < 3; i++) narrow(of.half, &sums[(i - 1) * n], bits(grads[i]), n);
    }
    if (!affine) return Py_BuildValue("NOO", grads[0], Py_None, Py_None);
    return Py_BuildValue("NNN", grads[0], grads[1], grads[2]);
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
