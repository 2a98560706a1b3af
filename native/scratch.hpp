// Working memory of a kernel, kept from call to call: fresh memory costs a page fault per 4 KB,
// which for the buffers of a matrix product is more than the product.
#pragma once
#include <cstddef>

#include "threads.hpp"

namespace rl {

// At least `bytes` bytes, aligned to 64, not cleared, valid until this thread asks for the same
// slot again; throws std::bad_alloc. A slot belongs to one kernel family: SHARED to what a call sets up for all of its
// blocks, BLOCK to what one block uses.
enum class Slot {
    gemm_shared,
    gemm_block,
    reduce,
    norm,
    norm_block,
    conv_shared,
    conv_block,
    conv_own,
    attention,
    recurrent_shared,
    recurrent_block,
    recurrent_rows,
    order,
    fft,
    linalg,
    count
};
void* scratch(Slot slot, std::size_t bytes);

// (always inlined: compiled for several instruction sets, the linker would keep any one of them)
template <class T>
inline __attribute__((always_inline)) T* scratch(Slot slot, long n) {
    std::size_t bytes;
    if (n < 0 || __builtin_mul_overflow(static_cast<std::size_t>(n), sizeof(T), &bytes))
        no_memory();
    return static_cast<T*>(scratch(slot, bytes));
}

}  // namespace rl
