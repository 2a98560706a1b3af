// The extension module: chooses the instruction set and publishes its kernels.
#define RL_IMPORT_NUMPY
#include "bind.hpp"

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "caches.hpp"
#include "options.hpp"
#ifdef RL_X86
#include "processor.hpp"
#endif
#include "tensors.hpp"
#include "threads.hpp"

#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace rl {

#define RL_DECLARE(set)  \
    namespace set {      \
    Rows rows();         \
    }
RL_SETS(RL_DECLARE)
#undef RL_DECLARE

Destination destination;

PyObject* call_twin(const char* name, PyObject* twin, PyObject* const* args, Py_ssize_t n,
                    PyObject* keywords) {
    destination.array = nullptr;  // a twin may read its operands after its first result
    if (!twin) {
        return PyErr_Format(
            PyExc_NotImplementedError,
            "rushlight._native.%s: these arguments need the NumPy twin, and none was "
            "registered; import rushlight.kernels first",
            name);
    }
    PyObject* y = PyObject_Vectorcall(twin, args, n, keywords);
    if (!y || !PyArray_IsScalar(y, Generic)) return y;
    PyObject* array = PyArray_FromScalar(y, nullptr);  // kernels give arrays, 0-d ones too
    Py_DECREF(y);
    return array;
}

namespace {
std::atomic<bool> winograd{true}, medium{false};
}

bool winograd_allowed() noexcept { return winograd.load(std::memory_order_relaxed); }
bool medium_products() noexcept { return medium.load(std::memory_order_relaxed); }

namespace {
// AMD's take one vdpbf16ps of 32 products where they take an fma of 16. Intel's (Sapphire Rapids) take 2.7
// times as long for it, so that products in float32 are twice as fast, and exact.
bool fast_bf16() {
#ifdef RL_X86
    __builtin_cpu_init();
    return __builtin_cpu_is("amd");
#else
    return false;
#endif
}
std::atomic<bool> bf16{fast_bf16()};
}  // namespace

bool bf16_products() noexcept { return bf16.load(std::memory_order_relaxed); }

