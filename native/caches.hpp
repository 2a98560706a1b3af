// What the processor's caches hold, for the sizes of blocks.
#pragma once
#include <cstdint>

namespace rl {

using i64 = std::int64_t;

// Bytes: of the first level (data) and the second of one core, of the third a core's share.
struct Caches {
    i64 first, second, third;
};

// What the processor says (x86-64), else the system, else sizes that most have; within bounds, since
// a virtual machine may say anything. RUSHLIGHT_CACHES=first,second,third sets them. Read once.
//
// A block's size may follow from them only where it changes no sum: the same bits on every machine
// with the same instruction set.
const Caches& caches() noexcept;

}  // namespace rl
