// Loops over the thread pool, for kernels.
#pragma once
#include <type_traits>

#include "threads.hpp"

namespace rl::RL_ISA {

// f(begin, end) for consecutive blocks of `grain` items that cover [0, n). The blocks are the same
// for any number of threads, so a kernel that reduces within a block gives the same bits for all of
// them. A block that finds no memory (`scratch`, Array) throws; the others run to their end, then the
// caller throws std::bad_alloc, and Entry::call makes it Python's MemoryError.
template <class F>
struct Blocks {
    F& f;
    i64 n, grain;
    bool failed;

    // One block. Compiled once: for a loop of one block, too, it is not inlined.
    [[gnu::noinline]] static void run(void* context, i64 block) {
        Blocks& b = *static_cast<Blocks*>(context);
        const i64 begin = block * b.grain, end = begin + b.grain;
        try {
            b.f(begin, end < b.n ? end : b.n);
        } catch (...) {  // there is no memory for its buffer
            __atomic_store_n(&b.failed, true, __ATOMIC_RELAXED);
        }
    }
};

template <class F>
inline void parallel(i64 n, i64 grain, F&& f) {
    if (n <= 0) return;
    Blocks<std::remove_reference_t<F>> blocks{f, n, grain, false};
    if (n <= grain) blocks.run(&blocks, 0);
    else run_blocks((n + grain - 1) / grain, blocks.run, &blocks);
    if (__atomic_load_n(&blocks.failed, __ATOMIC_RELAXED)) no_memory();
}

// The number of rows of `row` items each that make up a block of about `grain` items.
inline i64 rows_per_block(i64 row, i64 grain) {
    return row >= grain ? 1 : grain / (row < 1 ? 1 : row);
}

}  // namespace rl::RL_ISA
