// The thread pool.
//
// A job is a count of blocks and a function. The blocks are dealt out in runs, one run a thread:
// the caller has the first, worker i the i-th. Each takes its own from the front; who is done helps
// the others from the back, and the caller returns when all blocks are finished. So the same part
// of an array stays with the same core from kernel to kernel, in its cache; a slow or sleeping
// worker costs nothing but its help; and a job never waits for a thread that has not begun.
//
// Why not OpenMP: libgomp's threads spin between regions, which on a small machine takes the
// processor from the thread that has work (docs/native.md). Ours spin for SPIN_NS and then sleep.
#include "threads.hpp"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <new>
#include <string>
#include <system_error>
#include <thread>

#ifdef __linux__
#include <sched.h>
#include <sys/syscall.h>
#endif

namespace rl {
namespace {

// A worker that was useful a moment ago is likely wanted again at once: waking a sleeping one takes
// longer than most kernels run, above all on a virtual machine.
constexpr i64 SPIN_NS = 200'000;

void pause() {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    asm volatile("yield");
#endif
}

// Spins until done() or SPIN_NS have passed; true if done.
template <class Done>
bool spin(Done done) {
    using clock = std::chrono::steady_clock;
    const auto end = clock::now() + std::chrono::nanoseconds(SPIN_NS);
    do {
        for (int i = 0; i < 32; i++) {
            if (done()) return true;
            pause();
        }
    } while (clock::now() < end);
    return done();
}

// Where a sleeping worker wakes. On a virtual machine that was often on its caller's processor, though another one was
// idle (docs/native.md), and the caller computed alone for some milliseconds: so it is told to keep off that
// processor, until it has woken.
class Place {
#ifdef __linux__
    std::atomic<pid_t> thread_{0};
    std::atomic<bool> moved_{false}, taken_{false};  // taken: while one of the two is at it
    cpu_set_t own_;                                  // the processors that it may use, while moved

 public:
    void begin() { thread_.store(static_cast<pid_t>(syscall(SYS_gettid))); }  // the worker's
    void keep_off(int processor) {
        const pid_t thread = thread_.load();
        if (!thread || processor < 0 || processor >= CPU_SETSIZE || taken_.exchange(true)) return;
        if (moved_.load() || sched_getaffinity(thread, sizeof own_, &own_) == 0) {
            cpu_set_t others = own_;
            CPU_CLR(processor, &others);
            if (CPU_COUNT(&others) && sched_setaffinity(thread, sizeof others, &others) == 0) moved_.store(true);
        }
        taken_.store(false);
    }
    void anywhere() {  // the worker's
        if (!moved_.load(std::memory_order_relaxed)) return;
        while (taken_.exchange(true)) pause();
        sched_setaffinity(0, sizeof own_, &own_);
        moved_.store(false);
        taken_.store(false);
    }
    static int here() { return sched_getcpu(); }
#else
 public:
    void begin() {}
    void keep_off(int) {}
    void anywhere() {}
    static int here() { return -1; }
#endif
};

struct Pool {
    static constexpr int RUNS = 64;

    std::atomic<bool> taken{false};  // one job at a time; a second caller runs its blocks itself
    std::atomic<int> limit{0};       // threads wanted, the caller among them; 0: not yet known
    std::atomic<int> at_work{0};     // those for which there is a processor; 0: not yet known
    int started = 0;                 // workers started, by the caller in charge

    // A run of units not yet taken: [front, back). An odd epoch is a closed run: the fields of the
    // job below change only while all runs are closed, so a thread whose compare-exchange succeeds
    // has read the fields of its job.
    struct alignas(64) Run {
        std::atomic<std::uint64_t> state{pack(1, 0, 0)};

        static std::uint64_t pack(std::uint32_t epoch, i64 front, i64 back) {
            return std::uint64_t(epoch) << 32 | std::uint64_t(front) << 16 | std::uint64_t(back);
        }
    };
    Run runs[RUNS];
    Place places[RUNS];

    // The job: read for each unit, so it shares no line with what is written meanwhile.
    alignas(64) std::atomic<int> count{1};  // of runs
    std::atomic<i64> blocks{0};
    std::atomic<i64> unit{1};    // blocks taken at once
    std::atomic<void (*)(void*, i64)> f{nullptr};
    std::atomic<void*> context{nullptr};
    alignas(64) std::atomic<int> left{0};  // units not finished

    alignas(64) std::atomic<int> sleepers{0};
    std::atomic<int> bell{0};  // rung (changed) to wake the sleepers

