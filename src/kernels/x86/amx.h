/* amx.h - the one tile configuration of this program: eight tiles of 16 rows of 64 bytes. */
#ifndef WU_KERNELS_X86_AMX_H
#define WU_KERNELS_X86_AMX_H

#include "base/compiler.h"

#include <immintrin.h>
#include <stdint.h>

typedef struct wu_amx_config {
    uint8_t palette, start_row, reserved[14];
    uint16_t row_bytes[16];
    uint8_t rows[16];
} wu_amx_config;

/* 75 ns: once in a unit, not for a tile. Tiles are undefined afterwards. */
WU_INLINE void wu_amx_configure(void) {
    static const WU_ALIGNED wu_amx_config config = {
        .palette = 1,
        .row_bytes = {64, 64, 64, 64, 64, 64, 64, 64},
        .rows = {16, 16, 16, 16, 16, 16, 16, 16},
    };
    /* Not _tile_loadconfig(): gcc 12 declares 8 bytes of its operand and drops other stores. */
    __asm__ volatile("ldtilecfg %0" ::"m"(config));
}

#endif
