/* A stand-in for NVIDIA's driver library: it answers what the environment says. */
#include <stdlib.h>
#include <unistd.h>

static int number(const char *name, int otherwise) {
    const char *text = getenv(name);
    return text ? atoi(text) : otherwise;
}

int cuInit(unsigned flags) {
    (void)flags;
    if (getenv("FAKE_DRIVER_CRASHES")) abort();
    sleep(number("FAKE_DRIVER_SLEEPS", 0));
    return number("FAKE_DRIVER_ERROR", 0);
}

int cuDriverGetVersion(int *version) {
    *version = number("FAKE_DRIVER_VERSION", 12040);
    return 0;
}

int cuDeviceGetCount(int *count) {
    *count = getenv("FAKE_DRIVER_SECOND") ? 2 : 1;
    return 0;
}

int cuDeviceGet(int *device, int ordinal) {
    *device = ordinal;
    return 0;
}

/* 75 and 76 ask for the compute capability's two numbers. */
int cuDeviceGetAttribute(int *value, int attribute, int device) {
    int capability = device ? number("FAKE_DRIVER_SECOND", 0) : 86;
    *value = attribute == 75 ? capability / 10 : attribute == 76 ? capability % 10 : 0;
    return 0;
}
