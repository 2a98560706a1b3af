// Arguments of recurrent layers: N sequences, I inputs, H hidden units, P outputs of a step, G
// gates. Included by bind.cpp only.
#pragma once
#include "bind.hpp"
#include "recurrent.hpp"

namespace rl::RL_ISA {
namespace {

i64 gates_of(Cell cell) { return cell == Cell::lstm ? 4 : cell == Cell::gru ? 3 : 1; }

// A layer's operands as arrays. x is (T, N, I) with `sizes` None, or (S, I) with a tuple of the
// steps' sizes, which never rise. Initial states may have leading ones: (1, N, P).
struct Layer {
    In x, h0, c0, w_ih, w_hh, w_hr, b_ih, b_hh;
    Out offsets;
    i64 steps = 0, batch = 0, inputs = 0, hidden = 0, out = 0, gates = 0;
    bool reverse = false;

    i64 rows() const { return offsets.data<i64>()[steps]; }

    bool read(Cell cell, PyObject* px, PyObject* ph0, PyObject* pc0, PyObject* pw_ih,
              PyObject* pw_hh, PyObject* pw_hr, PyObject* pb_ih, PyObject* pb_hh, PyObject* sizes,
              PyObject* backward_first) {
        if (!x.read(px) || !h0.read_like(ph0, x) || !c0.read_optional_like(pc0, x)) return false;
        if (!w_ih.read_like(pw_ih, x) || !w_hh.read_like(pw_hh, x)) return false;
        if (!w_hr.read_optional_like(pw_hr, x) || !b_ih.read_optional_like(pb_ih, x)) return false;
        if (!b_hh.read_optional_like(pb_hh, x) || !rl::RL_ISA::read(backward_first, reverse))
            return false;
        if (w_ih.nd() != 2 || w_hh.nd() != 2 || h0.nd() < 2 || x.nd() < 2) return false;
        gates = gates_of(cell);
        inputs = x.dim(-1);
        hidden = w_hh.dim(0) / gates;
        out = h0.dim(-1);
        batch = h0.rows();
        if (x.size() == 0 || h0.size() == 0 || hidden == 0) return false;
        if (w_hh.dim(0) != gates * hidden || w_hh.dim(1) != out) return false;
        if (w_ih.dim(0) != gates * hidden || w_ih.dim(1) != inputs) return false;
        if (w_hr ? w_hr.nd() != 2 || w_hr.dim(0) != out || w_hr.dim(1) != hidden : out != hidden)
            return false;
        if (cell == Cell::lstm && (!c0 || c0.dim(-1) != hidden || c0.rows() != batch)) return false;
        if (bool(b_ih) != bool(b_hh)) return false;
        if (b_ih && (b_ih.size() != gates * hidden || b_hh.size() != gates * hidden)) return false;
        return read_steps(sizes);
    }

 private:
    bool read_steps(PyObject* sizes) {
        const bool packed = sizes != Py_None;
        if (packed ? x.nd() != 2 || !PyTuple_CheckExact(sizes) : x.nd() != 3) return false;
        if (!packed && x.dim(1) != batch) return false;
        steps = packed ? PyTuple_GET_SIZE(sizes) : x.dim(0);
        const npy_intp dims[] = {steps + 1};
        offsets = Out(1, dims, NPY_INT64);
        if (!offsets || steps == 0) return false;
        i64 *const at = offsets.data<i64>(), most = batch;
        at[0] = 0;
        for (i64 t = 0; t < steps; t++) {
            i64 n = batch;
            if (packed && !rl::RL_ISA::read(PyTuple_GET_ITEM(sizes, t), n)) return false;
            if (n < 1 || n > most || (t == 0 && n != batch)) return false;
            most = n;
            at[t + 1] = at[t] + n;
        }
        return at[steps] == x.rows();
    }

