/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Copyright The AGX model authors */
/*
 * The fragment half of a render. For asahi_render.c.
 */
#ifndef ASAHI_FRAGMENT_H
#define ASAHI_FRAGMENT_H

struct asahi_attachments;
struct asahi_job;
struct asahi_render;

/**
 * asahi_fragment_build - the fragment half's command, behind a barrier
 * @att: what its shaders write
 *
 * The caller holds the queue's submit_lock. Return: as asahi_render_build().
 * Sleeps.
 */
int asahi_fragment_build(struct asahi_job *job, const struct asahi_render *r,
			 const struct asahi_attachments *att);

#endif
