/* Makes the MKL inside PyTorch (and its cpuinfo) believe that the processor is Intel's.

       cc -shared -fPIC tools/as_intel.c -o /tmp/as_intel.so && LD_PRELOAD=/tmp/as_intel.so python ...

   MKL has one set of kernels for Intel's processors and another for AMD's, which sum in another
   order. tools/find_seeds.py sees both on one machine with this. The functions below stand before
   MKL's and cpuinfo's functions of the same name. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>

int mkl_serv_intel_cpu(void) { return 1; }
int mkl_serv_intel_cpu_true(void) { return 1; }
int mkl_serv_cpuiszen(void) { return 0; }

struct core {
    uint32_t first, count, id;
    void *cluster, *package;
    int vendor; /* 1 is Intel */
};
struct processor {
    uint32_t smt;
    struct core* core;
};

const struct processor* cpuinfo_get_processors(void) {
    const struct processor* (*next)(void) = dlsym(RTLD_NEXT, "cpuinfo_get_processors");
    const struct processor* p = next();
    if (p && p->core) p->core->vendor = 1;
    return p;
}
