// Threads that go through many short steps together, each doing a part of every step.
//
// A job of the pool for each step would cost more than the step. Here a thread waits for the
// others' parts by spinning; what one that is late, or never comes, has not begun is done by those who are
// there. So the blocks of one job can call `go`, whether they run at once or one after the other.
#pragma once
#include <sched.h>

#include "simd.hpp"

namespace rl::RL_ISA {
namespace {

class Together {
    struct alignas(64) Part {
        i64 taken = 0, done = 0;  // steps
    };
    static constexpr i64 MOST = 16;
    Part part_[MOST];
    i64 parts_;

    static void wait(const i64& done, i64 step) {
        for (i64 spins = 0; __atomic_load_n(&done, __ATOMIC_ACQUIRE) <= step; spins++) {
#if defined(__x86_64__)
            __builtin_ia32_pause();
#elif defined(__aarch64__)
            asm volatile("yield");
#endif
            if (spins > 1 << 12) sched_yield();
        }
    }

 public:
    explicit Together(i64 parts) : parts_(parts < MOST ? parts : MOST) {}
    i64 parts() const { return parts_; }

    // work(step, part) once for all steps from 0 and all parts; a step begins when the one before
    // is done. `own` is the part that this thread takes first.
    template <class Work>
    void go(i64 steps, i64 own, Work work) {
        for (i64 s = 0; s < steps; s++) {
            for (i64 q = 0; q < parts_; q++) {
                const i64 at = (own + q) % parts_;
                Part& p = part_[at];
                i64 expected = s;
                if (__atomic_load_n(&p.taken, __ATOMIC_RELAXED) != s ||
                    !__atomic_compare_exchange_n(&p.taken, &expected, s + 1, false,
                                                 __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
                    continue;
                work(s, at);
                __atomic_store_n(&p.done, s + 1, __ATOMIC_RELEASE);
            }
            for (i64 q = 0; q < parts_; q++) wait(part_[q].done, s);
        }
    }
};

}  // namespace
}  // namespace rl::RL_ISA
