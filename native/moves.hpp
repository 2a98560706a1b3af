// Elements in another order, joined, chosen, converted: no arithmetic but rounding.
#pragma once
#include "pointwise.hpp"

namespace rl::RL_ISA {

// Elements of `size` bytes at the places of nd dimensions.
struct Block {
    int nd;
    i64 dims[64];
    i64 from[64], to[64];  // bytes from one to the next
    i64 size;
};

// y's elements = x's, dimension by dimension; x and y do not overlap. size: 1, 2, 4, 8, 16.
void copy_block(Block b, const char* x, char* y);

// y's rows = those of the arrays after each other: row i of x[k] is row[k] bytes long.
void join_rows(const char* const* x, const i64* row, i64 count, i64 rows, char* y);

// y (out) = x (in), its rows without gaps, `before` elements from the start of each dimension, with the
// value around it.
struct PadBlock {
    int nd;  // > 0
    i64 in[64], out[64], before[64];
    i64 from[64];  // bytes in x from one to the next
    i64 size;
};
void pad_block(const PadBlock& b, const char* x, const char* value, char* y);

// y (out, row-major) = x with a border that continues it: element i of dimension d lies at[d][i] bytes from x's
// start, those from `lead` on of the last dimension, `inside` of them, one after the other.
enum class Border { reflected, repeated, periodic };
// where element i of n + before + after comes from, in [0, n)
i64 continuation(Border how, i64 i, i64 n, i64 before, i64 after);
struct ContinuedBlock {
    int nd;  // > 0
    i64 out[64];
    const i64* at[64];
    i64 lead, inside, size;
};
void continue_block(const ContinuedBlock& b, const char* x, char* y);

// y (rows, n, inner) = x (rows, m, inner) at index (rows, n, inner) of the middle dimension; negative
// ones from its end, or (strict) refused. False: one is outside [-m, m). T: uint8, uint16, uint32, uint64
template <class T>
bool gather(const T* x, i64 rows, i64 m, i64 inner, const i64* index, i64 n, bool strict,
            T* y);

// z[i] = c[i] ? x[i] : y[i]; x or y may be one number (nx, ny = 1)
template <class T>
void choose(const bool* c, const T* x, i64 nx, const T* y, i64 ny, T* z, i64 n);

// How many of each block of CHOSEN_STEP are true, then the places of those that are: y (nd, k).
constexpr i64 CHOSEN_STEP = 1 << 14;
// starts[i]: how many are true before block i; one more than there are blocks.
void count_true(const bool* x, i64 n, i64* counts);
void places_of_true(const bool* x, i64 n, const i64* starts, const i64* dims, int nd, i64* y);
// y = those of x where c
template <class T>
void take_true(const bool* c, const T* x, i64 n, const i64* starts, T* y);

// float16 and bfloat16 as their bits
void from_half(const std::uint16_t* x, float* y, i64 n);
void to_half(const float* x, std::uint16_t* y, i64 n);
void from_bfloat16(const std::uint16_t* x, float* y, i64 n);
void to_bfloat16(const float* x, std::uint16_t* y, i64 n);
// x as floats, and y from floats, rounded
inline void widen(const Half* x, float* y, i64 n) { from_half(&x->bits, y, n); }
inline void widen(const Brain* x, float* y, i64 n) { from_bfloat16(&x->bits, y, n); }
inline void narrow(const float* x, Half* y, i64 n) { to_half(x, &y->bits, n); }
inline void narrow(const float* x, Brain* y, i64 n) { to_bfloat16(x, &y->bits, n); }
template <class T, class U>
void convert(const T* x, U* y, i64 n);

// The least that the caller's threads gain from: bytes a block.
constexpr i64 MOVE_BYTES = 1 << 17;

}  // namespace rl::RL_ISA
