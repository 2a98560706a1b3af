// The thread pool: one per process, shared by every kernel.
#pragma once
#include <cstdint>

namespace rl {

using i64 = std::int64_t;

// Calls f(context, 0), ..., f(context, n - 1), each once, on the pool and the calling thread, and
// returns when all are done. f must not throw (`parallel` sees to it), nor depend on which thread
// runs which block.
void run_blocks(i64 n, void (*f)(void* context, i64 block), void* context) noexcept;

[[noreturn]] void no_memory();  // throws std::bad_alloc

// Has this thread make the C++ library's variables for exceptions while there is memory: they are
// made when first used, and where that fails the C library ends the process. False: no memory.
bool ready_to_throw() noexcept;

int get_num_threads() noexcept;        // as asked for, or the default
void set_num_threads(int n) noexcept;  // n >= 1

// How many of them share the work: no more than there are processors. Threads beyond them would only
// take turns (four on two processors: 10 to 25 % slower than two).
int threads_at_work() noexcept;

// The pool believes in n processors; 0: what the system says. For tests of the pool.
void set_processors(int n) noexcept;

// How many processors this process may use: its affinity mask, capped by its cgroup's quota.
int available_cpus() noexcept;

}  // namespace rl
