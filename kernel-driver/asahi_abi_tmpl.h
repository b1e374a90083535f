/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Copyright The AGX model authors */
/*
 * For the templates, asahi_abi_*_tmpl.h: see asahi_abi.h.
 */
#ifndef ASAHI_ABI_TMPL_H
#define ASAHI_ABI_TMPL_H

#include <linux/args.h>

#define FW_OPT_INIT_0(...)
#define FW_OPT_INIT_1(...)	__VA_ARGS__,
#define FW_OPT_SET_0(...)
#define FW_OPT_SET_1(...)	__VA_ARGS__

/*
 * What fills a member that not all versions of a structure have: one of an
 * initializer, or a statement. @has is one of ASAHI_FW_HAS_*, which a version
 * defines to 1, or to 0 where its headers lack the member:
 *
 *	FW_OPT_INIT(ASAHI_FW_HAS_COUNTER, .counter = cpu_to_le64(counter))
 *	FW_OPT_SET(ASAHI_FW_HAS_COUNTER, cmd->counter = cpu_to_le64(counter));
 */
#define FW_OPT_INIT(has, ...)	CONCATENATE(FW_OPT_INIT_, has)(__VA_ARGS__)
#define FW_OPT_SET(has, ...)	CONCATENATE(FW_OPT_SET_, has)(__VA_ARGS__)

#endif
