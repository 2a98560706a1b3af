// Rows of a table, and back.  V rows in the table, E numbers in a row, N indices
#pragma once
#include "simd.hpp"

namespace rl::RL_ISA {

// True if low <= index < high for all.
bool in_range(const i64* index, i64 n, i64 low, i64 high);
// y (N, row bytes) = x[index]; a negative index counts from the end. The indices must be good.
void take_rows(const char* x, i64 rows, i64 row_bytes, const i64* index, i64 n, char* y);
// dy (N, E), index (N) -> dw (V, E): sums of dy by index, in order; the row `skip` stays 0 (-1:
// none). With `counts` (V) to count in, each row is divided by the number of its places; null: it
// is not.
template <class T>
void embedding_dw(const T* dy, const i64* index, i64 n, i64 v, i64 e, i64 skip, i64* counts, T* dw);

}  // namespace rl::RL_ISA
