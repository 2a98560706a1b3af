#include "bind_moves.hpp"

#include "bind_narrow.hpp"
#include "blocks.hpp"

namespace rl::RL_ISA {
namespace {

bool is_small(PyArrayObject* x) { return is_plain(x) && PyArray_ITEMSIZE(x) <= 8; }
bool is_bool(PyObject* o) {
    return is_array(o) && PyArray_TYPE(array(o)) == NPY_BOOL && PyArray_IS_C_CONTIGUOUS(array(o));
}
bool is_rows(PyObject* o) {  // row-major, without gaps
    return is_array(o) && PyArray_IS_C_CONTIGUOUS(array(o)) && PyArray_ISBEHAVED_RO(array(o));
}

PyArrayObject* new_like(PyArrayObject* x, int nd, const npy_intp* dims) {
    PyArray_Descr* const dtype = PyArray_DESCR(x);
    Py_INCREF(dtype);
    return array(new_array(dtype, nd, dims));
}

// f.operator()<T>() with unsigned T of `size` bytes, at most 8
template <class G>
void of_size(i64 size, i64 work, G f) {
    NoGil unlocked(work >= LONG_WORK);
    if (size == 1) f.template operator()<std::uint8_t>();
    else if (size == 2) f.template operator()<std::uint16_t>();
    else if (size == 4) f.template operator()<std::uint32_t>();
    else f.template operator()<std::uint64_t>();
}

template <class T>
const T* data(PyObject* o) {
    return static_cast<const T*>(PyArray_DATA(array(o)));
}

// where the true of each block begin; their number comes last
struct Starts {
    Array<i64> at;
    i64 blocks;
    Starts(const bool* x, i64 n)
        : at((n + CHOSEN_STEP - 1) / CHOSEN_STEP + 1), blocks((n + CHOSEN_STEP - 1) / CHOSEN_STEP) {
        NoGil unlocked(n >= LONG_WORK);
        count_true(x, n, &at[1]);
        for (i64 b = 0; b < blocks; b++) at[b + 1] += at[b];
    }
    i64 total() const { return at[blocks]; }
};

}  // namespace

// dense(x) -> x if its elements lie in row-major order, else a copy that does
PyObject* dense_(Args a, Py_ssize_t n) {
    if (n != 1 || !is_array(a[0])) return nullptr;
    if (PyArray_IS_C_CONTIGUOUS(array(a[0]))) return Py_NewRef(a[0]);
    return reinterpret_cast<PyObject*>(row_major(array(a[0])));
}
// dense_copy(x) -> a copy in row-major order
PyObject* dense_copy_(Args a, Py_ssize_t n) {
    if (n != 1 || !is_array(a[0])) return nullptr;
    return reinterpret_cast<PyObject*>(row_major(array(a[0])));
}

namespace {

// All elements of y, which is dense, are those at `from`.
void fill_all(PyArrayObject* y, const char* from) {
    const i64 size = PyArray_ITEMSIZE(y);
    const Block all{.nd = 1, .dims = {PyArray_SIZE(y)}, .from = {0}, .to = {size}, .size = size};
    NoGil unlocked(PyArray_SIZE(y) >= LONG_WORK);
    copy_block(all, from, PyArray_BYTES(y));
}

}  // namespace

// filled(x, y) -> an array of x's shape, dtype and order in memory, every element that of y, 0-d or a number that fits
PyObject* filled_(Args a, Py_ssize_t n) {
    if (n != 2 || !is_array(a[0])) return nullptr;
    PyArrayObject* const x = array(a[0]);
    if (!is_plain(x) || !is_dense(x)) return nullptr;
    alignas(16) char one[16];
    if (is_array(a[1])) {
        PyArrayObject* const y = array(a[1]);
        if (PyArray_DESCR(y) != PyArray_DESCR(x) || PyArray_NDIM(y)) return nullptr;
        std::memcpy(one, PyArray_BYTES(y), PyArray_ITEMSIZE(y));  // y may be one of x, which may be written to
    } else if (double v; PyArray_TYPE(x) == NPY_FLOAT && (PyFloat_CheckExact(a[1]) || PyLong_CheckExact(a[1])) &&
                         read(a[1], v)) {
        const float rounded = float(v);
        std::memcpy(one, &rounded, sizeof rounded);
    } else if (!(PyFloat_CheckExact(a[1]) || PyLong_CheckExact(a[1])) ||
               PyArray_Pack(PyArray_DESCR(x), one, a[1]) < 0) {
        PyErr_Clear();
        return nullptr;
    }
    PyObject* const z = new_alike(x);
    if (z && PyArray_SIZE(x)) fill_all(array(z), one);
    return z;
}

// assign(x, y) -> None: the elements of y, or its one element, into x, of its shape and dtype and elsewhere in memory
PyObject* assign_(Args a, Py_ssize_t n) {
    if (n != 2 || !is_array(a[0]) || !is_array(a[1])) return nullptr;
    PyArrayObject *const x = array(a[0]), *const y = array(a[1]);
    const bool one = PyArray_NDIM(y) == 0;
    if (PyArray_DESCR(y) != PyArray_DESCR(x) || !(one || PyArray_SAMESHAPE(x, y))) return nullptr;
    if (!PyArray_ISBEHAVED(x) || !is_plain(x) || !is_plain(y)) return nullptr;
    char *low[2], *high[2];
    for (int k = 0; k < 2; k++) {
        low[k] = high[k] = PyArray_BYTES(array(a[k]));
        for (int i = 0; i < PyArray_NDIM(array(a[k])); i++) {
            const i64 reach = (PyArray_DIM(x, i) - 1) * PyArray_STRIDE(array(a[k]), i);
            (reach < 0 ? low : high)[k] += reach;
        }
        high[k] += PyArray_ITEMSIZE(x);
    }
    if (PyArray_SIZE(x) == 0) return Py_NewRef(Py_None);
    if (low[0] < high[1] && low[1] < high[0]) return nullptr;
    if (one && is_dense(x)) {
        fill_all(x, PyArray_BYTES(y));
    } else if (one) {
        return nullptr;
    } else {
        copy_elements(y, x);
    }
    return Py_NewRef(Py_None);
}

namespace {

// The arrays of a list, all of one dtype, along an axis that they have, or along a new one.
template <bool stack>
PyObject* joined(Args a, Py_ssize_t n) {
    if (n != 2 || !PyList_CheckExact(a[0]) || !PyLong_CheckExact(a[1])) return nullptr;
    const Py_ssize_t count = PyList_GET_SIZE(a[0]);
    i64 axis;
    if (count == 0 || !is_array(PyList_GET_ITEM(a[0], 0)) || !read(a[1], axis)) return nullptr;
    PyArrayObject* const first = array(PyList_GET_ITEM(a[0], 0));
    const int nd = PyArray_NDIM(first), out = nd + stack;
    if (axis < 0) axis += out;
    if (axis < 0 || axis >= out || out >= NPY_MAXDIMS || !is_plain(first)) return nullptr;
    npy_intp dims[NPY_MAXDIMS];
    for (int i = 0; i < nd; i++) dims[i + (stack && i >= axis)] = PyArray_DIM(first, i);
    dims[axis] = stack ? count : 0;
    for (Py_ssize_t k = 0; k < count; k++) {
        PyObject* const o = PyList_GET_ITEM(a[0], k);
        if (!is_array(o) || PyArray_NDIM(array(o)) != nd || !is_plain(array(o))) return nullptr;
        if (PyArray_TYPE(array(o)) != PyArray_TYPE(first)) return nullptr;
        for (int i = 0; i < nd; i++)
            if ((stack || i != axis) && PyArray_DIM(array(o), i) != PyArray_DIM(first, i))
                return nullptr;
        if (!stack) dims[axis] += PyArray_DIM(array(o), int(axis));
    }
    PyArrayObject* const y = new_like(first, out, dims);
    if (!y) return nullptr;
    i64 outer = 1, inner = PyArray_ITEMSIZE(first);
    for (int i = 0; i < axis; i++) outer *= dims[i];
    for (int i = int(axis) + 1; i < out; i++) inner *= dims[i];
    char* to = PyArray_BYTES(y);
    const i64 step = dims[axis] * inner;  // from one of the outer places to the next
    // (under the GIL: the list is the caller's, another thread could change it)
    bool dense = outer > 1 && count <= outer;
    for (Py_ssize_t k = 0; k < count && dense; k++)
        dense = PyArray_IS_C_CONTIGUOUS(array(PyList_GET_ITEM(a[0], k)));
    if (dense && outer * step > MOVE_BYTES) {  // all of a row, so that y is written in one go
        const Array<const char*> from(count);
        const Array<i64> row(count);
        for (Py_ssize_t k = 0; k < count; k++) {
            PyArrayObject* const x = array(PyList_GET_ITEM(a[0], k));
            from[k] = PyArray_BYTES(x);
            row[k] = stack ? inner : PyArray_DIM(x, int(axis)) * inner;
        }
        join_rows(&from[0], &row[0], count, outer, to);
        return reinterpret_cast<PyObject*>(y);
    }
    for (Py_ssize_t k = 0; k < count; k++) {
        PyArrayObject* const x = array(PyList_GET_ITEM(a[0], k));
        const i64 row = stack ? inner : PyArray_DIM(x, int(axis)) * inner;
        if (PyArray_IS_C_CONTIGUOUS(x) && outer * row <= MOVE_BYTES) {
            for (i64 o = 0; o < outer; o++)
                std::memcpy(to + o * step, PyArray_BYTES(x) + o * row, std::size_t(row));
        } else {
            Block b;
            b.nd = nd;
            b.size = PyArray_ITEMSIZE(x);
            for (int i = 0; i < nd; i++) {
                b.dims[i] = PyArray_DIM(x, i);
                b.from[i] = PyArray_STRIDE(x, i);
                b.to[i] = PyArray_STRIDE(y, i + (stack && i >= axis));
            }
            copy_block(b, PyArray_BYTES(x), to);
        }
        to += row;
    }
    return reinterpret_cast<PyObject*>(y);
}

}  // namespace

// concatenate(xs, axis): arrays that differ along axis only -> row-major
PyObject* concatenate_(Args a, Py_ssize_t n) { return joined<false>(a, n); }
// stack(xs, axis): arrays of one shape, along a new dimension -> row-major
PyObject* stack_(Args a, Py_ssize_t n) { return joined<true>(a, n); }

// padded(x, widths ((before, after), ...), value) -> x with value around it; negative ones cut off
PyObject* padded_(Args a, Py_ssize_t n) {
    if (n != 3 || !is_array(a[0]) || !PyTuple_CheckExact(a[1])) return nullptr;
    PyArrayObject* const x = array(a[0]);
    const int nd = PyArray_NDIM(x), last = nd - 1;
    if (nd == 0 || !is_plain(x) || PyTuple_GET_SIZE(a[1]) != nd) return nullptr;
    if (PyArray_DIM(x, last) > 1 && PyArray_STRIDE(x, last) != PyArray_ITEMSIZE(x)) return nullptr;
    PadBlock b;
    b.nd = nd;
    b.size = PyArray_ITEMSIZE(x);
    npy_intp dims[NPY_MAXDIMS];
    const char* from = PyArray_BYTES(x);
    for (int i = 0; i < nd; i++) {
        i64 w[2];
        if (!read(PyTuple_GET_ITEM(a[1], i), w)) return nullptr;
        const i64 cut = w[0] < 0 ? -w[0] : 0, cut_off = w[1] < 0 ? -w[1] : 0;
        const i64 size = PyArray_DIM(x, i);
        dims[i] = size + w[0] + w[1];
        b.in[i] = size - cut - cut_off;
        b.before[i] = w[0] > 0 ? w[0] : 0;
        b.from[i] = PyArray_STRIDE(x, i);
        b.out[i] = dims[i];
        if (b.in[i] <= 0 || dims[i] <= 0) return nullptr;
        from += cut * b.from[i];
    }
    char value[16] = {};
    if (PyArray_Pack(PyArray_DESCR(x), value, a[2]) < 0) {
        PyErr_Clear();
        return nullptr;
    }
    PyArrayObject* const y = new_like(x, nd, dims);
    if (!y) return nullptr;
    NoGil unlocked(PyArray_SIZE(y) >= LONG_WORK);
    pad_block(b, from, value, PyArray_BYTES(y));
    return reinterpret_cast<PyObject*>(y);
}

// continued(x, widths ((before, after), ...), how "reflect", "replicate" or "circular") -> x with a border of its own
PyObject* continued_(Args a, Py_ssize_t n) {
    if (n != 3 || !is_array(a[0]) || !PyTuple_CheckExact(a[1]) || !PyUnicode_Check(a[2])) return nullptr;
    PyArrayObject* const x = array(a[0]);
    const int nd = PyArray_NDIM(x), last = nd - 1;
    if (nd == 0 || !is_plain(x) || PyTuple_GET_SIZE(a[1]) != nd) return nullptr;
    const char first = PyUnicode_GET_LENGTH(a[2]) > 3 ? char(PyUnicode_READ_CHAR(a[2], 2)) : ' ';
    if (first != 'f' && first != 'p' && first != 'r') return nullptr;
    const Border how = first == 'f' ? Border::reflected : first == 'p' ? Border::repeated : Border::periodic;
    npy_intp dims[NPY_MAXDIMS];
    i64 widths[NPY_MAXDIMS][2], total = 0;
    for (int i = 0; i < nd; i++) {
        if (!read(PyTuple_GET_ITEM(a[1], i), widths[i])) return nullptr;
        dims[i] = PyArray_DIM(x, i) + widths[i][0] + widths[i][1];
        if (dims[i] <= 0 || PyArray_DIM(x, i) == 0) return nullptr;
        total += dims[i];
    }
    const Array<i64> offsets(total);
    ContinuedBlock b;
    b.nd = nd, b.size = PyArray_ITEMSIZE(x);
    i64* to = &offsets[0];
    for (int i = 0; i < nd; to += dims[i++]) {
        b.out[i] = dims[i], b.at[i] = to;
        for (i64 j = 0; j < dims[i]; j++) {
            const i64 from = continuation(how, j, PyArray_DIM(x, i), widths[i][0], widths[i][1]);
            if (from < 0 || from >= PyArray_DIM(x, i)) return nullptr;
            to[j] = from * PyArray_STRIDE(x, i);
        }
    }
    b.lead = widths[last][0] > 0 ? widths[last][0] : 0;
    b.inside = PyArray_DIM(x, last);
    for (const i64 w : widths[last]) b.inside += w < 0 ? w : 0;
    if (b.inside > 1 && PyArray_STRIDE(x, last) != b.size) b.inside = 0;
    if (b.inside < 0) return nullptr;
    PyArrayObject* const y = new_like(x, nd, dims);
    if (!y) return nullptr;
    NoGil unlocked(PyArray_SIZE(y) >= LONG_WORK);
    continue_block(b, PyArray_BYTES(x), PyArray_BYTES(y));
    return reinterpret_cast<PyObject*>(y);
}

// where(c, x, y): c bool; x and y of one dtype and c's shape, or one number in an array
PyObject* where_(Args a, Py_ssize_t n) {
    if (n != 3 || !is_bool(a[0]) || !is_rows(a[1]) || !is_rows(a[2])) return nullptr;
    PyArrayObject *const c = array(a[0]), *const x = array(a[1]), *const y = array(a[2]);
    if (PyArray_TYPE(x) != PyArray_TYPE(y) || !is_small(x)) return nullptr;
    for (PyArrayObject* v : {x, y})
        if (PyArray_NDIM(v) && !PyArray_SAMESHAPE(v, c)) return nullptr;
    PyArrayObject* const z = new_like(x, PyArray_NDIM(c), PyArray_DIMS(c));
    if (!z) return nullptr;
    const i64 size = PyArray_SIZE(c);
    if (size == 0) return reinterpret_cast<PyObject*>(z);
    of_size(PyArray_ITEMSIZE(x), size, [&]<class T>() {
        choose(data<bool>(a[0]), data<T>(a[1]), PyArray_NDIM(x) ? size : 1, data<T>(a[2]),
               PyArray_NDIM(y) ? size : 1, static_cast<T*>(PyArray_DATA(z)), size);
    });
    return reinterpret_cast<PyObject*>(z);
}

namespace {

template <bool strict>
PyObject* along_axis(Args a, Py_ssize_t n) {
    if (n != 3 || !is_rows(a[0]) || !is_rows(a[1]) || !PyLong_CheckExact(a[2])) return nullptr;
    PyArrayObject *const x = array(a[0]), *const index = array(a[1]);
    const int nd = PyArray_NDIM(x);
    i64 axis;
    if (PyArray_TYPE(index) != NPY_INT64 || PyArray_NDIM(index) != nd || !is_small(x)) return nullptr;
    if (!read(a[2], axis)) return nullptr;
    if (axis < 0) axis += nd;
    if (axis < 0 || axis >= nd) return nullptr;
    i64 rows = 1, inner = 1;
    for (int i = 0; i < nd; i++) {
        if (i != axis && PyArray_DIM(x, i) != PyArray_DIM(index, i)) return nullptr;
        if (i < axis) rows *= PyArray_DIM(x, i);
        if (i > axis) inner *= PyArray_DIM(x, i);
    }
    const i64 m = PyArray_DIM(x, int(axis)), k = PyArray_DIM(index, int(axis));
    PyArrayObject* const y = new_like(x, nd, PyArray_DIMS(index));
    if (!y || PyArray_SIZE(y) == 0) return reinterpret_cast<PyObject*>(y);
    bool within = true;
    of_size(PyArray_ITEMSIZE(x), PyArray_SIZE(y), [&]<class T>() {
        within = gather(data<T>(a[0]), rows, m, inner, data<i64>(a[1]), k, strict,
                        static_cast<T*>(PyArray_DATA(y)));
    });
    if (within) return reinterpret_cast<PyObject*>(y);
    Py_DECREF(y);
    if (strict) Py_RETURN_NONE;
    return nullptr;  // the twin's error
}

}  // namespace

// take_along_axis(x, index, axis): shapes that differ along axis only
PyObject* take_along_axis_(Args a, Py_ssize_t n) { return along_axis<false>(a, n); }
// pick(x, index, axis): the same, or None for an index outside [0, n)
PyObject* pick_(Args a, Py_ssize_t n) { return along_axis<true>(a, n); }

// places(x bool) -> (nd, k) int64: the places of those that are true
PyObject* places_(Args a, Py_ssize_t n) {
    if (n != 1 || !is_bool(a[0]) || PyArray_NDIM(array(a[0])) == 0) return nullptr;
    PyArrayObject* const x = array(a[0]);
    const int nd = PyArray_NDIM(x);
    const i64 size = PyArray_SIZE(x);
    const Starts starts(data<bool>(a[0]), size);
    npy_intp dims[] = {nd, starts.total()};
    Out y(2, dims, NPY_INT64);
    if (!y || size == 0) return y.release();
    i64 sizes[64];
    for (int i = 0; i < nd; i++) sizes[i] = PyArray_DIM(x, i);
    NoGil unlocked(size >= LONG_WORK);
    places_of_true(data<bool>(a[0]), size, &starts.at[0], sizes, nd, y.data<i64>());
    return y.release();
}

// chosen(x, mask) -> (k): the elements where mask, of x's shape, is true
PyObject* chosen_(Args a, Py_ssize_t n) {
    if (n != 2 || !is_rows(a[0]) || !is_bool(a[1])) return nullptr;
    PyArrayObject* const x = array(a[0]);
    if (!PyArray_SAMESHAPE(x, array(a[1])) || !is_small(x)) return nullptr;
    const i64 size = PyArray_SIZE(x);
    const Starts starts(data<bool>(a[1]), size);
    npy_intp dims[] = {starts.total()};
    PyArrayObject* const y = new_like(x, 1, dims);
    if (!y || size == 0) return reinterpret_cast<PyObject*>(y);
    of_size(PyArray_ITEMSIZE(x), size, [&]<class T>() {
        take_true(data<bool>(a[1]), data<T>(a[0]), size, &starts.at[0],
                  static_cast<T*>(PyArray_DATA(y)));
    });
    return reinterpret_cast<PyObject*>(y);
}

// tril(x (*, n, m), k=0): 0 above the k-th diagonal; triu: below it
template <bool lower>
PyObject* triangle_(Args a, Py_ssize_t n) {
    i64 k = 0;
    if (n < 1 || n > 2 || !is_rows(a[0]) || (n == 2 && !read(a[1], k))) return nullptr;
    PyArrayObject* const x = array(a[0]);
    const int nd = PyArray_NDIM(x);
    if (!is_plain(x) || nd < 2) return nullptr;
    PyArrayObject* const y = new_like(x, nd, PyArray_DIMS(x));
    if (!y || PyArray_SIZE(y) == 0) return reinterpret_cast<PyObject*>(y);
    const i64 rows = PyArray_DIM(x, nd - 2), columns = PyArray_DIM(x, nd - 1), size = PyArray_ITEMSIZE(x);
    const i64 all = PyArray_SIZE(x) / columns, line = columns * size;
    const i64 shift = k > columns ? columns : k < -rows ? -rows : k;
    const char* const from = PyArray_BYTES(x);
    char* const to = PyArray_BYTES(y);
    NoGil unlocked(all * columns >= LONG_WORK);
    parallel(all, rows_per_block(line, MOVE_BYTES), [=](i64 begin, i64 end) {
        for (i64 r = begin; r < end; r++) {
            const i64 edge = r % rows + shift + lower;  // the first number of the upper part
            const i64 cut = (edge < 0 ? 0 : edge > columns ? columns : edge) * size;
            const i64 at = r * line, kept = lower ? at : at + cut, left_out = lower ? at + cut : at;
            std::memcpy(to + kept, from + kept, std::size_t(lower ? cut : line - cut));
            std::memset(to + left_out, 0, std::size_t(lower ? line - cut : cut));
        }
    });
    return reinterpret_cast<PyObject*>(y);
}
template PyObject* triangle_<true>(Args, Py_ssize_t);
template PyObject* triangle_<false>(Args, Py_ssize_t);

// within(index, low, high): does every number lie in [low, high)?
PyObject* within_(Args a, Py_ssize_t n) {
    i64 low, high;
    if (n != 3 || !is_rows(a[0]) || !read(a[1], low) || !read(a[2], high)) return nullptr;
    const i64 size = PyArray_SIZE(array(a[0]));
    bool all = true;
    const auto look = [&]<class T>() {
        const T* const x = data<T>(a[0]);
        NoGil unlocked(size >= LONG_WORK);
        parallel(size, 1 << 15, [&](i64 begin, i64 end) {
            i64 out = 0;
            for (i64 i = begin; i < end; i++) out |= i64(x[i] < low) | i64(x[i] >= high);
            if (out) __atomic_store_n(&all, false, __ATOMIC_RELAXED);
        });
    };
    if (PyArray_TYPE(array(a[0])) == NPY_INT64) look.template operator()<i64>();
    else if (PyArray_TYPE(array(a[0])) == NPY_INT32) look.template operator()<std::int32_t>();
    else return nullptr;
    return PyBool_FromLong(all);
}

namespace {

template <class T, class U>
void converted(const void* x, void* y, i64 n) {
    convert(static_cast<const T*>(x), static_cast<U*>(y), n);
}

// one two-byte float as the other, by way of float, 2048 at a time
template <class N, class M>
void to_other_half(const void* x, void* y, i64 n) {
    constexpr i64 CHUNK = 2048;
    parallel(n, even_blocks(n, 8 * CHUNK), [=](i64 begin, i64 end) {
        alignas(64) float wide[CHUNK];
        for (i64 i = begin; i < end; i += CHUNK) {
            const i64 some = end - i < CHUNK ? end - i : CHUNK;
            widen(static_cast<const N*>(x) + i, wide, some);
            narrow(wide, static_cast<M*>(y) + i, some);
        }
    });
}
template <class T>
void to_bool(const void* x, void* y, i64 n) {
    const T* const from = static_cast<const T*>(x);
    bool* const to = static_cast<bool*>(y);
    parallel(n, even_blocks(n, 1 << 15), [=](i64 begin, i64 end) {
        for (i64 i = begin; i < end; i++) to[i] = from[i] != 0;
    });
}

constexpr int BFLOAT16 = -1;

struct Conversion {
    int from, to;
    void (*run)(const void* x, void* y, i64 n);
};
constexpr Conversion CONVERSIONS[] = {
    {NPY_HALF, NPY_FLOAT,
     [](const void* x, void* y, i64 n) {
         from_half(static_cast<const std::uint16_t*>(x), static_cast<float*>(y), n);
     }},
    {NPY_FLOAT, NPY_HALF,
     [](const void* x, void* y, i64 n) {
         to_half(static_cast<const float*>(x), static_cast<std::uint16_t*>(y), n);
     }},
    {BFLOAT16, NPY_FLOAT,
     [](const void* x, void* y, i64 n) {
         from_bfloat16(static_cast<const std::uint16_t*>(x), static_cast<float*>(y), n);
     }},
    {NPY_FLOAT, BFLOAT16,
     [](const void* x, void* y, i64 n) {
         to_bfloat16(static_cast<const float*>(x), static_cast<std::uint16_t*>(y), n);
     }},
    {NPY_HALF, BFLOAT16, to_other_half<Half, Brain>},
    {BFLOAT16, NPY_HALF, to_other_half<Brain, Half>},
    {NPY_HALF, NPY_DOUBLE, converted<Half, double>},
    {BFLOAT16, NPY_DOUBLE, converted<Brain, double>},
    {NPY_HALF, NPY_INT64, converted<Half, i64>},
    {BFLOAT16, NPY_INT64, converted<Brain, i64>},
    {NPY_HALF, NPY_INT32, converted<Half, std::int32_t>},
    {BFLOAT16, NPY_INT32, converted<Brain, std::int32_t>},
    {NPY_FLOAT, NPY_INT64, converted<float, i64>},
    {NPY_FLOAT, NPY_INT32, converted<float, std::int32_t>},
    {NPY_DOUBLE, NPY_INT64, converted<double, i64>},
    {NPY_FLOAT, NPY_BOOL, to_bool<float>},
    {NPY_DOUBLE, NPY_BOOL, to_bool<double>},
    {NPY_INT64, NPY_BOOL, to_bool<i64>},
    {NPY_INT32, NPY_BOOL, to_bool<std::int32_t>},
    {NPY_UINT8, NPY_BOOL, to_bool<std::uint8_t>},
    {NPY_FLOAT, NPY_DOUBLE, converted<float, double>},
    {NPY_DOUBLE, NPY_FLOAT, converted<double, float>},
    {NPY_INT64, NPY_FLOAT, converted<i64, float>},
    {NPY_INT64, NPY_DOUBLE, converted<i64, double>},
    {NPY_INT64, NPY_INT32, converted<i64, std::int32_t>},
    {NPY_INT32, NPY_INT64, converted<std::int32_t, i64>},
    {NPY_INT32, NPY_FLOAT, converted<std::int32_t, float>},
    {NPY_BOOL, NPY_FLOAT, converted<std::uint8_t, float>},
    {NPY_UINT8, NPY_FLOAT, converted<std::uint8_t, float>},
    {NPY_BOOL, NPY_DOUBLE, converted<std::uint8_t, double>},
    {NPY_UINT8, NPY_DOUBLE, converted<std::uint8_t, double>},
    {NPY_BOOL, NPY_INT64, converted<std::uint8_t, i64>},
    {NPY_UINT8, NPY_INT64, converted<std::uint8_t, i64>},
};

}  // namespace

// astype(x, dtype) -> x in another dtype, in the order of its memory (of one number, repeated: row-major); itself if
// it has it
PyObject* astype_(Args a, Py_ssize_t n) {
    if (n != 2 || !is_array(a[0]) || !PyArray_DescrCheck(a[1])) return nullptr;
    PyArrayObject* const x = array(a[0]);
    PyArray_Descr *const from = PyArray_DESCR(x), *const to = reinterpret_cast<PyArray_Descr*>(a[1]);
    if (from == to) return Py_NewRef(a[0]);
    if (!PyArray_ISBEHAVED_RO(x) || !PyDataType_ISNOTSWAPPED(to)) return nullptr;
    const bool one = is_uniform(x);
    if (!one && !is_dense(x)) return nullptr;
    const int source = is_bfloat16(from) ? BFLOAT16 : from->type_num;
    const int target = is_bfloat16(to) ? BFLOAT16 : to->type_num;
    for (const Conversion& c : CONVERSIONS) {
        if (c.from != source || c.to != target) continue;
        Py_INCREF(to);
        PyObject* const y = one || PyArray_IS_C_CONTIGUOUS(x) ? new_array(to, PyArray_NDIM(x), PyArray_DIMS(x))
                                                              : new_in_order_of(x, to);
        if (!y) return nullptr;
        const i64 size = PyArray_SIZE(x);
        if (one) {
            char number[16];
            c.run(PyArray_DATA(x), number, 1);
            fill_all(array(y), number);
            return y;
        }
        NoGil unlocked(size >= LONG_WORK);
        c.run(PyArray_DATA(x), PyArray_DATA(array(y)), size);
        return y;
    }
    return nullptr;
}

}  // namespace rl::RL_ISA
