/* What main.c runs and prints: each workload is one file. */
#pragma once
#include <stdint.h>

extern const char workload_name[];
uint64_t workload(void);
