// Working memory, one buffer per thread and slot.
#include "scratch.hpp"

#include <pthread.h>

#include <cstdint>
#include <cstdlib>

#include "threads.hpp"

namespace rl {
namespace {

constexpr std::size_t KEEP = 32 << 20;  // a larger buffer is given back before the next one is made

// Not thread_local: where there is no memory for a thread's variables, or to note down that they must
// be destroyed, the C library ends the process.
struct Buffers {
    void* at[static_cast<int>(Slot::count)];
    std::size_t size[static_cast<int>(Slot::count)];
};

void release(void* p) {
    for (void* at : static_cast<Buffers*>(p)->at) std::free(at);
    std::free(p);
}

pthread_key_t key;
[[maybe_unused]] const int made = pthread_key_create(&key, release);

Buffers& buffers() {
    void* p = pthread_getspecific(key);
    if (p) return *static_cast<Buffers*>(p);
    p = std::calloc(1, sizeof(Buffers));
    if (!p) no_memory();
    if (pthread_setspecific(key, p) != 0) {
        std::free(p);
        no_memory();
    }
    return *static_cast<Buffers*>(p);
}

}  // namespace

void* scratch(Slot slot, std::size_t bytes) {
    const int s = static_cast<int>(slot);
    Buffers& own = buffers();
    void*& at = own.at[s];
    std::size_t& size = own.size[s];
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