namespace {

struct Isa {
    const char* name;
    bool available;  // the processor has it
    Rows (*rows)();  // null: this file does not
};

// Best first.
std::vector<Isa> isas() {
    std::vector<Isa> all;
#ifdef RL_X86
    all.push_back({"avx512", has_avx512(), nullptr});
    all.push_back({"avx2", has_avx2(), nullptr});
#endif
    all.push_back({"baseline", true, nullptr});
    for (Isa& i : all) {
#define RL_FIND(set) if (std::strcmp(i.name, #set) == 0) i.rows = set::rows;
        RL_SETS(RL_FIND)
#undef RL_FIND
    }
    return all;
}

Isa chosen;
PyObject* kernels;  // dict: name -> index of its row

PyObject* set_fallback(PyObject*, PyObject* const* args, Py_ssize_t n) {
    if (n != 2 || !PyUnicode_Check(args[0]) || !PyCallable_Check(args[1])) {
        PyErr_SetString(PyExc_TypeError, "set_fallback(name, function)");
        return nullptr;
    }
    PyObject* index = PyDict_GetItemWithError(kernels, args[0]);
    if (!index) {
        if (!PyErr_Occurred()) PyErr_Format(PyExc_KeyError, "no native kernel %R", args[0]);
        return nullptr;
    }
    PyObject** twin = chosen.rows().first[PyLong_AsSsize_t(index)].twin;
    Py_XSETREF(*twin, Py_NewRef(args[1]));
    Py_RETURN_NONE;
}

PyObject* write_to(PyObject*, PyObject* arg) {
    destination = {};
    if (arg == Py_None) Py_RETURN_NONE;
    if (!PyArray_CheckExact(arg) || !PyArray_ISWRITEABLE(reinterpret_cast<PyArrayObject*>(arg))) {
        PyErr_SetString(PyExc_TypeError, "write_to(array or None): an ndarray that can be written to");
        return nullptr;
    }
    destination = {reinterpret_cast<PyArrayObject*>(arg), PyThread_get_thread_ident()};
    Py_RETURN_NONE;
}

PyObject* set_threads(PyObject*, PyObject* arg) {
    const long n = PyLong_AsLong(arg);
    if (n == -1 && PyErr_Occurred()) return nullptr;
    if (n < 1) {
        PyErr_SetString(PyExc_RuntimeError, "set_num_threads expects a positive integer");
        return nullptr;
    }
    set_num_threads(static_cast<int>(n < 4096 ? n : 4096));
    Py_RETURN_NONE;
}

PyObject* get_threads(PyObject*, PyObject*) { return PyLong_FromLong(get_num_threads()); }

PyObject* get_at_work(PyObject*, PyObject*) { return PyLong_FromLong(threads_at_work()); }

PyObject* believe(PyObject*, PyObject* arg) {
    const long n = PyLong_AsLong(arg);
    if (n == -1 && PyErr_Occurred()) return nullptr;
    set_processors(static_cast<int>(n < 0 ? 0 : n < 4096 ? n : 4096));
    Py_RETURN_NONE;
}

PyObject* get_caches(PyObject*, PyObject*) {
    const Caches& c = caches();
    return Py_BuildValue("(LLL)", static_cast<long long>(c.first), static_cast<long long>(c.second),
                         static_cast<long long>(c.third));
}

template <std::atomic<bool>& flag>
PyObject* set_flag(PyObject*, PyObject* arg) {
    const int on = PyObject_IsTrue(arg);
    if (on < 0) return nullptr;
    flag.store(on, std::memory_order_relaxed);
    Py_RETURN_NONE;
}

PyObject* get_winograd(PyObject*, PyObject*) { return PyBool_FromLong(winograd_allowed()); }

PyObject* get_bf16_products(PyObject*, PyObject*) { return PyBool_FromLong(bf16_products()); }

PyObject* isa(PyObject*, PyObject*) { return PyUnicode_FromString(chosen.name); }

// A tuple of names.
PyObject* sets(PyObject*, PyObject*) {
    PyObject* const list = PyList_New(0);
    for (const Isa& i : isas()) {
        PyObject* const name = i.rows && list ? PyUnicode_FromString(i.name) : nullptr;
        if (name) PyList_Append(list, name);
        Py_XDECREF(name);
    }
    PyObject* const names = list ? PyList_AsTuple(list) : nullptr;
    Py_XDECREF(list);
    return names;
}

PyObject* config(PyObject*, PyObject*) {
    return PyUnicode_FromFormat("%s, %d threads of %d available, matrix products of our own",
                                chosen.name, get_num_threads(), available_cpus());
}

// As object.__new__, which takes twice as long to see that there are no arguments.
PyObject* new_object(PyObject*, PyObject* type) {
    if (PyType_Check(type)) {
        PyTypeObject* const t = reinterpret_cast<PyTypeObject*>(type);
        if (t->tp_flags & Py_TPFLAGS_HEAPTYPE) return t->tp_alloc(t, 0);
    }
    return PyErr_Format(PyExc_TypeError, "new(X): X is not a class of Python's");
}

PyCFunction fast(PyObject* (*f)(PyObject*, PyObject* const*, Py_ssize_t)) {
    return reinterpret_cast<PyCFunction>(reinterpret_cast<void*>(f));
}

PyMethodDef own[] = {
    {"empty", fast(aligned_empty), METH_FASTCALL,
     "empty(shape, dtype): as numpy.empty; a large one begins with a cache line"},
    {"crc32", fast(crc32), METH_FASTCALL,
     "crc32(data, value=0): as zlib.crc32"},
    {"new", new_object, METH_O, "new(cls): an instance of a Python class, __init__ not called"},
    {"learn", fast(learn), METH_FASTCALL,
     "learn($module, Tensor, ViewInfo, Size, as_array, dtypes, dtype_of, /)\n--\n\nthe classes that the next five make"},
    {"learn_parameter", learn_parameter, METH_O,
     "learn_parameter(Parameter): the subclass of Tensor that is looked at as Tensor is"},
    {"wrap", wrap, METH_O, "wrap($module, a, /)\n--\n\na Tensor of this array, no copy, no history"},
    {"wrap_beside", fast(wrap_beside), METH_FASTCALL,
     "wrap_beside($module, a, *operands)\n--\n\nwrap(a); None if an operand is not C-contiguous"},
    {"share", fast(share), METH_FASTCALL,
     "share($module, x, array, card, options, several, /)\n--\n\na view of x, its base and version known, not recorded; "
     "of a list of arrays a tuple of views"},
    {"sizes", sizes, METH_O, "sizes($module, x, /)\n--\n\nthe Size of a Tensor"},
    {"dtype_of", dtype_of, METH_O, "dtype_of($module, x, /)\n--\n\nthe dtype of a Tensor"},
    {"address", address, METH_O, "address($module, a, /)\n--\n\nwhere an array's first element lies"},
    {"strides", strides, METH_O, "strides($module, a, /)\n--\n\nan array's strides in elements"},
    {"put", fast(put), METH_FASTCALL,
     "put($module, x, a, /)\n--\n\nthe elements of an array into a Tensor, as a change; None: look again"},
    {"changer", fast(changer), METH_FASTCALL,
     "changer(forward, narrow, finish, not_for, promoted, operands, once, asked, inferring, mode): `changed` of a "
     "card, see dispatch/inplace.py"},
    {"plain_sizes", plain_sizes, METH_O,
     "plain_sizes($module, given, /)\n--\n\nthe tuple of sizes in f(2, 3) or f((2, 3)); None if they need a second look"},
    {"expanded", fast(expanded), METH_FASTCALL,
     "expanded($module, x, sizes, /)\n--\n\nx with dimensions of size 1 repeated, a view; None: look again"},
    {"squeezed", fast(squeezed), METH_FASTCALL,
     "squeezed(x, dim): x without its dimensions of size 1, or without that one, a view; None: look again"},
    {"order_moved", fast(order_moved), METH_FASTCALL,
     "order_moved(x, source, destination): movedim as an order of dimensions; None: look again"},
    {"windows", fast(windows), METH_FASTCALL,
     "windows(x, dim, size, step): x.unfold, a view; None: look again"},
    {"diagonal_of", fast(diagonal_of), METH_FASTCALL,
     "diagonal_of(x, offset, dim1, dim2): x.diagonal, a view; None: look again"},
    {"cut", fast(cut), METH_FASTCALL,
     "cut(x, sizes, dim): parts of x one after the other, a list of views; None: look again"},
    {"basic_view", fast(basic_view), METH_FASTCALL,
     "basic_view(x, key): of a tuple of ints, slices, None and ...: (x[key], key, its card), see ops/keys.py; None: "
     "look again"},
    {"turned", fast(turned), METH_FASTCALL,
     "turned(x, dims): x in reverse order along dims, a view; None: look again"},
    {"look", look, METH_O,
     "look($module, tensors, /)\n--\n\n-> (arrays, alike, wanted): `_a` of each, whether all have one shape, whether "
     "one has `_rg`; None unless all are of class Tensor or Parameter and of one dtype"},
    {"no_ties", fast(no_ties), METH_FASTCALL,
     "no_ties(x, index): whether what index takes from each row, in order, are different numbers that "
     "the row has once; None: look yourself"},
    {"triangle", fast(triangle), METH_FASTCALL,
     "triangle(x, diagonal, lower): tril or triu of a small x; None: not this"},
    {"spaced_evenly", fast(spaced_evenly), METH_FASTCALL,
     "spaced_evenly(start, end, steps, dtype): linspace of a few floats; None: not these"},
    {"number", fast(number), METH_FASTCALL, "number(x, dtype): numpy.array(x, dtype) of a Python number"},
    {"zeroed", zeroed, METH_O,
     "zeroed(x): x itself, of a few numbers, which are 0 from now on; TypeError: not this one"},
    {"rolled", fast(rolled), METH_FASTCALL,
     "rolled(x, shift, dim): x.roll of a few numbers; None: not these"},
    {"counted", fast(counted), METH_FASTCALL,
     "counted(start, step, count, dtype): start + step i, each product and each sum rounded as a double; None: not "
     "these"},
    {"unit_matrix", fast(unit_matrix), METH_FASTCALL,
     "unit_matrix(rows, columns, dtype): ones on the diagonal; None: not this"},
    {"put_along", fast(put_along), METH_FASTCALL,
     "put_along(x, index, axis, values, spare=False): x[.., index, ..] = values along an axis in place; None, and "
     "nothing is written (unless x is to spare): not these, or an index out of range"},
    {"pick_key", fast(pick_key), METH_FASTCALL,
     "pick_key(x, key): x[key] for index tensors, ints and whole slices; None: not these"},
    {"same", fast(same), METH_FASTCALL, "same(x, y): whether their numbers are equal; None: look yourself"},
    {"truth", fast(truth), METH_FASTCALL,
     "truth(x, of_all): whether one of the bools is true, or all, as an array; None: look yourself"},
    {"strided", fast(strided), METH_FASTCALL,
     "strided(x, size, stride, offset, origin, steps): a view of an x that is all of its memory and lies as "
     "the last two say; None: look again"},
    {"add_along", fast(add_along), METH_FASTCALL,
     "add_along(x, axis, index, values): x[.., index, ..] += values along an axis in place; None, and "
     "nothing is written: not these, or an index out of range"},
    {"add_slices", fast(add_slices), METH_FASTCALL,
     "add_slices(x, axis, index, values): likewise, whole slices and an index of one dimension"},
    {"put_slices", fast(put_slices), METH_FASTCALL,
     "put_slices(x, axis, index, values): likewise, slices replaced, by one number or by others"},
    {"median_of_all", median_of_all, METH_O, "median_of_all(x): the lower median; None: not this"},
    {"median_of_rows", fast(median_of_rows), METH_FASTCALL,
     "median_of_rows(x, keepdim): (values, indices) over the last dimension; None: not this"},
    {"mode_of_rows", fast(mode_of_rows), METH_FASTCALL,
     "mode_of_rows(x, keepdim): (values, indices) over the last dimension; None: not this"},
    {"set_fallback", fast(set_fallback), METH_FASTCALL,
     "set_fallback(name, function): the twin for arguments the kernel does not take"},
    {"write_to", write_to, METH_O,
     "write_to(x): the next pointwise kernel of this thread writes its result into x, if it is of its shape, dtype "
     "and order in memory, and returns x, which must live until write_to(None) or the result"},
    {"set_num_threads", set_threads, METH_O, "set_num_threads(n): the size of the thread pool"},
    {"get_num_threads", get_threads, METH_NOARGS, "the size of the thread pool"},
    {"threads_at_work", get_at_work, METH_NOARGS,
     "how many threads share the work: those asked for, but no more than there are processors"},
    {"set_processors", believe, METH_O,
     "set_processors(n): the pool believes in n processors; 0: what the system says (for tests)"},
    {"caches", get_caches, METH_NOARGS, "bytes of the caches: (first, second, third level)"},
    {"set_winograd", set_flag<winograd>, METH_O, "set_winograd(on): whether convolutions may use it"},
    {"set_medium_products", set_flag<medium>, METH_O,
     "set_medium_products(on): whether products of float32 may be of bfloat16"},
    {"set_bf16_products", set_flag<bf16>, METH_O,
     "set_bf16_products(on): whether products of bfloat16 are the processor's own; for tests"},
    {"get_bf16_products", get_bf16_products, METH_NOARGS, "whether they are"},
    {"get_winograd", get_winograd, METH_NOARGS, "whether convolutions may use Winograd's way"},
    {"config", config, METH_NOARGS, "instruction set and threads, as one line"},
    {"isa", isa, METH_NOARGS, "the instruction set in use: 'avx512', 'avx2' or 'baseline'"},
    {"sets", sets, METH_NOARGS, "the instruction sets that this file has kernels for, best first"},
};

PyModuleDef definition = {PyModuleDef_HEAD_INIT,
                          "_native",
                          "rushlight's kernels in C++.",
                          -1,
                          nullptr,
                          nullptr,
                          nullptr,
                          nullptr,
                          nullptr};

// RUSHLIGHT_ISA if it is set; else the best that both the file and the processor have.
bool choose_isa() {
    const char* wanted = std::getenv("RUSHLIGHT_ISA");
    if (wanted && !*wanted) wanted = nullptr;
    char names[64] = "";  // of the sets in this file
    bool known = false;
    for (const Isa& i : isas()) {
        if (i.rows) std::strcat(std::strcat(names, *names ? ", " : ""), i.name);
        if (wanted ? std::strcmp(wanted, i.name) != 0 : !i.available || !i.rows) continue;
        if (!chosen.name) chosen = i;
        known = true;
    }
    if (wanted && !known)
        PyErr_Format(PyExc_ImportError, "RUSHLIGHT_ISA=%s: the sets are baseline, avx2 and avx512",
                     wanted);
    else if (wanted && !chosen.available)
        PyErr_Format(PyExc_ImportError, "RUSHLIGHT_ISA=%s: this processor cannot run it", wanted);
    else if (wanted && !chosen.rows)
        PyErr_Format(PyExc_ImportError, "RUSHLIGHT_ISA=%s: this extension was built for %s only",
                     wanted, names);
    else if (!known)
        PyErr_Format(PyExc_ImportError, "built for processors with %s; this one lacks them",
                     names);
    else
        return true;
    return false;
}

// The arrays of a training step come and go by the hundred kilobytes. Left to itself glibc returns
// their memory to the system and gets it back as fresh pages, a fault each: half of the time of the
// documents' convnet (docs/convolution.md). So up to 128 MB are kept for the next step.
void keep_memory() {
#ifdef __GLIBC__
    mallopt(M_MMAP_THRESHOLD, 32 << 20);
    mallopt(M_TRIM_THRESHOLD, 128 << 20);
#endif
}

}  // namespace
}  // namespace rl

