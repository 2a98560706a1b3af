// Tensors and views as Python sees them, made in one call: what every operation ends with.
//
// Their classes are Python's (core/tensor.py); `learn` finds out where their slots lie. The same
// functions in Python are in core/making.py.
#include "tensors.hpp"
#include <structmember.h>

#include <cstring>

namespace rl {
namespace {

struct Known {
    PyTypeObject *tensor, *view, *size, *parameter;
    PyObject* as_array;  // as_array(a): what is no array as one
    PyObject *dtypes, *dtype_of;  // NumPy's dtype -> ours; the function that finds others
    Py_ssize_t array, wanted, node, info, version;         // slots of a Tensor
    Py_ssize_t base, replay, recorded, several;            // slots of a ViewInfo
};
Known known{};
PyObject *zero, *array_name, *shape_name, *dtype_name, *inference_name, *grad_name;

PyObject*& slot(PyObject* o, Py_ssize_t at) {
    return *reinterpret_cast<PyObject**>(reinterpret_cast<char*>(o) + at);
}

// Puts a new reference into an empty slot.
void fill(PyObject* o, Py_ssize_t at, PyObject* value) { slot(o, at) = Py_NewRef(value); }

// Where a slot of a class lies in its instances; 0: it has no slot of this name.
Py_ssize_t slot_of(PyObject* cls, const char* name) {
    PyObject* const d = PyObject_GetAttrString(cls, name);
    if (!d) PyErr_Clear();
    const Py_ssize_t at = d && Py_IS_TYPE(d, &PyMemberDescr_Type)
                              ? reinterpret_cast<PyMemberDescrObject*>(d)->d_member->offset
                              : 0;
    Py_XDECREF(d);
    return at;
}

// A Tensor of an array, no history, no version.
PyObject* tensor_of(PyObject* array) {
    PyObject* const t = known.tensor->tp_alloc(known.tensor, 0);
    if (!t) return nullptr;
    fill(t, known.array, array);
    fill(t, known.wanted, Py_False);
    fill(t, known.node, Py_None);
    fill(t, known.info, Py_None);
    fill(t, known.version, Py_None);
    return t;
}

// Of class Tensor or Parameter, not of one that may have its own say.
bool is_usual(PyObject* t) { return Py_IS_TYPE(t, known.tensor) || Py_IS_TYPE(t, known.parameter); }

bool is_ready() {
    if (known.tensor) return true;
    PyErr_SetString(PyExc_RuntimeError, "rushlight._native has not learnt what a Tensor is");
    return false;
}

// The elements of a tensor; a new reference. Those of a class of its own may be computed.
PyObject* elements(PyObject* t) {
    if (PyObject_TypeCheck(t, known.tensor))
        if (PyObject* const a = slot(t, known.array)) return Py_NewRef(a);
    return PyObject_GetAttr(t, array_name);
}

// One view: its elements, its base and the way from there, which others may share.
PyObject* view_of(PyObject* array, PyObject* version, PyObject* base, PyObject* replay,
                  PyObject* several) {
    PyObject* const t = tensor_of(array);
    PyObject* const view = t ? known.view->tp_alloc(known.view, 0) : nullptr;
    if (!view) {
        Py_XDECREF(t);
        return nullptr;
    }
    fill(view, known.base, base);
    fill(view, known.replay, replay);
    fill(view, known.recorded, slot(base, known.node));
    fill(view, known.several, several);
    Py_SETREF(slot(t, known.info), view);
    Py_SETREF(slot(t, known.version), Py_NewRef(version));
    return t;
}

using Array = PyArrayObject*;
Array array(PyObject* o) { return reinterpret_cast<Array>(o); }

// Notes that the elements of a tensor were changed in place.
bool bump(PyObject* x) {
    PyObject*& version = slot(x, known.version);
    if (version && PyList_CheckExact(version) && PyList_GET_SIZE(version) == 1) {
        const Py_ssize_t seen = PyLong_AsSsize_t(PyList_GET_ITEM(version, 0));
        if (seen == -1 && PyErr_Occurred()) return false;
        PyObject* const next = PyLong_FromSsize_t(seen + 1);
        return next && PyList_SetItem(version, 0, next) == 0;
    }
    PyObject* const cell = Py_BuildValue("[i]", 1);
    if (cell) Py_XSETREF(version, cell);
    return cell != nullptr;
}

// True and None, or the exception
PyObject* answer(int done) {
    return done < 0 ? nullptr : Py_NewRef(done ? Py_True : Py_None);
}

// The elements of an array into a tensor, which counts the change: 1; 0: not these; -1: an exception.
int put_into(PyObject* t, PyObject* from) {
    PyObject* const a = slot(t, known.array);
    if (!a || !PyArray_CheckExact(a) || !PyArray_CheckExact(from)) return 0;
    const Array x = array(a), r = array(from);
    if (PyArray_DESCR(x) != PyArray_DESCR(r) || !PyArray_SAMESHAPE(x, r) || PyArray_SIZE(x) > 1 << 14 ||
        !PyArray_ISCARRAY(x) || !PyArray_ISCARRAY_RO(r) || PyDataType_REFCHK(PyArray_DESCR(x)))
        return 0;
    if (!bump(t)) return -1;
    std::memmove(PyArray_DATA(x), PyArray_DATA(r), std::size_t(PyArray_NBYTES(x)));
    return 1;
}

// ---------------------------------------------------------------- a card in place

enum { FORWARD, NARROW, FINISH, NOT_FOR, PROMOTED, OPERANDS, ONCE, ASKED, INFERRING, MODE, KINDS_OF_CHANGE };
constexpr long OF_ONE_DTYPE = 1, OF_FLOATS = 2;  // PROMOTED; 0: operands keep their dtypes
constexpr Py_ssize_t MOST_OPERANDS = 12;

// Whether two arrays meet in memory and are not the same elements in the same order.
bool tangled(Array a, Array b) {
    if (a == b || PyArray_SIZE(a) == 0 || PyArray_SIZE(b) == 0) return false;
    const char *low[2], *high[2];
    const Array both[2] = {a, b};
    for (int k = 0; k < 2; k++) {
        low[k] = PyArray_BYTES(both[k]), high[k] = low[k] + PyArray_ITEMSIZE(both[k]);
        for (int i = 0; i < PyArray_NDIM(both[k]); i++) {
            const npy_intp reach = PyArray_STRIDE(both[k], i) * (PyArray_DIM(both[k], i) - 1);
            (reach < 0 ? low[k] : high[k]) += reach;
        }
    }
    if (high[0] <= low[1] || high[1] <= low[0]) return false;
    if (PyArray_DATA(a) != PyArray_DATA(b) || !PyArray_SAMESHAPE(a, b)) return true;
    for (int i = 0; i < PyArray_NDIM(a); i++)
        if (PyArray_STRIDE(a, i) != PyArray_STRIDE(b, i)) return true;
    return false;
}

// `changed` of a card, see dispatch/inplace.py: the result in args[0], if its elements are all that there is
// to think of: no graph, no other dtype, no memory that others hold, too.
PyObject* changed(PyObject* card, PyObject* args) {
    const auto field = [card](int i) { return PyTuple_GET_ITEM(card, i); };
    const Py_ssize_t n = PyTuple_CheckExact(args) ? PyTuple_GET_SIZE(args) : 0;
    if (n < 1 || n > MOST_OPERANDS || PyList_GET_ITEM(field(ASKED), 0) != Py_False) Py_RETURN_FALSE;
    if (PyList_GET_ITEM(field(INFERRING), 0) != zero) Py_RETURN_FALSE;
    PyObject* const x = PyTuple_GET_ITEM(args, 0);
    PyObject* const own = is_usual(x) ? slot(x, known.array) : nullptr;
    if (!own || !PyArray_CheckExact(own)) Py_RETURN_FALSE;
    const Array a = array(own);
    PyArray_Descr* const dtype = PyArray_DESCR(a);
    PyObject* const not_for = field(NOT_FOR);
    for (Py_ssize_t i = 0; i < PyUnicode_GET_LENGTH(not_for); i++)
        if (PyUnicode_READ_CHAR(not_for, i) == Py_UCS4(dtype->kind)) Py_RETURN_FALSE;
    const long promoted = PyLong_AsLong(field(PROMOTED)), operands = PyLong_AsLong(field(OPERANDS));
    if (promoted == OF_FLOATS && PyArray_TYPE(a) != NPY_FLOAT && PyArray_TYPE(a) != NPY_DOUBLE)
        Py_RETURN_FALSE;
    PyObject* const version = slot(x, known.version);
    bool wanted = slot(x, known.wanted) == Py_True, apart = true;
    PyObject* given[MOST_OPERANDS + 1] = {nullptr, own};  // the first is vectorcall's
    for (Py_ssize_t i = 1; i < n; i++) {
        PyObject* const o = PyTuple_GET_ITEM(args, i);
        given[i + 1] = o;
        if (!PyObject_TypeCheck(o, known.tensor)) {
            if (promoted && (operands >> i & 1)) Py_RETURN_FALSE;
            continue;
        }
        PyObject* const b = is_usual(o) ? slot(o, known.array) : nullptr;
        if (!b || o == x || !PyArray_CheckExact(b)) Py_RETURN_FALSE;
        if (promoted && PyArray_DESCR(array(b)) != dtype) Py_RETURN_FALSE;
        if (version && version != Py_None && slot(o, known.version) == version) Py_RETURN_FALSE;
        wanted = wanted || slot(o, known.wanted) == Py_True;
        apart = apart && !tangled(a, array(b));
        given[i + 1] = b;
    }
    PyObject* flag = PyObject_GetAttr(x, inference_name);
    if (flag == Py_False && wanted) {
        Py_DECREF(flag);
        flag = PyObject_GetAttr(field(MODE), grad_name);
    }
    if (!flag) return nullptr;
    Py_DECREF(flag);
    if (flag != Py_False) Py_RETURN_FALSE;

    PyObject* const narrow = field(NARROW);
    PyObject* const forward = narrow != Py_None && PyArray_ITEMSIZE(a) == 2 ? narrow : field(FORWARD);
    const bool at_once = field(ONCE) == Py_True && apart && PyArray_ISWRITEABLE(a) &&
                         (PyArray_IS_C_CONTIGUOUS(a) || PyArray_IS_F_CONTIGUOUS(a));
    for (Py_ssize_t i = 1; i <= n; i++) Py_INCREF(given[i]);  // forward may change tensors
    if (at_once) destination = {a, PyThread_get_thread_ident()};
    PyObject* r = PyObject_Vectorcall(forward, given + 1, std::size_t(n) | PY_VECTORCALL_ARGUMENTS_OFFSET, nullptr);
    if (at_once) destination.array = nullptr;
    int done = -1;
    if (!r) {
        for (PyObject* const kind : {PyExc_ValueError, PyExc_IndexError, PyExc_TypeError, PyExc_AttributeError})
            if (PyErr_ExceptionMatches(kind)) {  // worded by the general way
                PyErr_Clear();
                done = 0;
                break;
            }
    } else {
        if (PyTuple_CheckExact(r)) Py_SETREF(r, Py_NewRef(PyTuple_GET_ITEM(r, 0)));
        done = r == own ? (bump(x) ? 1 : -1) : put_into(x, r);
        if (done == 0) {
            PyObject* const written = PyObject_CallFunctionObjArgs(field(FINISH), x, r, nullptr);
            done = written ? 1 : -1;
            Py_XDECREF(written);
        }
        Py_DECREF(r);
    }
    for (Py_ssize_t i = 1; i <= n; i++) Py_DECREF(given[i]);
    if (done < 0) return nullptr;
    return PyBool_FromLong(done);
}

}  // namespace

PyObject* learn(PyObject*, PyObject* const* args, Py_ssize_t n) {
    if (n != 6 || !PyType_Check(args[0]) || !PyType_Check(args[1]) || !PyType_Check(args[2]) ||
        !PyDict_CheckExact(args[4]))
        return PyErr_Format(PyExc_TypeError,
                            "learn(Tensor, ViewInfo, Size, as_array, dtypes, dtype_of)");
    Known k{};
    k.array = slot_of(args[0], "_a"), k.wanted = slot_of(args[0], "_rg");
    k.node = slot_of(args[0], "_node"), k.info = slot_of(args[0], "_view");
    k.version = slot_of(args[0], "_v");
    k.base = slot_of(args[1], "base"), k.replay = slot_of(args[1], "replay");
    k.recorded = slot_of(args[1], "recorded_at"), k.several = slot_of(args[1], "multi_output");
    for (const Py_ssize_t at : {k.array, k.wanted, k.node, k.info, k.version, k.base, k.replay,
                                k.recorded, k.several})
        if (!at) return PyErr_Format(PyExc_TypeError, "learn: a slot is missing");
    if (!zero) zero = PyLong_FromLong(0);
    if (!array_name) array_name = PyUnicode_InternFromString("_a");
    if (!shape_name) shape_name = PyUnicode_InternFromString("shape");
    if (!dtype_name) dtype_name = PyUnicode_InternFromString("dtype");
    if (!inference_name) inference_name = PyUnicode_InternFromString("_inference");
    if (!grad_name) grad_name = PyUnicode_InternFromString("grad");
    if (!zero || !array_name || !shape_name || !dtype_name || !inference_name || !grad_name) return nullptr;
    for (int i = 0; i < 6; i++) Py_INCREF(args[i]);  // kept for good
    k.tensor = k.parameter = reinterpret_cast<PyTypeObject*>(args[0]);
    k.view = reinterpret_cast<PyTypeObject*>(args[1]);
    k.size = reinterpret_cast<PyTypeObject*>(args[2]);
    k.as_array = args[3], k.dtypes = args[4], k.dtype_of = args[5];
    known = k;
    Py_RETURN_NONE;
}

PyObject* learn_parameter(PyObject*, PyObject* cls) {
    if (!is_ready()) return nullptr;
    if (!PyType_Check(cls) || !PyType_IsSubtype(reinterpret_cast<PyTypeObject*>(cls), known.tensor))
        return PyErr_Format(PyExc_TypeError, "learn_parameter(Parameter)");
    known.parameter = reinterpret_cast<PyTypeObject*>(Py_NewRef(cls));
    Py_RETURN_NONE;
}

PyObject* array_of(PyObject* x) { return Py_IS_TYPE(x, known.tensor) ? slot(x, known.array) : nullptr; }

bool is_whole(PyObject* x) {
    if (!PySlice_Check(x)) return false;
    const PySliceObject* const s = reinterpret_cast<PySliceObject*>(x);
    return s->start == Py_None && s->stop == Py_None && s->step == Py_None;
}

PyObject* wrap(PyObject*, PyObject* a) {
    if (!is_ready()) return nullptr;
    if (PyArray_CheckExact(a)) return tensor_of(a);
    PyObject* const array = PyObject_CallOneArg(known.as_array, a);
    PyObject* const t = array ? tensor_of(array) : nullptr;
    Py_XDECREF(array);
    return t;
}

PyObject* wrap_beside(PyObject* self, PyObject* const* args, Py_ssize_t n) {
    if (n < 1) return PyErr_Format(PyExc_TypeError, "wrap_beside(a, *operands)");
    for (Py_ssize_t i = 1; i < n; i++)
        if (PyArray_Check(args[i]) &&
            !PyArray_IS_C_CONTIGUOUS(reinterpret_cast<PyArrayObject*>(args[i])))
            Py_RETURN_NONE;
    return wrap(self, args[0]);
}

PyObject* share(PyObject*, PyObject* const* args, Py_ssize_t n) {
    if (!is_ready()) return nullptr;
    if (n != 5 || !PyObject_TypeCheck(args[0], known.tensor))
        return PyErr_Format(PyExc_TypeError, "share(x, array, card, options, several)");
    PyObject* const x = args[0];
    PyObject*& version = slot(x, known.version);
    if (!version || version == Py_None) {
        PyObject* const cell = PyList_New(1);
        if (!cell) return nullptr;
        PyList_SET_ITEM(cell, 0, Py_NewRef(zero));
        Py_XSETREF(version, cell);
    }
    PyObject* const info = slot(x, known.info);
    const bool again = info && info != Py_None;  // a view of a view
    PyObject* const before = again ? slot(info, known.replay) : nullptr;
    PyObject* const base = again ? slot(info, known.base) : x;
    PyObject* const several = args[4] == Py_None && again ? slot(info, known.several) : args[4];
    const Py_ssize_t steps = before ? PyTuple_GET_SIZE(before) : 0;
    PyObject* const replay = PyTuple_New(steps + 1);
    PyObject* const step = replay ? PyTuple_Pack(2, args[2], args[3]) : nullptr;
    PyObject* y = nullptr;
    if (step) {
        for (Py_ssize_t i = 0; i < steps; i++)
            PyTuple_SET_ITEM(replay, i, Py_NewRef(PyTuple_GET_ITEM(before, i)));
        PyTuple_SET_ITEM(replay, steps, step);
        if (!PyList_CheckExact(args[1])) {
            y = view_of(args[1], version, base, replay, several);
        } else {
            const Py_ssize_t count = PyList_GET_SIZE(args[1]);
            y = PyTuple_New(count);
            for (Py_ssize_t i = 0; y && i < count; i++) {
                PyObject* const array = PyList_GET_ITEM(args[1], i);
                PyObject* const t = view_of(array, version, base, replay, several);
                if (!t) Py_CLEAR(y);
                else PyTuple_SET_ITEM(y, i, t);
            }
        }
    }
    Py_XDECREF(replay);
    return y;
}

// (2, 3) out of (2, 3) and of ((2, 3),), where all are ints from 0 on.
PyObject* plain_sizes(PyObject*, PyObject* given) {
    if (!PyTuple_CheckExact(given)) Py_RETURN_NONE;
    if (PyTuple_GET_SIZE(given) == 1 && PyTuple_CheckExact(PyTuple_GET_ITEM(given, 0)))
        given = PyTuple_GET_ITEM(given, 0);
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(given); i++) {
        PyObject* const item = PyTuple_GET_ITEM(given, i);
        const Py_ssize_t n = PyLong_CheckExact(item) ? PyLong_AsSsize_t(item) : -1;
        if (n < 0) {
            PyErr_Clear();
            Py_RETURN_NONE;
        }
    }
    return Py_NewRef(given);
}