 public:
    template <class T>
    Recurrent<T> of(Cell cell) const {
        return {cell,           reverse,         steps,           batch,
                inputs,         hidden,          out,             offsets.data<i64>(),
                x.data<T>(),    h0.data<T>(),    c0.data<T>(),    w_ih.data<T>(),
                w_hh.data<T>(), w_hr.data<T>(),  b_ih.data<T>(),  b_hh.data<T>()};
    }
    // Multiply-adds of one product with the weights, over all steps, in the unit of `compute`
    i64 work() const { return rows() * gates * hidden * (inputs + out) / 16; }
    Out by_row(i64 columns) const {
        const npy_intp dims[] = {rows(), columns};
        return Out(2, dims, x.type());
    }
};

// lstm_layer(x, h0, c0, w_ih, w_hh, w_hr, b_ih, b_hh, sizes, reverse, keep)
//     -> y, hn, cn, gates, cells (both None unless keep)
PyObject* lstm_layer_(Args a, Py_ssize_t n) {
    Layer l;
    bool keep;
    if (n != 11 || !read(a[10], keep) ||
        !l.read(Cell::lstm, a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7], a[8], a[9]))
        return nullptr;
    Out y(l.x, l.out), hn(l.h0), cn(l.c0), gates = keep ? l.by_row(4 * l.hidden) : Out();
    Out cells = keep ? l.by_row(l.hidden) : Out();
    if (!y || !hn || !cn || (keep && (!gates || !cells))) return nullptr;
    compute(l.x.type(), l.work(), [&]<class T>() {
        recurrent<T>(l.of<T>(Cell::lstm),
                     {y.data<T>(), hn.data<T>(), cn.data<T>(), keep ? gates.data<T>() : nullptr,
                      keep ? cells.data<T>() : nullptr});
    });
    return tuple(y, hn, cn, gates, cells);
}

// gru_layer(x, h0, w_ih, w_hh, b_ih, b_hh, sizes, reverse, keep) -> y, hn, gates (None unless keep)
PyObject* gru_layer_(Args a, Py_ssize_t n) {
    Layer l;
    bool keep;
    if (n != 9 || !read(a[8], keep)) return nullptr;
    if (!l.read(Cell::gru, a[0], a[1], Py_None, a[2], a[3], Py_None, a[4], a[5], a[6],
                          a[7]))
        return nullptr;
    Out y(l.x, l.out), hn(l.h0), gates = keep ? l.by_row(4 * l.hidden) : Out();
    if (!y || !hn || (keep && !gates)) return nullptr;
    compute(l.x.type(), l.work(), [&]<class T>() {
        recurrent<T>(l.of<T>(Cell::gru), {y.data<T>(), hn.data<T>(), nullptr,
                                          keep ? gates.data<T>() : nullptr, nullptr});
    });
    return tuple(y, hn, gates);
}

// rnn_layer(x, h0, w_ih, w_hh, b_ih, b_hh, sizes, reverse, relu) -> y, hn
PyObject* rnn_layer_(Args a, Py_ssize_t n) {
    Layer l;
    bool relu;
    if (n != 9 || !read(a[8], relu)) return nullptr;
    const Cell cell = relu ? Cell::relu : Cell::tanh;
    if (!l.read(cell, a[0], a[1], Py_None, a[2], a[3], Py_None, a[4], a[5], a[6], a[7]))
        return nullptr;
    Out y(l.x, l.out), hn(l.h0);
    if (!y || !hn) return nullptr;
    compute(l.x.type(), l.work(), [&]<class T>() {
        recurrent<T>(l.of<T>(cell), {y.data<T>(), hn.data<T>(), nullptr, nullptr, nullptr});
    });
    return tuple(y, hn);
}

// What all three backwards have in common: dy, dhn, dcn, the forward's results, their own.
struct Gradients {
    In dy, dhn, dcn, y, gates, cells;
    Out dx, dh0, dc0, dw_ih, dw_hh, dw_hr, db_ih, db_hh;
    Out dgates, dgates_h, before, dh, full;

    bool read(Cell cell, const Layer& l, PyObject* pdy, PyObject* pdhn, PyObject* pdcn,
              PyObject* py, PyObject* pgates, PyObject* pcells, PyObject* want_dx) {
        bool wants;
        const i64 rows = l.rows(), hidden = l.hidden;
        if (!dy.read_like(pdy, l.x) || !dhn.read_optional_like(pdhn, l.x)) return false;
        if (!dcn.read_optional_like(pdcn, l.x) || !y.read_like(py, l.x)) return false;
        if (!gates.read_optional_like(pgates, l.x) || !cells.read_optional_like(pcells, l.x))
            return false;
        if (!rl::RL_ISA::read(want_dx, wants)) return false;
        if (y.size() != rows * l.out || dy.size() != y.size()) return false;
        if ((dhn && dhn.size() != l.h0.size()) || (dcn && dcn.size() != l.c0.size())) return false;
        if (l.gates > 1 && (!gates || gates.size() != rows * 4 * hidden)) return false;
        if (cell == Cell::lstm && (!cells || cells.size() != rows * hidden)) return false;
        const npy_intp bias[] = {l.gates * hidden};
        if (wants) dx = Out(l.x);
        dh0 = Out(l.h0);
        dw_ih = Out(l.w_ih);
        dw_hh = Out(l.w_hh);
        dgates = l.by_row(bias[0]);
        before = l.by_row(l.out);
        bool good = dh0 && dw_ih && dw_hh && dgates && before && (dx || !wants);
        if (l.b_ih) good &= bool(db_ih = Out(1, bias, l.x.type()));
        if (cell == Cell::gru) {
            good &= bool(dgates_h = l.by_row(bias[0]));
            if (l.b_ih) good &= bool(db_hh = Out(1, bias, l.x.type()));
        }
        if (cell == Cell::lstm) good &= bool(dc0 = Out(l.c0));
        if (l.w_hr) {
            good &= bool(dw_hr = Out(l.w_hr)) && (dh = l.by_row(l.out)) &&
                    (full = l.by_row(hidden));
        }
        return good;
    }

