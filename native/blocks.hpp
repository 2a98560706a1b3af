// Blocks of equal size for loops without a sum: threads are done at the same time.
#pragma once
#include "parallel.hpp"

namespace rl::RL_ISA {

// About `grain` of n items, in whole `unit`s: so many that two, four or eight threads get as many
// blocks each. (31 blocks on two threads are 16 and 15: 5 % lost.)
inline i64 even_blocks(i64 n, i64 grain, i64 unit = 64) {
    constexpr i64 TOGETHER = 8;
    const i64 blocks = (n + grain - 1) / (grain < 1 ? 1 : grain);
    if (blocks < TOGETHER) return grain;
    const i64 even = (blocks + TOGETHER - 1) / TOGETHER * TOGETHER, items = (n + even - 1) / even;
    return (items + unit - 1) / unit * unit;
}

}  // namespace rl::RL_ISA