PyObject* sizes(PyObject*, PyObject* t) {
    if (!is_ready()) return nullptr;
    PyObject* const a = elements(t);
    if (!a) return nullptr;
    PyObject* y = nullptr;
    if (PyArray_CheckExact(a)) {
        PyArrayObject* const x = reinterpret_cast<PyArrayObject*>(a);
        const int nd = PyArray_NDIM(x);
        y = known.size->tp_alloc(known.size, nd);
        for (int i = 0; y && i < nd; i++) {
            PyObject* const d = PyLong_FromSsize_t(PyArray_DIM(x, i));
            if (!d) Py_CLEAR(y);
            else PyTuple_SET_ITEM(y, i, d);
        }
    } else if (PyObject* const shape = PyObject_GetAttr(a, shape_name)) {
        PyObject* const new_tuple = PyTuple_Pack(1, shape);
        y = new_tuple ? PyTuple_Type.tp_new(known.size, new_tuple, nullptr) : nullptr;
        Py_XDECREF(new_tuple);
        Py_DECREF(shape);
    }
    Py_DECREF(a);
    return y;
}

PyObject* dtype_of(PyObject*, PyObject* t) {
    if (!is_ready()) return nullptr;
    PyObject* const a = elements(t);
    PyObject* const theirs = !a ? nullptr
                             : PyArray_CheckExact(a)
                                 ? Py_NewRef(PyArray_DESCR(reinterpret_cast<PyArrayObject*>(a)))
                                 : PyObject_GetAttr(a, dtype_name);
    Py_XDECREF(a);
    if (!theirs) return nullptr;
    PyObject* const found = PyDict_GetItemWithError(known.dtypes, theirs);
    PyObject* y = nullptr;
    if (found) y = Py_NewRef(found);
    else if (!PyErr_Occurred()) y = PyObject_CallOneArg(known.dtype_of, theirs);
    Py_DECREF(theirs);
    return y;
}

