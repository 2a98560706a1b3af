#include "bind_fft.hpp"

#include "fft.hpp"

namespace rl::RL_ISA {
namespace {

// A plan, given back when the call ends.
template <class T>
struct Lent {
    FftPlan<T>* plan;
    Lent(i64 n, bool alone) : plan(fft_plan<T>(n, alone)) {}
    Lent(const Lent&) = delete;
    ~Lent() { give_back(plan); }
};

struct Lines {
    i64 outer = 1, n = 0, inner = 1;
    Lines(const In& x, i64 axis) : n(x.dim(int(axis))) {
        for (int i = 0; i < axis; i++) outer *= x.dim(i);
        for (int i = int(axis) + 1; i < x.nd(); i++) inner *= x.dim(i);
    }
};

Out result(const In& x, i64 axis, i64 n, int type) {
    npy_intp dims[NPY_MAXDIMS];
    for (int i = 0; i < x.nd(); i++) dims[i] = x.dim(i);
    dims[axis] = n;
    return Out(x.nd(), dims, type);
}

bool read_complex(In& x, PyObject* o) {
    return x.read_as(o, NPY_CFLOAT) || x.read_as(o, NPY_CDOUBLE);
}

// f.operator()<T>(plan) with the plan of n, without the GIL if there is much work
template <class G>
void with_plan(bool single, i64 n, i64 lines, i64 work, G f) {
    const auto of = [&]<class T>() {
        const Lent<T> lent(n, alone<T>(lines));
        NoGil unlocked(work * 4 >= LONG_WORK);
        f.template operator()<T>(lent.plan);
    };
    if (single) of.template operator()<float>();
    else of.template operator()<double>();
}

}  // namespace

// dft(x, axis, scale, back) -> x's shape, complex
PyObject* dft_(Args a, Py_ssize_t n) {
    In x;
    i64 axis;
    double scale;
    bool back;
    if (n != 4 || !read_complex(x, a[0]) || !read_axis(a[1], x, axis)) return nullptr;
    if (!read(a[2], scale) || !read(a[3], back) || x.size() == 0) return nullptr;
    Out y(x);
    if (!y) return nullptr;
    const Lines l(x, axis);
    with_plan(x.type() == NPY_CFLOAT, l.n, l.outer * l.inner, 2 * x.size(), [&]<class T>(FftPlan<T>* plan) {
        fft(plan, x.data<T>(), l.outer, l.n, l.inner, T(scale), back, y.data<T>());
    });
    return y.release();
}

// dft_real(x, axis, scale, half): real -> complex, n // 2 + 1 frequencies or all n
PyObject* dft_real_(Args a, Py_ssize_t n) {
    In x;
    i64 axis;
    double scale;
    bool half;
    if (n != 4 || !x.read(a[0]) || !read_axis(a[1], x, axis)) return nullptr;
    if (!read(a[2], scale) || !read(a[3], half) || x.size() == 0) return nullptr;
    const Lines l(x, axis);
    const i64 h = half ? l.n / 2 + 1 : l.n;
    const bool single = x.type() == NPY_FLOAT;
    Out y = result(x, axis, h, single ? NPY_CFLOAT : NPY_CDOUBLE);
    if (!y) return nullptr;
    with_plan(single, fft_half(l.n), l.outer * l.inner, x.size(), [&]<class T>(FftPlan<T>* plan) {
        fft_real(plan, x.data<T>(), l.outer, l.n, h, l.inner, T(scale), y.data<T>());
    });
    return y.release();
}

// dft_to_real(x, axis, n, scale): n // 2 + 1 frequencies -> n real numbers
PyObject* dft_to_real_(Args a, Py_ssize_t n) {
    In x;
    i64 axis, length;
    double scale;
    if (n != 4 || !read_complex(x, a[0]) || !read_axis(a[1], x, axis)) return nullptr;
    if (!read(a[2], length) || !read(a[3], scale) || x.size() == 0) return nullptr;
    const Lines l(x, axis);
    if (length < 1 || l.n != length / 2 + 1) return nullptr;
    const bool single = x.type() == NPY_CFLOAT;
    Out y = result(x, axis, length, single ? NPY_FLOAT : NPY_DOUBLE);
    if (!y) return nullptr;
    with_plan(single, fft_half(length), l.outer * l.inner, 2 * x.size(), [&]<class T>(FftPlan<T>* plan) {
        fft_to_real(plan, x.data<T>(), l.outer, length, l.inner, T(scale), y.data<T>());
    });
    return y.release();
}

}  // namespace rl::RL_ISA
