#include "caches.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#if defined(__x86_64__)
#include <cpuid.h>
#endif
#ifdef __linux__
#include <unistd.h>
#endif

namespace rl {
namespace {

constexpr Caches USUAL{32 << 10, 1 << 20, 2 << 20};
constexpr Caches LEAST{16 << 10, 128 << 10, 0}, MOST{256 << 10, 8 << 20, 64 << 20};

void add(Caches& c, unsigned level, i64 bytes, i64 sharers) {
    if (level == 1) c.first = bytes;
    if (level == 2) c.second = bytes / std::max<i64>(1, sharers);
    if (level == 3) c.third = bytes / std::max<i64>(1, sharers);
}

#if defined(__x86_64__)
// The leaves that list caches are of one form: 4 on Intel's processors, 0x8000001D on AMD's. The
// threads that share a cache are counted in processors that the system might have, rather than has.
void ask_processor(Caches& c) {
    unsigned a, b, d, most, e;
    char vendor[13] = {};
    if (!__get_cpuid(0, &most, &b, &d, &e)) return;
    std::memcpy(vendor, &b, 4);
    std::memcpy(vendor + 4, &e, 4);
    std::memcpy(vendor + 8, &d, 4);
    const bool amd = !std::strcmp(vendor, "AuthenticAMD") || !std::strcmp(vendor, "HygonGenuine");
    const unsigned leaf = amd ? 0x8000001D : 4;
    i64 per_core = 1;
    for (unsigned i = 0; i < 16; i++) {
        unsigned lines, sets;
        if (!__get_cpuid_count(leaf, i, &a, &lines, &sets, &d)) return;
        const unsigned type = a & 31, level = a >> 5 & 7;
        if (type == 0) return;
        if (type == 2) continue;  // of instructions
        const i64 ways = (lines >> 22) + 1, parts = (lines >> 12 & 0x3ff) + 1,
                  line = (lines & 0xfff) + 1, threads = (a >> 14 & 0xfff) + 1;
        if (level == 1) per_core = threads;
        add(c, level, ways * parts * line * (i64(sets) + 1), std::max<i64>(1, threads / per_core));
    }
}
#endif

#ifdef __linux__
// /sys/devices/system/cpu/cpu0/cache/index*: level, type, size ("48K"), shared_cpu_list ("0-3,8").
bool read(int index, const char* name, char* text, int size) {
    char path[128];
    std::snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu0/cache/index%d/%s", index, name);
    std::FILE* const file = std::fopen(path, "r");
    if (!file) return false;
    const bool good = std::fgets(text, size, file);
    std::fclose(file);
    return good;
}

i64 processors_in(const char* list) {
    i64 count = 0;
    for (char* end; *list; list = *end == ',' ? end + 1 : "") {
        const long first = std::strtol(list, &end, 10);
        count += *end == '-' ? std::strtol(end + 1, &end, 10) - first + 1 : 1;
    }
    return count;
}

void ask_system(Caches& c) {
    char level[32], type[32], size[32], shared[256];
    i64 per_core = 1;
    for (int i = 0; i < 8; i++) {
        if (!read(i, "level", level, sizeof level) || !read(i, "type", type, sizeof type) ||
            !read(i, "size", size, sizeof size))
            continue;
        if (type[0] == 'I') continue;  // of instructions
        char* unit;
        i64 bytes = std::strtol(size, &unit, 10);
        bytes <<= *unit == 'K' ? 10 : *unit == 'M' ? 20 : 0;
        const i64 n = read(i, "shared_cpu_list", shared, sizeof shared) ? processors_in(shared) : 1;
        if (level[0] == '1') per_core = n;
        add(c, level[0] - '0', bytes, n / std::max<i64>(1, per_core));
    }
#ifdef _SC_LEVEL1_DCACHE_SIZE
    if (c.first <= 0) c.first = sysconf(_SC_LEVEL1_DCACHE_SIZE);
    if (c.second <= 0) c.second = sysconf(_SC_LEVEL2_CACHE_SIZE);
    if (c.third <= 0) c.third = sysconf(_SC_LEVEL3_CACHE_SIZE);
#endif
}
#endif

Caches found() {
    Caches c{0, 0, 0};
    long long given[3];
    const char* const text = std::getenv("RUSHLIGHT_CACHES");
    if (text && std::sscanf(text, "%lld,%lld,%lld", given, given + 1, given + 2) == 3) {
        c = {given[0], given[1], given[2]};
    } else {
#if defined(__x86_64__)
        ask_processor(c);
#endif
#ifdef __linux__
        if (c.first <= 0 || c.second <= 0) ask_system(c);
#endif
        if (c.third <= 0 && c.second <= 0) c.third = USUAL.third;
    }
    const auto within = [](i64 n, i64 usual, i64 least, i64 most) {
        return n <= 0 ? usual : std::clamp(n, least, most);
    };
    return {within(c.first, USUAL.first, LEAST.first, MOST.first),
            within(c.second, USUAL.second, LEAST.second, MOST.second),
            within(c.third, 0, LEAST.third, MOST.third)};
}

}  // namespace

const Caches& caches() noexcept {
    static const Caches c = found();
    return c;
}

}  // namespace rl
