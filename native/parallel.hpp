// Loops over the thread pool, for kernels.
#pragma once
#include "threads.hpp"

namespace rl::RL_ISA {

// f(begin, end) for consecutive blocks of `grain` items that cover [0, n). The blocks are the same
// for any number of threads, so a kernel that reduces within a block gives the same bits for all of
// them. A block that finds no memory (`scratch`, Array) throws; the others run to their end, then the
// caller throws std::bad_alloc, and Entry::call makes it Python's MemoryError.
template <class F>
inline void parallel(i64 n, i64 grain, F&& f) {
    if (n <= 0) return;
    if (n <= grain) return f(i64(0), n);
    struct Job {
        F& f;
        i64 n, grain;
        bool failed;
    } job{f, n, grain, false};
    run_blocks((n + grain - 1) / grain,
               [](void* context, i64 block) {
                   Job& j = *static_cast<Job*>(context);
                   const i64 begin = block * j.grain, end = begin + j.grain;
                   try {
                       j.f(begin, end < j.n ? end : j.n);
                   } catch (...) {  // there is no memory for its buffer
                       __atomic_store_n(&j.failed, true, __ATOMIC_RELAXED);
                   }
               },
               &job);
    if (__atomic_load_n(&job.failed, __ATOMIC_RELAXED)) no_memory();
}

// The number of rows of `row` items each that make up a block of about `grain` items.
inline i64 rows_per_block(i64 row, i64 grain) {
    return row >= grain ? 1 : grain / (row < 1 ? 1 : row);
}

}  // namespace rl::RL_ISA
