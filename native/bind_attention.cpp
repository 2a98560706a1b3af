// Arguments of attention: T queries, S keys, E numbers of a query and a key, D of a value. A file
// of its own, because bind.cpp is the slow one to compile.
#include "bind_attention.hpp"

#include "attention.hpp"

namespace rl::RL_ISA {
namespace {

// An array of any strides but for its last dimension, whose numbers lie side by side; else a copy.
class Strided : public In {
 public:
    bool read(PyObject* o, int type) {
        if (!is_floating(o) || PyArray_NDIM(array(o)) < 2) return false;
        if (type >= 0 && PyArray_TYPE(array(o)) != type) return false;
        a_ = array(o);
        const int last = nd() - 1;
        bool ready = PyArray_DIM(a_, last) < 2 || PyArray_STRIDE(a_, last) == PyArray_ITEMSIZE(a_);
        for (int i = 0; i < last; i++) ready = ready && PyArray_STRIDE(a_, i) >= 0;
        return ready || copy();
    }
    PyArrayObject* object() const { return a_; }

 private:
    bool copy() {
        a_ = array(PyArray_NewCopy(a_, NPY_CORDER));
        copied_ = true;
        return a_ != nullptr;
    }
 public:
    // The shape of leading dimension i of `of`; 1 where there is none.
    i64 leading(int i, int of) const {
        const int j = i - (of - (nd() - 2));
        return j < 0 ? 1 : dim(j);
    }
    i64 step(int i, int of) const {
        const int j = i - (of - (nd() - 2));
        return j < 0 || dim(j) == 1 ? 0 : PyArray_STRIDE(a_, j) / PyArray_ITEMSIZE(a_);
    }
    template <class T>
    Heads<const T> heads(const Attention& a) const {
        Heads<const T> h;
        h.p = data<T>();
        const i64 size = sizeof(T);
        h.row = PyArray_STRIDE(a_, nd() - 2) / size;
        h.col = 1;
        for (int i = 0; i < a.leading; i++) h.steps[i] = step(i, a.leading);
        return h;
    }
};

// Everything but the mask, and the shape that the leading dimensions have together.
bool read(const Strided& q, const Strided& k, const Strided& v, Attention& a) {
    a.t = q.dim(-2), a.e = q.dim(-1), a.s = k.dim(-2), a.d = v.dim(-1);
    if (k.dim(-1) != a.e || v.dim(-2) != a.s) return false;
    if (a.t < 1 || a.e < 1 || a.s < 1 || a.d < 1) return false;
    a.leading = q.nd() - 2;
    if (k.nd() - 2 > a.leading) a.leading = k.nd() - 2;
    if (v.nd() - 2 > a.leading) a.leading = v.nd() - 2;
    if (a.leading > LEADING) return false;
    a.heads = 1;
    for (int i = 0; i < a.leading; i++) {
        i64 n = 1;
        const Strided* const all[] = {&q, &k, &v};
        for (const Strided* x : all) {
            const i64 m = x->leading(i, a.leading);
            if (m != 1 && n != 1 && m != n) return false;
            if (m != 1) n = m;
        }
        a.dims[i] = n;
        a.heads *= n;
    }
    return a.heads > 0;
}

// mask: None, bool, or numbers of q's dtype, broadcast to (*, T, S)
bool read_mask(PyObject* o, int type, Attention& a, Heads<const char>& h) {
    a.mask = MaskKind::none;
    h = {};
    if (o == Py_None) return true;
    if (!is_array(o) || !PyArray_ISBEHAVED_RO(array(o))) return false;
    PyArrayObject* const m = array(o);
    const int nd = PyArray_NDIM(m);
    if (PyArray_TYPE(m) == NPY_BOOL) a.mask = MaskKind::boolean;
    else if (PyArray_TYPE(m) == type) a.mask = MaskKind::additive;
    else return false;
    if (nd > a.leading + 2) return false;
    h.p = static_cast<const char*>(PyArray_DATA(m));
    for (int i = 0; i < a.leading + 2; i++) {
        const int j = i - (a.leading + 2 - nd);
        const i64 size = j < 0 ? 1 : PyArray_DIM(m, j);
        const i64 full = i < a.leading ? a.dims[i] : i == a.leading ? a.t : a.s;
        if (size != 1 && size != full) return false;
        const i64 stride = size == 1 ? 0 : PyArray_STRIDE(m, j);
        if (i < a.leading) h.steps[i] = stride;
        else if (i == a.leading) h.row = stride / PyArray_ITEMSIZE(m);
        else h.col = stride / PyArray_ITEMSIZE(m);
    }
    return true;
}

// A new array (*leading, rows, cols). Its dimensions lie in memory in the order of those of `like`,
// so that what came as (B, T, H, E) with T and H exchanged goes back without a copy.
PyArrayObject* arranged(const Attention& a, const Strided& like, i64 rows, i64 cols) {
    const int nd = a.leading + 2;
    npy_intp dims[LEADING + 2], strides[LEADING + 2];
    int order[LEADING + 2];
    bool same = like.nd() == nd;
    for (int i = 0; i < nd; i++) {
        dims[i] = i < a.leading ? a.dims[i] : i == a.leading ? rows : cols;
        order[i] = i;
        if (i < a.leading && same && like.dim(i) != dims[i]) same = false;
    }
    PyArrayObject* const x = like.object();
    if (same) {  // insertion sort by falling stride, the last dimension stays
        for (int i = 1; i < nd - 1; i++) {
            for (int j = i; j > 0; j--) {
                const int p = order[j - 1], q = order[j];
                if (PyArray_STRIDE(x, p) >= PyArray_STRIDE(x, q) || PyArray_DIM(x, p) == 1 ||
                    PyArray_DIM(x, q) == 1)
                    break;
                order[j - 1] = q, order[j] = p;
            }
        }
    }
    npy_intp step = PyArray_ITEMSIZE(x);
    for (int i = nd - 1; i >= 0; i--) {
        strides[order[i]] = step;
        step *= dims[order[i]];
    }
    PyArray_Descr* const dtype = PyArray_DESCR(x);
    Py_INCREF(dtype);
    return array(new_array(dtype, nd, dims, strides));
}

// A new array of `arranged`, given back by release().
class Result {
    PyArrayObject* a_;

