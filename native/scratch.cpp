// Working memory, one buffer per thread and slot.
#include "scratch.hpp"

#include <cstdint>
#include <cstdlib>

#include "threads.hpp"

namespace rl {
namespace {

constexpr std::size_t KEEP = 32 << 20;  // a larger buffer is given back before the next one is made

struct Buffers {
    void* at[static_cast<int>(Slot::count)] = {};
    std::size_t size[static_cast<int>(Slot::count)] = {};
    ~Buffers() {
        for (void* p : at) std::free(p);
    }
};
thread_local Buffers buffers;

}  // namespace

void* scratch(Slot slot, std::size_t bytes) {
    const int s = static_cast<int>(slot);
    void*& at = buffers.at[s];
    std::size_t& size = buffers.size[s];
    if (bytes <= size && (size <= KEEP || bytes > KEEP)) return at;
    std::free(at);
    at = nullptr;
    size = 0;
    if (bytes > PTRDIFF_MAX / 2) no_memory();
    const std::size_t pages = (bytes + 4095) / 4096 * 4096;
    at = std::aligned_alloc(64, pages);
    if (!at) no_memory();
    size = pages;
    return at;
}

}  // namespace rl