PyObject* address(PyObject*, PyObject* a) {
    if (!PyArray_Check(a)) return PyErr_Format(PyExc_TypeError, "address(array)");
    return PyLong_FromVoidPtr(PyArray_DATA(reinterpret_cast<PyArrayObject*>(a)));
}

PyObject* strides(PyObject*, PyObject* a) {
    if (!PyArray_Check(a)) return PyErr_Format(PyExc_TypeError, "strides(array)");
    PyArrayObject* const x = reinterpret_cast<PyArrayObject*>(a);
    const int nd = PyArray_NDIM(x);
    PyObject* y = PyTuple_New(nd);
    npy_intp step = 1;
    for (int i = nd - 1; y && i >= 0; i--) {
        if (!PyArray_IS_C_CONTIGUOUS(x)) step = PyArray_STRIDE(x, i) / PyArray_ITEMSIZE(x);
        PyObject* const item = PyLong_FromSsize_t(step);
        if (!item) Py_CLEAR(y);
        else PyTuple_SET_ITEM(y, i, item);
        if (PyArray_DIM(x, i) > 1) step *= PyArray_DIM(x, i);
    }
    return y;
}

PyObject* put(PyObject*, PyObject* const* args, Py_ssize_t n) {
    if (!is_ready()) return nullptr;
    if (n != 2 || !is_usual(args[0])) return PyErr_Format(PyExc_TypeError, "put(x, array)");
    return answer(put_into(args[0], args[1]));
}

