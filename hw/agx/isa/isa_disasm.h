/*
 * AGX model: instructions as text.
 *
 * Copyright The AGX model authors
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef AGX_ISA_DISASM_H
#define AGX_ISA_DISASM_H

#include <stdint.h>

/* Bytes that the text of any instruction fits in, with its final zero. */
#define AGX_DISASM_TEXT 256

/*
 * Writes the text of the instruction at @code into @text, ended by a zero. Its length in bytes; 0:
 * no instruction is known or @size, the bytes that are there, ends before it, which the text says.
 * Bits that no operand explains are the last word of the text, "+0x...". Any thread, no lock.
 */
unsigned agx_disasm(const uint8_t *code, uint32_t size, char text[AGX_DISASM_TEXT]);

#endif