    void run(Cell cell, const Layer& l) {
        compute(l.x.type(), l.work(), [&]<class T>() {
            const auto at = [](const Out& o) { return o ? o.data<T>() : nullptr; };
            const auto given = [](const In& i) { return const_cast<T*>(i.data<T>()); };
            recurrent_dx<T>(l.of<T>(cell),
                            {given(y), nullptr, nullptr, given(gates), given(cells)},
                            {dy.data<T>(), dhn.data<T>(), dcn.data<T>(), at(dx), at(dh0), at(dc0),
                             at(dw_ih), at(dw_hh), at(dw_hr), at(db_ih), at(db_hh), at(dgates),
                             at(dgates_h), at(before), at(dh), at(full)});
        });
    }
};

// lstm_layer_dx(dy, dhn, dcn, x, h0, c0, w_ih, w_hh, w_hr, b_ih, b_hh, sizes, reverse, y, gates,
//               cells, want_dx) -> dx, dh0, dc0, dw_ih, dw_hh, dw_hr, db
PyObject* lstm_layer_dx_(Args a, Py_ssize_t n) {
    Layer l;
    Gradients g;
    const Cell cell = Cell::lstm;
    if (n != 17 || !l.read(cell, a[3], a[4], a[5], a[6], a[7], a[8], a[9], a[10], a[11], a[12]))
        return nullptr;
    if (!g.read(cell, l, a[0], a[1], a[2], a[13], a[14], a[15], a[16])) return nullptr;
    g.run(cell, l);
    return tuple(g.dx, g.dh0, g.dc0, g.dw_ih, g.dw_hh, g.dw_hr, g.db_ih);
}

// gru_layer_dx(dy, dhn, x, h0, w_ih, w_hh, b_ih, b_hh, sizes, reverse, y, gates, want_dx)
//     -> dx, dh0, dw_ih, dw_hh, db_ih, db_hh
PyObject* gru_layer_dx_(Args a, Py_ssize_t n) {
    Layer l;
    Gradients g;
    const Cell cell = Cell::gru;
    if (n != 13 ||
        !l.read(cell, a[2], a[3], Py_None, a[4], a[5], Py_None, a[6], a[7], a[8], a[9]))
        return nullptr;
    if (!g.read(cell, l, a[0], a[1], Py_None, a[10], a[11], Py_None, a[12])) return nullptr;
    g.run(cell, l);
    return tuple(g.dx, g.dh0, g.dw_ih, g.dw_hh, g.db_ih, g.db_hh);
}

// rnn_layer_dx(dy, dhn, x, h0, w_ih, w_hh, b_ih, b_hh, sizes, reverse, relu, y, want_dx)
//     -> dx, dh0, dw_ih, dw_hh, db
PyObject* rnn_layer_dx_(Args a, Py_ssize_t n) {
    Layer l;
    Gradients g;
    bool relu;
    if (n != 13 || !read(a[10], relu)) return nullptr;
    const Cell cell = relu ? Cell::relu : Cell::tanh;
    if (!l.read(cell, a[2], a[3], Py_None, a[4], a[5], Py_None, a[6], a[7], a[8], a[9]))
        return nullptr;
    if (!g.read(cell, l, a[0], a[1], Py_None, a[11], Py_None, Py_None, a[12])) return nullptr;
    g.run(cell, l);
    return tuple(g.dx, g.dh0, g.dw_ih, g.dw_hh, g.db_ih);
}

}  // namespace
}  // namespace rl::RL_ISA
