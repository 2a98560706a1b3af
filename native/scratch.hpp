// Working memory of a kernel, kept from call to call: fresh memory costs a page fault per 4 KB,
// which for the buffers of a matrix product is more than the product.
#pragma once
#include <cstddef>

namespace rl {

// At least `bytes` bytes, aligned to 64, not cleared, valid until this thread asks for the same
// slot again. A slot belongs to one kernel family: SHARED to what a call sets up for all of its
// blocks, BLOCK to what one block uses.
enum class Slot { gemm_shared, gemm_block, reduce, norm, conv_shared, conv_block, count };
void* scratch(Slot slot, std::size_t bytes);

template <class T>
T* scratch(Slot slot, long n) {
    return static_cast<T*>(scratch(slot, static_cast<std::size_t>(n) * sizeof(T)));
}

}  // namespace rl