PyObject* changer(PyObject*, PyObject* const* args, Py_ssize_t n) {
    if (!is_ready()) return nullptr;
    if (n != KINDS_OF_CHANGE || !PyUnicode_Check(args[NOT_FOR]) || !PyLong_Check(args[PROMOTED]) ||
        !PyLong_Check(args[OPERANDS]) || !PyList_Check(args[ASKED]) || !PyList_Check(args[INFERRING]))
        return PyErr_Format(PyExc_TypeError, "changer(forward, narrow, finish, not_for, promoted, operands, "
                                             "once, asked, inferring, mode)");
    static PyMethodDef changed_row = {"changed", changed, METH_O,
                                      "changed($self, args, /)\n--\n\nwhether the card has written into args[0]"};
    PyObject* const card = PyTuple_New(n);
    if (!card) return nullptr;
    for (Py_ssize_t i = 0; i < n; i++) PyTuple_SET_ITEM(card, i, Py_NewRef(args[i]));
    PyObject* const f = PyCFunction_New(&changed_row, card);
    Py_DECREF(card);
    return f;
}

// One pass over a list in place of one each for types, dtypes, shapes, gradients.
PyObject* look(PyObject*, PyObject* tensors) {
    if (!is_ready()) return nullptr;
    const bool list = PyList_CheckExact(tensors);
    if (!list && !PyTuple_CheckExact(tensors)) Py_RETURN_NONE;
    const Py_ssize_t count = Py_SIZE(tensors);
    if (count == 0) Py_RETURN_NONE;
    PyObject* const arrays = PyList_New(count);
    if (!arrays) return nullptr;
    PyArrayObject* first = nullptr;
    bool alike = true, wanted = false;
    for (Py_ssize_t i = 0; i < count; i++) {
        PyObject* const t = list ? PyList_GET_ITEM(tensors, i) : PyTuple_GET_ITEM(tensors, i);
        PyObject* const a = is_usual(t) ? slot(t, known.array) : nullptr;
        if (!a || !PyArray_CheckExact(a)) {
            Py_DECREF(arrays);
            Py_RETURN_NONE;
        }
        PyArrayObject* const x = reinterpret_cast<PyArrayObject*>(a);
        if (!first) first = x;
        if (PyArray_DESCR(x) != PyArray_DESCR(first)) {
            Py_DECREF(arrays);
            Py_RETURN_NONE;
        }
        alike = alike && PyArray_SAMESHAPE(x, first);
        wanted = wanted || slot(t, known.wanted) == Py_True;
        PyList_SET_ITEM(arrays, i, Py_NewRef(a));
    }
    return Py_BuildValue("NOO", arrays, alike ? Py_True : Py_False, wanted ? Py_True : Py_False);
}

}  // namespace rl