PyMODINIT_FUNC PyInit__native() {
    using namespace rl;
    import_array();
    keep_memory();
    ready_to_throw();
    if (!choose_isa()) return nullptr;
    PyObject* module = PyModule_Create(&definition);
    kernels = PyDict_New();
    if (!module || !kernels) return nullptr;
#ifdef Py_GIL_DISABLED
    // A free-threaded Python switches its GIL on for us, and says so: the twins of `table`, the plans
    // of FFTs and the lists that are walked here have no other lock.
    if (PyUnstable_Module_SetGIL(module, Py_MOD_GIL_USED) < 0) return nullptr;
#endif

    // Python keeps pointers into the table, so it lives as long as the process.
    const Rows rows = chosen.rows();
    auto& methods = *new std::vector<PyMethodDef>(std::begin(own), std::end(own));
    PyObject* names = PyTuple_New(rows.count);
    if (!names) return nullptr;
    for (std::size_t i = 0; i < rows.count; i++) {
        const Row& r = rows.first[i];
        methods.push_back({r.name, reinterpret_cast<PyCFunction>(reinterpret_cast<void*>(r.call)),
                           METH_FASTCALL | METH_KEYWORDS, r.doc});
        PyObject* name = PyUnicode_InternFromString(r.name);
        PyObject* index = PyLong_FromSize_t(i);
        if (!name || !index || PyDict_SetItem(kernels, name, index) < 0) return nullptr;
        Py_DECREF(index);
        PyTuple_SET_ITEM(names, i, name);
    }
    methods.push_back({nullptr, nullptr, 0, nullptr});
    if (PyModule_AddFunctions(module, methods.data()) < 0) return nullptr;
    if (PyModule_AddObject(module, "KERNELS", names) < 0) return nullptr;
    return module;
}
