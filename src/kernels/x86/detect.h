/* detect.h - what CPUID, XCR0 and the kernel allow. */
#ifndef WU_KERNELS_X86_DETECT_H
#define WU_KERNELS_X86_DETECT_H

#include "kernels/compute.h"

/* Fills present[] for every level and the model name. Asks the kernel for permission to use AMX
 * (once per process, before threads start) if ask_amx. */
void wu_x86_detect(bool present[WU_N_LEVEL], char name[64], bool ask_amx);

#endif