    static std::uint32_t epoch(std::uint64_t t) { return static_cast<std::uint32_t>(t >> 32); }

    // Takes and runs the units of one run, from its front or its back, until there are none.
    // What it has done it says once, in the end: a line that two processors write to after each unit
    // took 2 to 4 % of kernels of 10^6 numbers.
    void work_on(Run& r, bool own) {
        int done = 0;
        std::uint64_t t = r.state.load(std::memory_order_acquire);
        for (;;) {
            const i64 front = t >> 16 & 0xffff, back = t & 0xffff;
            const auto run = f.load(std::memory_order_relaxed);
            void* const with = context.load(std::memory_order_relaxed);
            const i64 n = blocks.load(std::memory_order_relaxed);
            const i64 size = unit.load(std::memory_order_relaxed);
            if ((epoch(t) & 1) || front == back) break;
            const i64 mine = own ? front : back - 1;
            const std::uint64_t rest = own ? Run::pack(epoch(t), front + 1, back)
                                           : Run::pack(epoch(t), front, back - 1);
            if (!r.state.compare_exchange_weak(t, rest, std::memory_order_acq_rel)) continue;
            for (i64 b = mine * size; b < std::min(n, (mine + 1) * size); b++) run(with, b);
            done++;
            t = r.state.load(std::memory_order_acquire);
        }
        if (done && left.fetch_sub(done, std::memory_order_acq_rel) == done) left.notify_all();
    }

    // Thread `index` at the job that is open: its own run first.
    void work(int index) {
        const int n = count.load(std::memory_order_relaxed);
        for (int i = 0; i < n; i++) work_on(runs[(index + i) % n], i == 0 && index < n);
    }

    void worker(int index) {
        if (!ready_to_throw()) return;  // nobody waits for a worker
        places[index].begin();
        for (;;) {
            places[index].anywhere();
            const std::uint32_t seen = epoch(runs[0].state.load(std::memory_order_acquire));
            if (index < at_work.load(std::memory_order_relaxed)) work(index);
            const auto news = [&] {
                const std::uint32_t now = epoch(runs[0].state.load());
                return now != seen && !(now & 1);
            };
            if (spin(news)) continue;
            sleepers.fetch_add(1);
            const int heard = bell.load();
            if (!news()) bell.wait(heard);
            sleepers.fetch_sub(1);
        }
    }

    void start(int wanted) {
        sigset_t all, before;
        sigfillset(&all);  // signals are for the main thread
        pthread_sigmask(SIG_SETMASK, &all, &before);
        while (started < wanted - 1) {
            try {
                std::thread([this, index = started + 1] { worker(index); }).detach();
            } catch (const std::system_error&) {
                break;  // no more threads to be had: the caller does the work
            }
            started++;
        }
        pthread_sigmask(SIG_SETMASK, &before, nullptr);
    }