 public:
    explicit Result(PyArrayObject* a) : a_(a) {}
    Result(const Result&) = delete;
    ~Result() { Py_XDECREF(a_); }
    explicit operator bool() const { return a_ != nullptr; }
    template <class T>
    Heads<T> heads(const Attention& a) const {
        Heads<T> h;
        h.p = static_cast<T*>(PyArray_DATA(a_));
        for (int i = 0; i < a.leading; i++)
            h.steps[i] = PyArray_STRIDE(a_, i) / i64(sizeof(T));
        h.row = PyArray_STRIDE(a_, a.leading) / i64(sizeof(T));
        h.col = 1;
        return h;
    }
    PyObject* release() {
        PyObject* o = reinterpret_cast<PyObject*>(a_);
        a_ = nullptr;
        return o;
    }
};

i64 work(const Attention& a) { return a.heads * a.t * a.s * (a.e + a.d) / 16; }

}  // namespace

// attention(q (*, T, E), k (*, S, E), v (*, S, D), mask, scale, causal) -> y (*, T, D), lse (*, T)
PyObject* attention_(Args o, Py_ssize_t n) {
    Strided q, k, v;
    Attention a;
    Heads<const char> mask;
    if (n != 6 || !q.read(o[0], -1) || !k.read(o[1], q.type()) || !v.read(o[2], q.type()))
        return nullptr;
    if (!read(q, k, v, a) || !read_mask(o[3], q.type(), a, mask)) return nullptr;
    if (!read(o[4], a.scale) || !read(o[5], a.causal)) return nullptr;
    npy_intp rows[LEADING + 1];
    for (int i = 0; i < a.leading; i++) rows[i] = a.dims[i];
    rows[a.leading] = a.t;
    Result y(arranged(a, q, a.t, a.d));
    Out lse(a.leading + 1, rows, q.type());
    if (!y || !lse) return nullptr;
    compute(q.type(), work(a), [&]<class T>() {
        attention<T>(a, q.heads<T>(a), k.heads<T>(a), v.heads<T>(a), mask, y.heads<T>(a),
                     lse.data<T>());
    });
    return tuple(y, lse);
}

// attention_dx(dy, q, k, v, y, lse, mask, scale, causal) -> dq, dk, dv, each with all leading
// dimensions
PyObject* attention_dx_(Args o, Py_ssize_t n) {
    Strided dy, q, k, v, y;
    In lse;
    Attention a;
    Heads<const char> mask;
    if (n != 9 || !q.read(o[1], -1) || !dy.read(o[0], q.type())) return nullptr;
    if (!k.read(o[2], q.type()) || !v.read(o[3], q.type()) || !y.read(o[4], q.type()))
        return nullptr;
    if (!lse.read_like(o[5], q) || !read(q, k, v, a) || !read_mask(o[6], q.type(), a, mask))
        return nullptr;
    if (!read(o[7], a.scale) || !read(o[8], a.causal)) return nullptr;
    if (lse.size() != a.heads * a.t) return nullptr;
    const Strided* const results[] = {&dy, &y};
    for (const Strided* x : results) {
        if (x->nd() != a.leading + 2 || x->dim(-2) != a.t || x->dim(-1) != a.d) return nullptr;
        for (int i = 0; i < a.leading; i++)
            if (x->dim(i) != a.dims[i]) return nullptr;
    }
    Result dq(arranged(a, q, a.t, a.e)), dk(arranged(a, k, a.s, a.e)), dv(arranged(a, v, a.s, a.d));
    if (!dq || !dk || !dv) return nullptr;
    compute(q.type(), 5 * work(a) / 2, [&]<class T>() {
        attention_dx<T>(a, dy.heads<T>(a), q.heads<T>(a), k.heads<T>(a), v.heads<T>(a),
                        y.heads<T>(a), lse.data<T>(), mask, dq.heads<T>(a), dk.heads<T>(a),
                        dv.heads<T>(a));
    });
    return tuple(dq, dk, dv);
}

}  // namespace rl::RL_ISA
