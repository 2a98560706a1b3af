// CRC-32, the checksum of zip archives: 10 bytes a cycle where zlib's own takes one to two.
//
// The message is a polynomial over GF(2), its CRC the remainder by P. Four registers of 128 bits
// take the next 64 bytes each time: what they hold is multiplied by x^512 mod P, which keeps the
// remainder, and added to the new bytes. In the end they are folded into one, whose 16 bytes have
// the remainder of the whole message. Bits are reflected, as in zip: the first is the lowest.
// Source: Gopal et al., Fast CRC Computation for Generic Polynomials Using PCLMULQDQ (Intel, 2009).
#include "bind.hpp"

#include <array>
#include <cstring>

#if defined(__x86_64__)
#include <smmintrin.h>
#include <wmmintrin.h>
#endif

namespace rl {
namespace {

using u32 = std::uint32_t;
using u64 = std::uint64_t;

constexpr u32 P = 0xEDB88320;  // without its highest term x^32, reflected

constexpr u32 times_x(u32 v) { return (v >> 1) ^ (v & 1 ? P : 0); }

// table[k][b]: the CRC of byte b and k bytes of zeros after it
constexpr auto table = [] {
    std::array<std::array<u32, 256>, 8> t{};
    for (u32 b = 0; b < 256; b++) {
        u32 v = b;
        for (int i = 0; i < 8; i++) v = times_x(v);
        t[0][b] = v;
    }
    for (int k = 1; k < 8; k++)
        for (u32 b = 0; b < 256; b++) t[k][b] = (t[k - 1][b] >> 8) ^ t[0][t[k - 1][b] & 255];
    return t;
}();

// Eight bytes a step, from tables; crc without the inversions at both ends.
u32 by_table(const unsigned char* p, std::size_t n, u32 crc) {
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    for (; n >= 8; p += 8, n -= 8) {
        u64 v;
        std::memcpy(&v, p, 8);
        v ^= crc;
        crc = 0;
        for (int k = 0; k < 8; k++) crc ^= table[7 - k][v >> 8 * k & 255];
    }
#endif
    for (; n; p++, n--) crc = (crc >> 8) ^ table[0][(crc ^ *p) & 255];
    return crc;
}

#if defined(__x86_64__)
// x^n mod P as a factor of a carry-less product of reflected numbers, which comes out a bit low.
constexpr long long factor(int n) {
    u32 v = 0x80000000;  // x^0
    for (int i = 0; i < n; i++) v = times_x(v);
    return static_cast<long long>(u64{v} << 1);
}

// What a register holds, moved on by as many bits as the factors say.
__attribute__((target("pclmul,sse4.1"))) inline __m128i moved(__m128i v, __m128i factors) {
    return _mm_xor_si128(_mm_clmulepi64_si128(v, factors, 0x00),
                         _mm_clmulepi64_si128(v, factors, 0x11));
}

__attribute__((target("pclmul,sse4.1"))) u32 by_products(const unsigned char* p, std::size_t n,
                                                         u32 crc) {
    // the lower half of a register has the higher terms: it is 64 bits further from the end
    const __m128i by_512 = _mm_set_epi64x(factor(512 - 32), factor(512 + 32));
    const __m128i by_128 = _mm_set_epi64x(factor(128 - 32), factor(128 + 32));
    const auto load = [](const unsigned char* q)
                          __attribute__((target("pclmul,sse4.1"), always_inline)) {
        return _mm_loadu_si128(reinterpret_cast<const __m128i*>(q));
    };
    __m128i r[4];
    for (int i = 0; i < 4; i++) r[i] = load(p + 16 * i);
    r[0] = _mm_xor_si128(r[0], _mm_cvtsi32_si128(static_cast<int>(crc)));
    for (p += 64, n -= 64; n >= 64; p += 64, n -= 64)
        for (int i = 0; i < 4; i++) r[i] = _mm_xor_si128(moved(r[i], by_512), load(p + 16 * i));
    for (int i = 1; i < 4; i++) r[i] = _mm_xor_si128(moved(r[i - 1], by_128), r[i]);
    unsigned char rest[16];
    _mm_storeu_si128(reinterpret_cast<__m128i*>(rest), r[3]);
    return by_table(p, n, by_table(rest, 16, 0));
}

const bool has_products = __builtin_cpu_supports("pclmul") && __builtin_cpu_supports("sse4.1");
#endif

u32 checksum(const unsigned char* p, std::size_t n, u32 crc) {
    crc = ~crc;
#if defined(__x86_64__)
    if (has_products && n >= 64) return ~by_products(p, n, crc);
#endif
    return ~by_table(p, n, crc);
}

constexpr Py_ssize_t LONG = 1 << 18;  // bytes from which other threads may run meanwhile

}  // namespace

PyObject* crc32(PyObject*, PyObject* const* args, Py_ssize_t n) {
    if (n != 1 && n != 2) {
        PyErr_Format(PyExc_TypeError, "crc32(data, value=0) takes 1 or 2 arguments, got %zd", n);
        return nullptr;
    }
    const unsigned long before = n == 2 ? PyLong_AsUnsignedLongMask(args[1]) : 0;
    if (PyErr_Occurred()) return nullptr;
    Py_buffer data;
    if (PyObject_GetBuffer(args[0], &data, PyBUF_SIMPLE) < 0) return nullptr;
    PyThreadState* const state = data.len >= LONG ? PyEval_SaveThread() : nullptr;
    const u32 crc = checksum(static_cast<const unsigned char*>(data.buf),
                             static_cast<std::size_t>(data.len), static_cast<u32>(before));
    if (state) PyEval_RestoreThread(state);
    PyBuffer_Release(&data);
    return PyLong_FromUnsignedLong(crc);
}

}  // namespace rl
