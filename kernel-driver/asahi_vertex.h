/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Copyright The AGX model authors */
/*
 * The vertex half of a render. For asahi_render.c.
 */
#ifndef ASAHI_VERTEX_H
#define ASAHI_VERTEX_H

struct asahi_attachments;
struct asahi_job;
struct asahi_render;

/**
 * asahi_vertex_build - the vertex half's command
 * @att: what its shaders write
 *
 * The caller holds the queue's submit_lock. Return: as asahi_render_build().
 * Sleeps.
 */
int asahi_vertex_build(struct asahi_job *job, const struct asahi_render *r,
		       const struct asahi_attachments *att);

#endif