    void run(i64 n, int threads, void (*run_f)(void*, i64), void* with) {
        const std::uint32_t next = epoch(runs[0].state.load()) + 1;  // closed is odd, open is even
        const i64 size = n / 0xffff + 1, units = (n + size - 1) / size;
        const int shares = static_cast<int>(std::min<i64>({threads, units, RUNS}));
        count.store(shares);
        blocks.store(n);
        unit.store(size);
        f.store(run_f);
        context.store(with);
        left.store(static_cast<int>(units));
        for (int i = shares; i--;)  // the first one is the signal to the workers
            runs[i].state.store(Run::pack(next, units * i / shares, units * (i + 1) / shares));
        if (sleepers.load() > 0) {
            for (int i = 1; i < shares; i++) places[i].keep_off(Place::here());
            bell.fetch_add(1);
            bell.notify_all();
        }
        work(0);
        if (!spin([this] { return left.load(std::memory_order_acquire) == 0; })) {
            for (int l; (l = left.load(std::memory_order_acquire)) != 0;) left.wait(l);
        }
        for (int i = shares; i--;) runs[i].state.store(Run::pack(next + 1, 0, 0));
    }
};

// Never destroyed: its threads run until the process ends.
Pool* pool = new Pool;

std::atomic<int> believed{0};  // see set_processors

// The child of a fork has no workers and perhaps a taken pool: it begins with a fresh one.
[[maybe_unused]] const int at_fork = pthread_atfork(nullptr, nullptr, [] {
    const int limit = pool->limit.load(), at_work = pool->at_work.load();
    pool = new Pool;
    pool->limit.store(limit);
    pool->at_work.store(at_work);
});

int from_environment(const char* name) {
    const char* text = std::getenv(name);
    return text ? std::max(0, std::atoi(text)) : 0;
}

int default_threads() {
    for (const char* name : {"RUSHLIGHT_NUM_THREADS", "OMP_NUM_THREADS"}) {
        if (const int n = from_environment(name)) return n;
    }
    return available_cpus();
}

#ifdef __linux__
// Reads one number or two from a small file; false if it is absent or says "max".
bool read_numbers(const std::string& path, double& first, double* second) {
    std::FILE* file = std::fopen(path.c_str(), "r");
    if (!file) return false;
    const int got =
        second ? std::fscanf(file, "%lf %lf", &first, second) : std::fscanf(file, "%lf", &first);
    std::fclose(file);
    return got == (second ? 2 : 1);
}

// Processors that the cgroup's quota allows, as a fraction; 1e9 if there is none. A quota may stand
// on any folder above our own; inside a container our own folder is often not visible.
double cgroup_cpus() {
    double cpus = 1e9;
    std::FILE* file = std::fopen("/proc/self/cgroup", "r");
    if (!file) return cpus;
    char line[4096];
    while (std::fgets(line, sizeof line, file)) {
        const std::string text(line);
        const auto a = text.find(':'), b = text.find(':', a + 1);
        if (a == std::string::npos || b == std::string::npos) continue;
        const std::string controllers = text.substr(a + 1, b - a - 1);
        const bool v2 = controllers.empty();
        if (!v2 && ("," + controllers + ",").find(",cpu,") == std::string::npos) continue;
        const std::string root = v2 ? "/sys/fs/cgroup" : "/sys/fs/cgroup/" + controllers;
        std::string folder = text.substr(b + 1, text.find('\n') - b - 1);
        for (;;) {
            double quota = -1, period = -1;
            if (folder == "/") folder.clear();
            const std::string at = root + folder;
            const bool found = v2 ? read_numbers(at + "/cpu.max", quota, &period)
                                  : read_numbers(at + "/cpu.cfs_quota_us", quota, nullptr) &&
                                        read_numbers(at + "/cpu.cfs_period_us", period, nullptr);
            if (found && quota > 0 && period > 0) cpus = std::min(cpus, quota / period);
            if (folder.empty()) break;
            folder.resize(folder.rfind('/'));
        }
    }
    std::fclose(file);
    return cpus;
}
#endif

}  // namespace

int available_cpus() noexcept {
    int cpus = static_cast<int>(std::thread::hardware_concurrency());
#ifdef __linux__
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0) cpus = CPU_COUNT(&set);
    // A quota of 1.5 processors is worth two threads, one of 0.5 one.
    cpus = static_cast<int>(std::min<double>(cpus, std::max(1.0, cgroup_cpus() + 0.5)));
#endif
    return std::max(1, cpus);
}

void no_memory() { throw std::bad_alloc(); }

bool ready_to_throw() noexcept {
    std::free(std::malloc(1024));  // what is freed here is there for the variables
    void* const room = std::malloc(1024);
    if (!room) return false;
    std::free(room);
    return std::uncaught_exceptions() >= 0;
}

int get_num_threads() noexcept {
    int n = pool->limit.load(std::memory_order_relaxed);
    if (n == 0) {
        n = default_threads();
        pool->limit.store(n);
    }
    return n;
}

void set_num_threads(int n) noexcept {
    const int there = believed.load(std::memory_order_relaxed);
    pool->limit.store(std::max(1, n));
    pool->at_work.store(std::clamp(n, 1, there ? there : available_cpus()));
}

int threads_at_work() noexcept {
    const int n = pool->at_work.load(std::memory_order_relaxed);
    if (n) return n;
    set_num_threads(get_num_threads());
    return pool->at_work.load(std::memory_order_relaxed);
}

void set_processors(int n) noexcept {
    believed.store(std::max(0, n), std::memory_order_relaxed);
    set_num_threads(get_num_threads());
}

void run_blocks(i64 n, void (*f)(void*, i64), void* context) noexcept {
    const int threads = threads_at_work();
    Pool& p = *pool;
    // Inside a block, or beside another Python thread's job, the pool is taken: run here.
    if (n < 2 || threads < 2 || n > 0x7fffffff || p.taken.exchange(true)) {
        for (i64 block = 0; block < n; block++) f(context, block);
        return;
    }
    // A job has no more than RUNS shares, however many threads were asked for.
    if (p.started < std::min(threads, Pool::RUNS) - 1) p.start(std::min(threads, Pool::RUNS));
    p.run(n, threads, f, context);
    p.taken.store(false);
}

}  // namespace rl
